"""Days and moments of the demo. Everything is counted from the moment at which it is seeded; no clock is read.

>>> last_workday(date(2026, 11, 22)), next_workday(date(2026, 11, 22))
(datetime.date(2026, 11, 20), datetime.date(2026, 11, 23))
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from vca.core.models import ServiceLocation

FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody does at one moment; ``do`` is given that moment."""

    at: datetime
    do: Callable[[datetime], object]


def play(deeds: Iterable[Deed]) -> None:
    """Do the deeds in the order of their moments; what happens at one moment happens in the order given."""
    for deed in sorted(deeds, key=lambda deed: deed.at):
        deed.do(deed.at)


def last_workday(day: date) -> date:
    """Return that day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - FRIDAY))


def next_workday(day: date) -> date:
    """Return that day, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > FRIDAY else day


def moment(place: ServiceLocation, on: date, at: time) -> datetime:
    """Return the instant of that civil day and clock time at the place."""
    return datetime.combine(on, at, tzinfo=place.zone)
