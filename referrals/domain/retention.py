"""How long records are kept, and whose are past their time.

A Veteran's records go together or not at all: the last act on each class of them, and the years that class is kept,
give a day; the latest of these days decides. Sources: 45 CFR 164.316(b)(2)(i) and 164.528(a)(1), six years; 31 USC
3731(b), ten years at most for a claim under the False Claims Act. State law decides on medical records.

>>> kept = [Kept(7, "keep-claims-years", date(2014, 5, 1), "1 claim"),
...         Kept(7, "keep-visits-years", date(2014, 6, 1), "2 visits")]
>>> due = past(kept, {"keep-claims-years": 10, "keep-visits-years": 7}, today=date(2024, 5, 2))
>>> due[7].rule, due[7].due_on
('keep-claims-years', datetime.date(2024, 5, 2))
>>> past(kept, {"keep-claims-years": 10, "keep-visits-years": 7}, today=date(2024, 5, 1))
{}
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """The last act on one class of a Veteran's records, ``what`` in words.

    ``rule`` is the parameter that says how many years the class is kept.
    """

    veteran_id: int
    rule: str
    last_day: date
    what: str


@dataclass(frozen=True, slots=True)
class Due:
    """A Veteran of whom everything is past its time since ``due_on``; ``rule`` is the one that kept it longest."""

    veteran_id: int
    rule: str
    years: int
    last_day: date
    due_on: date


def last_of(moments: Iterable[date | datetime | None]) -> date:
    """Return the latest civil day of these days and moments (UTC). Raises ValueError when there is none.

    >>> last_of([None, date(2024, 4, 11), datetime(2024, 4, 12, 3, 0)])
    datetime.date(2024, 4, 12)
    """
    return max(one.date() if isinstance(one, datetime) else one for one in moments if one)


def due_on(last_day: date, years: int) -> date:
    """Return the first civil day after so many whole years; those of 29 February end on the last of February.

    >>> due_on(date(2014, 5, 1), 10), due_on(date(2016, 2, 29), 7)
    (datetime.date(2024, 5, 2), datetime.date(2023, 3, 1))
    """
    try:
        end = last_day.replace(year=last_day.year + years)
    except ValueError:
        end = last_day.replace(year=last_day.year + years, day=28)
    return end + timedelta(1)


def past(kept: Iterable[Kept], years: Mapping[str, int], *, today: date) -> dict[int, Due]:
    """Return by id the Veterans of whom every class is past its time; ``years`` by rule."""
    latest: dict[int, Due] = {}
    for one in kept:
        due = Due(one.veteran_id, one.rule, years[one.rule], one.last_day, due_on(one.last_day, years[one.rule]))
        known = latest.get(one.veteran_id)
        if known is None or known.due_on < due.due_on:
            latest[one.veteran_id] = due
    return {pk: due for pk, due in latest.items() if due.due_on <= today}
