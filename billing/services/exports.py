"""Claims, and what was sent, as tables for a spreadsheet: who took one, and how much, is on the audit trail."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet

from billing import queries
from billing.domain.states import ClaimState
from billing.models import Claim, Submission, SubmittedClaim
from billing.queries import Answers
from vca.core.access import Actor
from vca.core.models import ServiceLocation
from vca.core.services.exports import table

HEAD = (
    *("Claim", "State", "Veteran", "Referral", "Location", "First day", "Last day"),
    *("Drafted", "Sent", "Batches", "Total charge"),
)
SUBMISSIONS_HEAD = (
    *("Sent", "Channel", "Claims", "Total charge", "Batch", "Interchange", "Group", "Receipt", "By"),
    *("Accepted", "Rejected", "No answer yet", "Taken back", "Reason"),
)


def as_csv(*, words: str = "", state: str = "", place: ServiceLocation | None = None, by: Actor) -> str:
    """Return the claims that a search finds, else those of a state and a place, else all, and record the export.

    The oldest come first.
    """
    rows = queries.claims_found(by, words) if words else queries.claims(by)
    if not words and state in set(ClaimState):
        rows = rows.filter(state=state)
    if not words and place:
        rows = rows.filter(location=place)
    chosen = {"state": state, "location": place.pk if place else None, "searched": bool(words)}
    return table(
        HEAD,
        _lines(rows),
        action="claims.exported",
        subject="claims",
        changes=lambda number: {"claims": number, **chosen},
        by=by,
    )


def submissions_as_csv(*, channel: str = "", by: Actor) -> str:
    """Return what was sent by a channel, or by any, oldest first, and record the export."""
    rows = list(queries.submissions(by, channel=channel).order_by("pk"))
    answers = queries.answers_to(rows)
    return table(
        SUBMISSIONS_HEAD,
        (_submission(row, answers[row.pk]) for row in rows),
        action="submissions.exported",
        subject="submissions",
        changes=lambda number: {"submissions": number, "channel": channel},
        by=by,
    )


def _submission(row: Submission, answers: Answers) -> tuple[str, ...]:
    numbers = (row.batch_number, row.interchange_control_number, row.group_control_number)
    return (
        *(row.sent_at.isoformat(), row.channel, str(row.claim_count), str(row.total_charge)),
        *("" if number is None else str(number) for number in numbers),
        *(row.receipt, row.created_by.name if row.created_by else ""),
        *(str(number) for number in (answers.accepted, answers.rejected, answers.waiting)),
        *(row.withdrawn_at.isoformat() if row.withdrawn_at else "", row.withdrawn_reason),
    )


def _lines(rows: QuerySet[Claim]) -> Iterable[tuple[str, ...]]:
    known = rows.annotate(last_day=Max("lines__service_date")).order_by("pk")
    batches: dict[int, list[str]] = {}
    sent = SubmittedClaim.objects.filter(claim__in=rows.order_by().values("pk")).order_by("submission_id")
    for claim_id, *how in sent.values_list("claim_id", "submission__batch_number", "submission__channel"):
        batches.setdefault(claim_id, []).append(str(how[0] or how[1]))
    for claim in known:
        zone = claim.location.zone
        yield (
            *(
                claim.control_number,
                claim.state,
                claim.veteran.facts.display_name,
                claim.referral.number,
            ),
            *(claim.location.name, _text(claim.first_day), _text(claim.last_day)),
            *(_day(claim.created_at, zone), _day(claim.sent_at, zone)),
            *(" ".join(batches.get(claim.pk, [])), str(claim.total_charge)),
        )


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat() if at else ""


def _text(day: object) -> str:
    return str(day) if day else ""
