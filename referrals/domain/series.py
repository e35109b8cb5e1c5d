"""The days of a series of visits: six infusions in three weeks, on Mondays and Thursdays.

>>> [str(day) for day in series(date(2026, 11, 24), count=3, weekdays={0, 3})]
['2026-11-26', '2026-11-30', '2026-12-03']
"""

from collections.abc import Collection
from datetime import date, timedelta
from itertools import count as counter
from itertools import islice

LONGEST = 40  # visits: more than any course, and what a page still shows


def series(first: date, *, count: int, weekdays: Collection[int]) -> list[date]:
    """Return so many days from ``first`` on, each on one of the weekdays (Monday is 0; none: that of the first day)."""
    wanted = set(weekdays) or {first.weekday()}
    days = (first + timedelta(days=ahead) for ahead in counter())
    return list(islice((day for day in days if day.weekday() in wanted), count))
