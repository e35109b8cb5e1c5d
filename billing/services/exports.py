"""The list of claims as a table for a spreadsheet: who took it, and how much, is on the audit trail."""

import csv
from collections.abc import Iterable
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from billing import queries
from billing.domain.states import ClaimState
from billing.models import Claim, SubmittedClaim
from vca.core import audit
from vca.core.access import Actor

HEAD = (
    *("Claim", "State", "Veteran", "Referral", "Location", "First day", "Last day"),
    *("Drafted", "Sent", "Batches", "Total charge"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def as_csv(*, words: str = "", state: str = "", by: Actor) -> str:
    """Return the claims that a search finds, else those of a state, else all, oldest first, and record the export."""
    rows = queries.claims_found(by, words) if words else queries.claims(by)
    if not words and state in set(ClaimState):
        rows = rows.filter(state=state)
    with transaction.atomic():
        lines = list(_lines(rows))
        chosen = {"claims": len(lines), "state": state, "searched": bool(words)}
        audit.record(by=by, action="claims.exported", subject="claims", changes=chosen)
    file = StringIO()
    csv.writer(file).writerows([HEAD, *lines])
    return file.getvalue()


def _lines(rows: QuerySet[Claim]) -> Iterable[tuple[str, ...]]:
    known = rows.annotate(first_day=Min("lines__service_date"), last_day=Max("lines__service_date")).order_by("pk")
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
                _plain(claim.veteran.facts.display_name),
                _plain(claim.referral.number),
            ),
            *(_plain(claim.location.name), _text(claim.first_day), _text(claim.last_day)),
            *(_day(claim.created_at, zone), _day(claim.sent_at, zone)),
            *(" ".join(batches.get(claim.pk, [])), str(claim.total_charge)),
        )


def _plain(text: str) -> str:
    """Return text that a spreadsheet shows and does not run. Source: OWASP, CSV injection."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat() if at else ""


def _text(day: object) -> str:
    return str(day) if day else ""
