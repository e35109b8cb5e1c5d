"""Periods of inclusive civil days: the last day counts, as VA prints it.

>>> from datetime import date
>>> sixty = Period(date(2024, 3, 28), date(2024, 5, 27))
>>> date(2024, 5, 27) in sixty, date(2024, 5, 28) in sixty
(True, False)
"""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """Civil days from ``valid_from`` through ``valid_through``, both included; ``None`` leaves that side open."""

    valid_from: date | None
    valid_through: date | None

    def __post_init__(self) -> None:
        if self.valid_from and self.valid_through and self.valid_through < self.valid_from:
            raise ValueError("a period runs forward")

    def __contains__(self, day: date) -> bool:
        return not self.starts_after(day) and not self.ended_before(day)

    def starts_after(self, day: date) -> bool:
        """Tell whether the whole period lies after that day."""
        return self.valid_from is not None and day < self.valid_from

    def ended_before(self, day: date) -> bool:
        """Tell whether the whole period lies before that day; on the last day it has not ended."""
        return self.valid_through is not None and self.valid_through < day

    def days_left(self, today: date) -> int | None:
        """Return the days to the last day: zero on it, negative after it, ``None`` without one."""
        return None if self.valid_through is None else (self.valid_through - today).days


def fallback_last_day(referral_date: date, *, days: int) -> date | None:
    """Return the last day that VA's older systems compute when none is printed: start + N days, inclusive.

    ``None`` when that is past the end of the calendar.

    Source: VA's referral list model, start date plus SEOC number of days. It is marked derived; a person confirms it.
    """
    try:
        return referral_date + timedelta(days=days)
    except OverflowError:
        return None
