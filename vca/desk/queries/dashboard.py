"""What an administrator wants to know at one look. Each figure is the sum of a list, and asks what the list asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from billing import queries as billing
from billing.domain.states import ClaimState
from referrals import queries as referrals
from vca.core.access import Actor
from vca.desk.queries import authorizations, unbilled
from vca.desk.queries.authorizations import DAY, SOON_DAYS, WEEK, Choice, Use
from vca.desk.queries.calendar import Calendar
from vca.desk.queries.unbilled import Unbilled

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of all places or of one, money in dollars.

    ``use`` are the visits of the counted lines of active authorizations, ``by_home`` the same by home location.
    ``late`` is the part of ``at_risk`` whose last day to file has passed. ``weeks`` are civil weeks by their Monday,
    with how many authorizations end in each.
    """

    active: int
    ending: int
    use: Use
    by_home: Mapping[int | None, Use]
    weeks: tuple[tuple[date, int], ...]
    unbilled: Unbilled
    at_risk: Unbilled
    late: Unbilled
    sent: int
    sent_charge: Decimal
    since: date
    percent: int


def figures(by: Actor, *, calendar: Calendar, place: int | None) -> Figures:
    """Return the figures as they stand now, in eight queries however much there is."""
    active = authorizations.chosen(referrals.current_terms(by), Choice("active", place), calendar)
    ends = _ends(active)
    by_home, use = authorizations.use_of(active)
    percent = unbilled.share_at_risk(by, calendar)
    days = unbilled.days(by, calendar=calendar, place=place, percent=percent)
    sent, charge = _sent(by, place)
    return Figures(
        active=sum(ends.values()),
        ending=sum(n for (home, day), n in ends.items() if day <= calendar.day_at(home) + SOON_DAYS * DAY),
        use=use,
        by_home=by_home,
        weeks=_weeks(ends, first=_first_week(calendar, place)),
        unbilled=unbilled.total(days),
        at_risk=unbilled.total(one for one in days if one.at_risk),
        late=unbilled.total(one for one in days if one.at_risk and one.is_late),
        sent=sent,
        sent_charge=charge,
        since=unbilled.since(calendar),
        percent=percent,
    )


def _ends(active: QuerySet[Any, Any]) -> dict[tuple[int | None, date], int]:
    """Return how many of these authorizations end, by home location and last day."""
    rows = active.order_by().values_list("current_of__home_location", "valid_through").annotate(Count("pk"))
    return {(home, day): n for home, day, n in rows}


def _first_week(calendar: Calendar, place: int | None) -> date:
    """Return the Monday of the week of today; where it is two days at once, of the earlier one."""
    today = calendar.days[place] if place else min([calendar.today, *calendar.days.values()])
    return today - today.weekday() * DAY


def _weeks(ends: Mapping[tuple[int | None, date], int], *, first: date) -> tuple[tuple[date, int], ...]:
    mondays = [first + number * WEEK for number in range(WEEKS)]
    return tuple(
        (monday, sum(n for (_, day), n in ends.items() if monday <= day < monday + WEEK)) for monday in mondays
    )


def _sent(by: Actor, place: int | None) -> tuple[int, Decimal]:
    rows = billing.claims(by).filter(state=ClaimState.SENT)
    return billing.summed(rows if place is None else rows.filter(location=place))


def is_new(by: Actor) -> bool:
    """Tell whether the practice has no authorization yet."""
    return not referrals.current_terms(by).exists()
