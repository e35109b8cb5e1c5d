"""The visits of a case: which days, what is given, what becomes of it; and the limits that VA printed for them.

The usual pattern: an evaluation, six infusions in three weeks, then one a week, with therapy every other time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from random import Random

from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind
from vca.demo.cases import Case, Fate, Program
from vca.demo.days import last_workday, next_workday

INDUCTION = (3, 6, 10, 13, 17, 20, 24)  # three days at least, so that no weekend puts the first one on the first day
MAINTENANCE = 7
COUNTED_FATES = (Fate.COMPLETED, Fate.ARRIVED, Fate.BOOKED)
MISSED_FROM = 8  # a course shorter than this has no missed visit, so that no later one is booked on its place


class Line(IntEnum):
    """The service lines by their number on the referral."""

    EVALUATION = 1
    INFUSION = 2
    THERAPY = 3


WORDS = {
    Line.EVALUATION: "Evaluation and management",
    Line.INFUSION: "Ketamine infusion, intravenous",
    Line.THERAPY: "Psychotherapy",
}
CODES = {
    Line.EVALUATION: ("99204", "99213", "99214"),
    Line.INFUSION: ("96365", "96366", "96375", "J3490"),
    Line.THERAPY: ("90833", "90834", "90837"),
}


@dataclass(frozen=True, slots=True)
class Sitting:
    """One visit as it is wanted: the civil day, the lines on which it counts, and its place in the course."""

    on: date
    lines: tuple[Line, ...]
    fate: Fate
    place: int


def course(case: Case, *, today: date, rng: Random) -> tuple[Sitting, ...]:
    """Return the visits of a case in the order of their days."""
    past = list(_past(case, today))[: case.most]
    missed = rng.choice((None, Fate.CANCELLED, Fate.NO_SHOW)) if len(past) >= MISSED_FROM else None
    fates = [Fate.COMPLETED for _ in past]
    if missed:
        fates[rng.choice((2, 3))] = missed
    days = [*zip(past, fates, strict=True)]
    if case.today:
        days.append((today, case.today))
    days += [(day, Fate.BOOKED) for day in _ahead(case, today)]
    return tuple(Sitting(day, _lines(case, place), fate, place) for place, (day, fate) in enumerate(days))


def _rhythm(case: Case, today: date) -> Iterator[date]:
    """Yield the wanted days without end, weekends not looked at."""
    start = today - timedelta(days=case.began)
    for offset in INDUCTION:
        yield start + timedelta(days=offset)
    later = start + timedelta(days=INDUCTION[-1])
    while True:
        later += timedelta(days=MAINTENANCE)
        yield later


def _past(case: Case, today: date) -> Iterator[date]:
    last = min(today + timedelta(days=case.ends), today - timedelta(days=1))
    for day in _rhythm(case, today):
        if day > last:
            return
        yield last_workday(day)


def _ahead(case: Case, today: date) -> Iterator[date]:
    last = today + timedelta(days=case.ends)
    wanted = (day for day in _rhythm(case, today) if day > today)
    for _ in range(case.ahead):
        day = next_workday(next(wanted))
        if day <= last:
            yield day


def _lines(case: Case, place: int) -> tuple[Line, ...]:
    if case.program == Program.THERAPY:
        return (Line.THERAPY,)
    if place == 0:
        return (Line.EVALUATION,)
    if place % 4 == 3:
        return (Line.EVALUATION, Line.INFUSION)
    return (Line.INFUSION, Line.THERAPY) if place % 2 == 0 else (Line.INFUSION,)


def stated_lines(case: Case, sittings: tuple[Sitting, ...]) -> tuple[StatedLine, ...]:
    """Return what VA printed: evaluations without a fixed limit, the rest counted."""
    if case.program == Program.THERAPY:
        talks = _counted(Line.THERAPY, sittings, case.spare_talks)
        return (StatedLine(WORDS[Line.THERAPY], LimitKind.COUNTED, talks, CODES[Line.THERAPY]),)
    infusions = _counted(Line.INFUSION, sittings, case.spare + case.before_us)
    talks = _counted(Line.THERAPY, sittings, case.spare_talks)
    return (
        StatedLine(WORDS[Line.EVALUATION], LimitKind.UNLIMITED, None, CODES[Line.EVALUATION]),
        StatedLine(WORDS[Line.INFUSION], LimitKind.COUNTED, infusions, CODES[Line.INFUSION]),
        StatedLine(WORDS[Line.THERAPY], LimitKind.COUNTED, talks, CODES[Line.THERAPY]),
    )


def _counted(line: Line, sittings: tuple[Sitting, ...], spare: int) -> int:
    return spare + sum(1 for one in sittings if line in one.lines and one.fate in COUNTED_FATES)
