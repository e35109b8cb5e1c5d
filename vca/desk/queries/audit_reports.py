"""Two reports on one Veteran, from the audit trail: who looked, and what left the house.

Sources: 45 CFR 164.312(b), audit controls; 45 CFR 164.528, accounting of disclosures, which asks for six years.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from vca.core import access, sight, vocabulary
from vca.core.access import Actor
from vca.core.models import ApiToken, AuditEvent, Mention
from vca.core.templatetags import house
from vca.core.vocabulary import Family

LOOKED_HEAD = ("When", "Who", "What", "Where", "From", "Reason")
DISCLOSED_HEAD = ("When", "Recipient", "What", "Why", "By")
Line = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of itself, the names of its addresses, its columns, and the kinds of event in it, or all."""

    name: str
    page: str
    export: str
    heading: str
    explanation: str
    head: Line
    kinds: frozenset[str] | None


def reports() -> dict[str, Report]:
    """Return the two reports by name."""
    looked = "Everybody who opened or changed something with this Veteran's data, the last one first."
    left = "Everything with this Veteran's data that was sent, printed, saved or answered to a program, newest first."
    names = ("disclosures", "export_disclosures", "What left the house")
    found = (
        Report("looked", "who_looked", "export_who_looked", "Who looked", looked, LOOKED_HEAD, None),
        Report("disclosed", *names, left, DISCLOSED_HEAD, frozenset(vocabulary.disclosures())),
    )
    return {one.name: one for one in found}


def events(report: Report, veteran_id: int, by: Actor) -> QuerySet[AuditEvent]:
    """Return the events of a report, the last one first."""
    about = access.scope(Mention.objects.filter(veteran_id=veteran_id), by).values("event")
    rows = access.scope(AuditEvent.objects.filter(pk__in=about), by).select_related("user").order_by("-pk")
    return rows if report.kinds is None else rows.filter(action__in=report.kinds)


def lines(report: Report, rows: Iterable[AuditEvent], *, veteran_id: int, by: Actor, zone: ZoneInfo) -> Iterator[Line]:
    """Return rows in words, and note whom they are about."""
    sight.note([veteran_id])
    tokens = dict(access.scope(ApiToken.objects.all(), by).values_list("pk", "name"))
    for event in rows:
        who, when = _who(event, tokens), house.instant(event.at, zone)
        if report.kinds is None:
            words = vocabulary.words(Family.AUDIT, event.action)
            said = (str(event.changes.get(name, "")) for name in ("from", "reason"))
            yield (when, who, words, _where(event), *said)
        else:
            told = vocabulary.disclosures()[event.action]
            why = str(event.changes.get("reason") or told.why)  # the reason of emergency access, where it was open
            yield (when, told.recipient or who, f"{told.what} ({_where(event)})", why, who)


def _where(event: AuditEvent) -> str:
    return f"{event.subject_kind.removeprefix('api_').replace('_', ' ')} {event.subject_id}".strip()


def _who(event: AuditEvent, tokens: dict[int, str]) -> str:
    """Return the person, with the program or the work by which it was done."""
    name = event.user.name if event.user else ""
    kind, _, rest = event.acting_as.partition(" ")
    if kind == "token":
        return f"Program {tokens.get(int(rest), rest)!r} of {name}"
    if kind == "person":
        return name
    return f"{event.acting_as}, asked for by {name}" if name else event.acting_as
