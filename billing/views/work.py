"""Claims and visits as the lists of a biller show them: until when to file, what is in the way, how long it lies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing import queries
from billing.domain.claim import PayerRoute
from billing.domain.findings import Finding
from billing.domain.states import UNFILED, ClaimState
from billing.domain.timely_filing import FilingClock
from billing.models import Acknowledgment, Claim
from billing.queries import Expected
from billing.services import claims, filing
from billing.services.assembly import route
from referrals.domain.states import Affiliation
from vca.core.access import Actor

ROUTE_WORDS = {PayerRoute.VA_DIRECT: "VA", PayerRoute.NETWORK: "Network", PayerRoute.UNKNOWN: "Not known"}


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim in a list. ``clock`` runs while VA has not received it; ``age`` is in civil days since its last move.

    ``findings`` is None where nobody looked; ``words`` are those of a rejection.
    """

    claim: Claim
    last_day: date
    clock: FilingClock | None
    route: str
    findings: Sequence[Finding] | None
    words: str
    age: int


def rows(ids: Sequence[int], *, judge: bool, by: Actor, at: datetime) -> list[ClaimRow]:
    """Return claims by their ids, in that order; judged by every rule as it stands now when that is asked."""
    found = {one.pk: one for one in queries.with_last_day(queries.claims(by).filter(pk__in=ids))}
    known = [found[pk] for pk in ids if pk in found]
    findings = claims.findings(known, by=by, at=at) if judge else {}
    answers = queries.last_answers(known)
    last = filing.last_days([one.first_day for one in known], by=by)
    return [_row(one, last[one.first_day], findings.get(one.pk), answers.get(one.pk), at) for one in known]


def _row(
    claim: Any, last: date, findings: Sequence[Finding] | None, answer: Acknowledgment | None, at: datetime
) -> ClaimRow:
    runs, today = claim.state in UNFILED, claim.location.civil_day(at)
    return ClaimRow(
        claim,
        claim.last_day,
        FilingClock(last, today) if runs else None,
        ROUTE_WORDS[route(Affiliation(claim.referral.affiliation))],
        findings,
        answer.words if answer and claim.state == ClaimState.REJECTED else "",
        (today - _moved_on(claim, answer)).days,
    )


def _moved_on(claim: Claim, answer: Acknowledgment | None) -> date:
    """Return the civil day on which the claim came to where it stands: for an answer, the day of the answer."""
    moved_at = claim.closed_at or claim.sent_at or claim.ready_at or claim.created_at
    return answer.answered_on if answer else claim.location.civil_day(moved_at)


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A completed visit in the list of what is to bill."""

    visit: Any
    clock: FilingClock
    expected: Expected
    age: int


def to_bill(visits: Iterable[Any], *, by: Actor, at: datetime) -> list[VisitRow]:
    """Return visits with how long there is to file them and what they would be charged, in the order given."""
    known = list(visits)
    last = filing.last_days([one.on for one in known], by=by)
    expected = queries.expected_charges(by, {one.pk: one.on for one in known})
    found = []
    for visit in known:
        today = visit.location.civil_day(at)
        clock = FilingClock(last[visit.on], today)
        found.append(VisitRow(visit, clock, expected[visit.pk], (today - visit.on).days))
    return found
