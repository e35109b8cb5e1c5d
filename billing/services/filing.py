"""The daily watch over the filing limit: completed visits that no claim has taken to VA yet."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from billing import queries
from billing.domain.timely_filing import last_day
from billing.queries import Unfiled
from referrals.domain.expiry import LATE_AT_MOST, passed_day_thresholds
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.services import parameters
from vca.core.vocabulary import Role
from vca.domain.wording import say_day

TOLD = (Role.BILLER, Role.ADMINISTRATOR)
DAY = timedelta(days=1)


def due(by: Actor, *, at: datetime) -> list[Reached]:
    """Return what is to be raised: each visit under the limit in force on its day, by the calendar of its place."""
    today = at.date() + DAY  # no place is further ahead
    days = parameters.numbers("filing-limit-left-days", practice_id=by.practice_id, on=today)
    visits = list(queries.unfiled_visits(by))
    limits = parameters.values("filing-limit-days", practice_id=by.practice_id, days={visit.on for visit in visits})
    last_days = [last_day(visit.on, limit_days=int(limits[visit.on])) for visit in visits]
    return list(_reached(visits, last_days, days, at))


def _reached(
    visits: Sequence[Unfiled], last_days: Sequence[date], days: tuple[int, ...], at: datetime
) -> Iterator[Reached]:
    for visit, last in zip(visits, last_days, strict=True):
        today = at.astimezone(visit.zone).date()
        passed = passed_day_thresholds((last - today).days, days)
        if passed and last >= today - LATE_AT_MOST:
            yield Reached(
                kind="filing_limit",
                rule_code="FILING-01",
                subject_kind="visit",
                subject_id=visit.pk,
                passed=passed,
                basis=last.isoformat(),
                headline=_headline(visit, last, today),
                due_on=last,
                roles=TOLD,
            )


def _headline(visit: Unfiled, last: date, today: date) -> str:
    limit = f"{'had to be' if last < today else 'must be'} filed by {say_day(last)}"
    claim = f"claim {visit.claim_number} is not sent" if visit.claim_number else "no claim yet"
    return f"{visit.referral_number}: visit of {say_day(visit.on)} {limit}; {claim}"
