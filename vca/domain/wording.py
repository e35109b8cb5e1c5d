"""How many of something, which day, and how long, in words.

>>> counted(1, "claim"), counted(0, "claim"), counted(1200, "claim")
('1 claim', '0 claims', '1,200 claims')
>>> counted(2, "diagnosis", "diagnoses")
'2 diagnoses'
>>> say_day(date(2026, 11, 3))
'3 Nov 2026'
>>> lasting(timedelta(seconds=0.2)), lasting(timedelta(seconds=90)), lasting(timedelta(minutes=3))
('about 1 second', 'about 90 seconds', 'about 3 minutes')
>>> span(7), span(Fraction(7, 2)), span(Fraction(10, 3)), span(1)
('7 days', '3.5 days', '3.5 days', '1 day')
"""

from datetime import date, timedelta
from fractions import Fraction
from math import ceil

MOST_SECONDS = 90  # what lasts longer is told in minutes


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun; the plural ends in s unless another one is given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def say_day(day: date) -> str:
    """Return a civil day as everybody reads it."""
    return f"{day.day} {day:%b %Y}"


def lasting(time: timedelta) -> str:
    """Return about how long something takes, rounded up."""
    seconds = max(1, ceil(time / timedelta(seconds=1)))
    short = seconds <= MOST_SECONDS
    return f"about {counted(seconds, 'second') if short else counted(ceil(seconds / 60), 'minute')}"


def span(days: Fraction | int) -> str:
    """Return how far apart two days lie, to the half of a day."""
    halves = round(days * 2)
    number = f"{halves // 2}.5" if halves % 2 else f"{halves // 2}"
    return f"{number} day{'' if halves == 2 else 's'}"
