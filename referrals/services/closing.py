"""Days that are over while visits of them are open: each is told of the day after, until the last one is closed.

A visit that nobody closes keeps its authorized visit, and is not billed.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from referrals import queries
from referrals.models import OpenDay
from vca.core import access, alerts
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import ServiceLocation
from vca.domain.wording import counted, say_day

KIND, RULE = "day_not_closed", "VISIT-26"
DUE_AFTER = timedelta(days=1)


def due(location: ServiceLocation, *, by: Actor, today: date) -> list[Reached]:
    """Return what is to be raised on the days of a place before today, and note which days these are."""
    access.own(location, by)
    left = dict(queries.days_left_open(by, location_id=location.pk, before=today))
    known = _noted(location, left)
    return [_reached(known[on], number, location) for on, number in left.items()]


def _noted(location: ServiceLocation, days: Iterable[date]) -> dict[date, OpenDay]:
    fresh = [OpenDay(practice_id=location.practice_id, location=location, on=on) for on in days]
    OpenDay.objects.bulk_create(fresh, ignore_conflicts=True)
    return {row.on: row for row in OpenDay.objects.filter(location=location, on__in=list(days))}


def _reached(day: OpenDay, number: int, location: ServiceLocation) -> Reached:
    words = counted(number, "visit is", "visits are")
    return Reached(
        kind=KIND,
        rule_code=RULE,
        subject_kind="openday",
        subject_id=day.pk,
        passed=(0,),
        basis=day.on.isoformat(),
        headline=f"{say_day(day.on)} at {location.name}: {words} not closed",
        due_on=day.on + DUE_AFTER,
        location_id=location.pk,
    )


def close_gone(due: Iterable[Reached], *, location: ServiceLocation, by: Actor, at: datetime) -> int:
    """Close the alerts of that place's days of which no visit is open any more, and return how many."""
    here = access.scope(OpenDay.objects.filter(location=location), by)
    return alerts.close_gone(KIND, due, among=here, by=by, at=at)
