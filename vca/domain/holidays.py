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
"""

from datetime import date, timedelta

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
DAY = timedelta(days=1)
JUNETEENTH_SINCE = 2021


def holiday_on(day: date) -> str:
    """Return the federal holiday that is observed on a civil day, empty on a working day."""
    for year in (day.year, day.year + 1):  # New Year's Day may be observed in the year before
        for name, actual in _holidays(year):
            if day == observed(actual):
                return name if day == actual else f"{name} (observed)"
    return ""


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
