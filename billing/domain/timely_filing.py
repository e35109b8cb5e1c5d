"""The filing limit: the last civil day on which a claim for a day of service is timely. Source: 38 USC 1703D(b).

>>> last_day(date(2026, 1, 1), limit_days=180)
datetime.date(2026, 6, 30)
>>> [is_at_risk(date(2026, 1, 1), limit_days=180, percent=75, today=date(2026, 5, day)) for day in (16, 17)]
[False, True]
>>> FilingClock(date(2026, 6, 30), today=date(2026, 6, 1)).urgency
<Urgency.NEAR: 'NEAR'>
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

NEAR_DAYS = 30


class Urgency(StrEnum):
    """How soon something must be filed."""

    OPEN = "OPEN"
    NEAR = "NEAR"
    PAST = "PAST"


@dataclass(frozen=True, slots=True)
class FilingClock:
    """The last timely day, seen from today; ``days_left`` is negative once it has passed."""

    last: date
    today: date

    @property
    def days_left(self) -> int:
        """Civil days from today to the last one."""
        return (self.last - self.today).days

    @property
    def urgency(self) -> Urgency:
        """Near from thirty days before."""
        if self.days_left < 0:
            return Urgency.PAST
        return Urgency.NEAR if self.days_left <= NEAR_DAYS else Urgency.OPEN


def last_day(service_date: date, *, limit_days: int) -> date:
    """Return the day of service plus the limit in civil days, that day included."""
    return service_date + timedelta(days=limit_days)


def is_at_risk(service_date: date, *, limit_days: int, percent: int, today: date) -> bool:
    """Tell whether more than that percentage of the limit has passed; it stays so when all of it has."""
    return (today - service_date).days * 100 > limit_days * percent
