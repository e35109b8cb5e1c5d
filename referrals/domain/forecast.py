"""When the visits of an authorization run out at the present pace, and by which day more must be asked for.

The pace is that of the days on which visits were given lately or are booked: two visits on one day are one day. A line
that nobody draws on has no pace and says nothing. The answer is an estimate; only the authorization's last day is sure.

>>> course = Course(left=3, given=(date(2026, 11, 2), date(2026, 11, 5)), booked=(date(2026, 11, 9),))
>>> course.days_between
Fraction(7, 2)
>>> told = forecast([course], last_day=date(2026, 12, 14), today=date(2026, 11, 6), lead=timedelta(days=28))
>>> str(told.runs_out_on), told.first.value, str(told.ask_by)
('2026-11-17', 'VISITS', '2026-10-19')
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil

from vca.domain.holidays import send_by


class Limit(StrEnum):
    """What ends cover: the last authorized visit, or the last authorized day."""

    VISITS = "VISITS"
    DATE = "DATE"


@dataclass(frozen=True, slots=True)
class Course:
    """How the visits of a counted line go: ``left`` is how many may still be given, those that are booked among them.

    ``given`` and ``booked`` are civil days of visits given lately and of visits that are booked, one for each visit.
    """

    left: int
    given: tuple[date, ...] = ()
    booked: tuple[date, ...] = ()

    @property
    def days_between(self) -> Fraction | None:
        """Days from one visit to the next, as they were and are planned; ``None`` before there are two such days."""
        days = sorted({*self.given, *self.booked})
        return Fraction((days[-1] - days[0]).days, len(days) - 1) if len(days) > 1 else None

    def last_visit_on(self, *, today: date) -> date | None:
        """Return the day of the last authorized visit at the present pace; ``None`` when the line has no pace.

        It has passed when no visit is left, and is a booked visit's day when all that are left are booked.
        """
        pace, booked = self.days_between, sorted(self.booked)
        if pace is None:
            return None
        if self.left <= 0:
            return max(self.given, default=today)
        if self.left <= len(booked):
            return booked[self.left - 1]
        first = max(max({*self.given, *booked}) + timedelta(days=ceil(pace)), today)
        return first + timedelta(days=ceil(pace * (self.left - len(booked) - 1)))


@dataclass(frozen=True, slots=True)
class Forecast:
    """The last day of cover as far as anybody can tell, which limit comes first, and when more must be asked for.

    ``last_visit_on`` and ``days_between`` are of the line that runs out first; ``None`` when no line has a pace.
    """

    runs_out_on: date
    first: Limit
    ask_by: date
    last_visit_on: date | None = None
    days_between: Fraction | None = None

    @property
    def lead(self) -> int:
        """Days from the asking to the end of cover."""
        return (self.runs_out_on - self.ask_by).days


def forecast(courses: Iterable[Course], *, last_day: date | None, today: date, lead: timedelta) -> Forecast | None:
    """Return when cover ends; ``None`` when there is neither a last day nor a pace.

    ``lead`` is how long before the end VA has to be asked: its turnaround and a margin, which federal holidays stretch;
    VA is asked on a working day. A day on which both come counts as the date's.
    """
    ends = [(last, course) for course in courses if (last := course.last_visit_on(today=today))]
    last_visit_on, course = min(ends, key=lambda end: end[0], default=(None, None))
    days = [day for day in (last_day, last_visit_on) if day]
    if not days:
        return None
    runs_out_on = min(days)
    first = Limit.DATE if runs_out_on == last_day else Limit.VISITS
    pace = course.days_between if course else None
    return Forecast(runs_out_on, first, send_by(runs_out_on, days=lead.days), last_visit_on, pace)
