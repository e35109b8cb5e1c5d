"""Visits that no claim sent to VA names, what is expected for them, and which may soon be filed no more."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from billing import queries as billing
from billing.domain.timely_filing import is_at_risk
from billing.queries import Expected
from billing.services import filing
from referrals import queries as referrals
from vca.core.access import Actor
from vca.core.pages import PAGE_SIZE, KeysetPage, place_of
from vca.core.services import parameters
from vca.desk.queries.calendar import Calendar
from vca.domain.money import usd


@dataclass(frozen=True, slots=True)
class Unbilled:
    """How many visits, the charge expected for them in dollars as far as prices are known, and how many of them have a
    service without a known price."""

    visits: int = 0
    charge: Decimal = Decimal("0.00")
    unpriced: int = 0

    def __add__(self, other: "Unbilled") -> "Unbilled":
        return Unbilled(self.visits + other.visits, self.charge + other.charge, self.unpriced + other.unpriced)


@dataclass(frozen=True, slots=True)
class DayAt:
    """The unbilled visits of one civil day at one place, where it is ``today``; ``file_by`` is the last day to file."""

    location_id: int
    on: date
    unbilled: Unbilled
    file_by: date
    at_risk: bool
    is_late: bool
    today: date
    visit_ids: tuple[int, ...]


def since(calendar: Calendar) -> date:
    """Return the day from which visits are looked at, as on the list of visits to bill."""
    return calendar.home - billing.LOOKED_BACK


def share_at_risk(by: Actor, calendar: Calendar) -> int:
    """Return the percentage of its filing limit after which a visit is at risk."""
    return int(parameters.value("revenue-at-risk-percent", practice_id=by.practice_id, on=calendar.today))


def days(by: Actor, *, calendar: Calendar, place: int | None, percent: int) -> list[DayAt]:
    """Return the unbilled visits of all places or one, by place and day, the earliest first.

    Each day is judged under the limit in force on it, by today at its place.
    """
    # Their ids first, by themselves: the planner takes them for many, and would read every service ever given.
    rows = list(_visits(by, calendar, place).order_by("location_id", "on").values_list("location_id", "on", "pk"))
    expected = billing.expected_charges(by, {pk: on for _, on, pk in rows})
    file_by = filing.last_days({on for _, on, _ in rows}, by=by)
    grouped = groupby(rows, key=lambda row: row[:2])
    by_day = {where: tuple(pk for *_, pk in some) for where, some in grouped}
    return [
        _judged(place_id, on, {pk: expected[pk] for pk in ids}, file_by[on], percent, calendar)
        for (place_id, on), ids in by_day.items()
    ]


def _judged(
    location_id: int, on: date, expected: Mapping[int, Expected], file_by: date, percent: int, calendar: Calendar
) -> DayAt:
    today = calendar.day_at(location_id)
    at_risk = is_at_risk(on, limit_days=(file_by - on).days, percent=percent, today=today)
    return DayAt(location_id, on, _sum(expected.values()), file_by, at_risk, file_by < today, today, tuple(expected))


def _sum(expected: Collection[Expected]) -> Unbilled:
    charge = sum((one.charge for one in expected), usd(0))
    return Unbilled(len(expected), charge, sum(not one.is_whole for one in expected))


def total(found: Iterable[DayAt]) -> Unbilled:
    """Return the visits of several days together."""
    return sum((one.unbilled for one in found), Unbilled())


def _visits(by: Actor, calendar: Calendar, place: int | None) -> QuerySet:
    rows = billing.unsent_visits(by, since=since(calendar))
    return rows if place is None else rows.filter(location_id=place)


def unbilled_page(by: Actor, found: Iterable[DayAt], *, at_risk: bool, after: str) -> KeysetPage[dict[str, Any]]:
    """Return a page of the visits that ``days`` has found, all or those at risk, the earliest first.

    Each has its ``visit``, ``day`` (a DayAt), ``expected`` charge, and its ``claim`` if it stands on one. What is not
    billed is not asked a second time: with a LIMIT PostgreSQL would look up the lines of each visit one by one.
    """
    shown = {(one.on, pk): one for one in found if one.at_risk or not at_risk for pk in one.visit_ids}
    places = sorted(shown)
    start = bisect_right(places, place) if (place := place_of(after)) else 0
    chosen = places[start : start + PAGE_SIZE]
    older = f"{chosen[-1][0]}~{chosen[-1][1]}" if start + PAGE_SIZE < len(places) else ""
    return KeysetPage(_shown(by, {pk: shown[on, pk] for on, pk in chosen}), older)


def _shown(by: Actor, of_day: Mapping[int, DayAt]) -> list[dict[str, Any]]:
    ids = list(of_day)
    expected = billing.expected_charges(by, {pk: day.on for pk, day in of_day.items()})
    claims, visits = billing.claims_on(ids), {one.pk: one for one in referrals.completed_visits(by, ids)}
    return [
        {"visit": visits[pk], "claim": claims.get(pk), "day": of_day[pk], "expected": expected[pk]}
        for pk in ids
        if pk in visits  # not voided in the meantime
    ]
