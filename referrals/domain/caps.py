"""How many visits of a service line VA allows in a day, a week or a month, besides how many in all.

A week runs from Monday to Sunday and a month is the calendar's; no cap is no cap.

>>> spans(date(2024, 2, 29))["week"]
(datetime.date(2024, 2, 26), datetime.date(2024, 3, 3))
>>> refuse(Caps(week=2), on=date(2024, 2, 29), days=[date(2024, 2, 26), date(2024, 3, 4)], name="Infusion")

Source: VA SEOC REST API guide, frequency and frequency type of a service.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from vca.domain.errors import RuleError
from vca.domain.wording import counted, say_day

SAID = {"day": "a day", "week": "a week (Monday to Sunday)", "month": "a month"}


class CapReached(RuleError):
    """As many visits of the line as VA allows in that day, week or month are booked or given."""

    code = "VISIT-25"


@dataclass(frozen=True, slots=True)
class Caps:
    """The most visits of a line in a civil day, a week and a month; ``None`` where VA says nothing."""

    day: int | None = None
    week: int | None = None
    month: int | None = None


def spans(on: date) -> dict[str, tuple[date, date]]:
    """Return the first and last day of the day, the week and the month in which a day lies."""
    monday = on - timedelta(days=on.weekday())
    last = on.replace(day=monthrange(on.year, on.month)[1])
    return {"day": (on, on), "week": (monday, monday + timedelta(days=6)), "month": (on.replace(day=1), last)}


def refuse(caps: Caps, *, on: date, days: Sequence[date], name: str) -> None:
    """Raise CapReached when one more visit on that day is more than a cap allows.

    ``days``: of the other visits of the line, booked or given, as many times as there are visits.
    """
    for span, most in asdict(caps).items():
        first, last = spans(on)[span]
        there = sorted(day for day in days if first <= day <= last)
        if most is not None and len(there) >= most:
            which = ", ".join(say_day(day) for day in there)
            raise CapReached(f"the line {name} allows {counted(most, 'visit')} {SAID[span]}; these count: {which}")
