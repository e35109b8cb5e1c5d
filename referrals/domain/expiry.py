"""Which warnings are due: days to the end of an authorization, visits left on a line.

>>> passed_day_thresholds(20, (45, 30, 21, 7))
(45, 30, 21)
>>> passed_visit_thresholds(0, (2, 0))
(2, 0)
>>> say_end(date(2026, 11, 3), today=date(2026, 11, 3))
'ends on 3 Nov 2026'
"""

from datetime import date, timedelta

from vca.domain.wording import say_day

# A worker that was down may still tell of what ended in the meantime; older ends are history, not news.
LATE_AT_MOST = timedelta(days=30)


def passed_day_thresholds(days_left: int, thresholds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the thresholds reached, loosest first; after the last day all of them are, so a late sweep misses none."""
    return tuple(sorted((days for days in thresholds if days_left <= days), reverse=True))


def passed_visit_thresholds(visits_left: int, thresholds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the thresholds reached, loosest first; a line over its limit has reached them all."""
    return tuple(sorted((visits for visits in thresholds if visits_left <= visits), reverse=True))


def say_end(last: date, *, today: date) -> str:
    """Say the last day; how far off it is changes every night, so the page says that."""
    return f"{'ended' if last < today else 'ends'} on {say_day(last)}"
