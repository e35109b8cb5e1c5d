"""The filing limit: how long there is for what, and the daily watch over visits that no claim has taken to VA yet.

A rejected claim has taken nothing to VA, and each rejection is news: it warns again of thresholds that were told, or
dismissed, while the claim was on its way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from billing import queries
from billing.domain.states import ClaimState
from billing.domain.timely_filing import last_day
from billing.queries import Unfiled
from referrals.domain.expiry import LATE_AT_MOST, passed_day_thresholds
from referrals.queries import visits_at
from vca.core import alerts
from vca.core.access import Actor
from vca.core.alerts import Reached, Within
from vca.core.models import ServiceLocation
from vca.core.services import parameters
from vca.domain.wording import say_day


def due(location: ServiceLocation, *, by: Actor, today: date) -> list[Reached]:
    """Return what is to be raised on visits at a place: each under the limit in force on its day."""
    days = parameters.numbers("filing-limit-left-days", practice_id=by.practice_id, on=today)
    visits = list(queries.unfiled_visits(by, location_id=location.pk))
    return list(_reached(visits, last_days({visit.on for visit in visits}, by=by), days, location, today))


def last_days(days: Iterable[date], *, by: Actor) -> dict[date, date]:
    """Return by day of service the last day on which it is filed in time, under the limit in force on that day."""
    limits = parameters.values("filing-limit-days", practice_id=by.practice_id, days=set(days))
    return {day: last_day(day, limit_days=int(limit)) for day, limit in limits.items()}


def bring_up_to_date(
    location: ServiceLocation, *, by: Actor, at: datetime, within: Within = transaction.atomic
) -> tuple[int, int]:
    """Raise what is due at a place, close what is due there no more; return both numbers (``within``: see alerts)."""
    reached = due(location, by=by, today=location.civil_day(at))
    return alerts.bring_up_to_date("filing_limit", reached, among=visits_at(location), by=by, at=at, within=within)


def _reached(
    visits: Sequence[Unfiled],
    last_days: Mapping[date, date],
    days: tuple[int, ...],
    location: ServiceLocation,
    today: date,
) -> Iterator[Reached]:
    for visit in visits:
        last = last_days[visit.on]
        passed = passed_day_thresholds((last - today).days, days)
        if passed and last >= today - LATE_AT_MOST:
            yield Reached(
                kind="filing_limit",
                rule_code="FILING-01",
                subject_kind="visit",
                subject_id=visit.pk,
                passed=passed,
                basis=_basis(visit, last),
                headline=_headline(visit, last, today),
                due_on=last,
                location_id=location.pk,
            )


def _basis(visit: Unfiled, last: date) -> str:
    """Return the last day to file, and which answer it was that took the claim back."""
    return f"{last} R{visit.rejection}" if visit.rejection else last.isoformat()


def _headline(visit: Unfiled, last: date, today: date) -> str:
    limit = f"{'had to be' if last < today else 'must be'} filed by {say_day(last)}"
    stands = "was rejected" if visit.claim_state == ClaimState.REJECTED else "is not sent"
    claim = f"claim {visit.claim_number} {stands}" if visit.claim_number else "no claim yet"
    return f"{visit.referral_number}: visit of {say_day(visit.on)} {limit}; {claim}"
