"""Federal holidays: the days on which VA's offices are closed, as they are observed.

Source: 5 U.S.C. 6103(a), the holidays; 6103(b)(1), one on a Saturday is observed on the Friday before; Executive Order
11582, section 3, one on a Sunday is observed on the Monday after. Juneteenth since 2021: Pub. L. 117-17. The day of a
President's inauguration, which only offices around Washington observe (6103(c)), is left out, and so is a single day
that a President adds by an order of its own.

>>> holiday_on(date(2024, 11, 28))
'Thanksgiving Day'
>>> holiday_on(date(2026, 7, 3)), holiday_on(date(2026, 7, 4))
('Independence Day (observed)', '')
>>> holiday_on(date(2021, 12, 31))
"New Year's Day (observed)"
>>> holiday_on(date(2024, 11, 29))
''

VA's own clocks stand still on a holiday, and nothing is asked of it on a weekend:

>>> str(send_by(date(2026, 12, 4), days=14))  # Thanksgiving Day is one of them
'2026-11-19'
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
DAY = timedelta(days=1)
JUNETEENTH_SINCE = 2021


def holiday_on(day: date) -> str:
    """Return the federal holiday that is observed on a civil day, empty on a working day."""
    return _observed_in(day.year).get(day, "")


def is_working_day(day: date) -> bool:
    """Tell whether VA's offices are open on a civil day."""
    return day.weekday() < SATURDAY and not holiday_on(day)


def send_by(needed_on: date, *, days: int) -> date:
    """Return the last working day on which what is sent to VA gets that many days before its answer is needed.

    A federal holiday between the two is none of them. That VA takes its days by the calendar is how clinics count.
    """
    sent_on, shut = needed_on - timedelta(days=days), -1
    while (found := _holidays_between(sent_on, needed_on)) != shut:
        sent_on, shut = needed_on - timedelta(days=days + found), found
    while not is_working_day(sent_on):
        sent_on -= DAY
    return sent_on


def _holidays_between(first: date, last: date) -> int:
    """Return how many holidays are observed after the first day and before the last."""
    return sum(first < day < last for year in range(first.year, last.year + 1) for day in _observed_in(year))


@lru_cache(maxsize=256)
def _observed_in(year: int) -> Mapping[date, str]:
    """Return the holidays by the days of a year on which they are observed, New Year's Day of the next among them."""
    every = [(name, actual) for one in (year, year + 1) for name, actual in _holidays(one)]
    days = [(observed(actual), name if observed(actual) == actual else f"{name} (observed)") for name, actual in every]
    return {day: name for day, name in days if day.year == year}


def observed(day: date) -> date:
    """Return the day on which a holiday of that day is observed.

    >>> observed(date(2027, 12, 25)), observed(date(2023, 1, 1))
    (datetime.date(2027, 12, 24), datetime.date(2023, 1, 2))
    """
    return day + {SATURDAY: -DAY, SUNDAY: DAY}.get(day.weekday(), 0 * DAY)


def _holidays(year: int) -> list[tuple[str, date]]:
    juneteenth = [("Juneteenth", date(year, 6, 19))] if year >= JUNETEENTH_SINCE else []
    return [
        ("New Year's Day", date(year, 1, 1)),
        ("Birthday of Martin Luther King, Jr.", _nth(year, 1, MONDAY, 3)),
        ("Washington's Birthday", _nth(year, 2, MONDAY, 3)),
        ("Memorial Day", _nth(year, 6, MONDAY, 1) - 7 * DAY),
        *juneteenth,
        ("Independence Day", date(year, 7, 4)),
        ("Labor Day", _nth(year, 9, MONDAY, 1)),
        ("Columbus Day", _nth(year, 10, MONDAY, 2)),
        ("Veterans Day", date(year, 11, 11)),
        ("Thanksgiving Day", _nth(year, 11, THURSDAY, 4)),
        ("Christmas Day", date(year, 12, 25)),
    ]


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    """Return the nth weekday of a month, counted from 1."""
    first = date(year, month, 1)
    return first + (weekday - first.weekday()) % 7 * DAY + 7 * (nth - 1) * DAY
