"""What happens in a practice of a given size, drawn by lot before any row is made.

Authorizations last 180 days and began within three years, so that a sixth of them is active. Their visits are spread
over those days; what lies ahead is booked, what lies behind has mostly been given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from referrals.domain.states import ReferralState, VisitState

LASTS, BEGAN_WITHIN = 180, 3 * 365  # days


@dataclass(frozen=True, slots=True)
class Size:
    """How much a practice holds; each authorization that waits for a person has no visit."""

    authorizations: int = 4_000
    visits: int = 80_000
    claims: int = 5_000
    waiting: int = 60


@dataclass(frozen=True, slots=True)
class Course:
    """One authorization before it is written: first day, referral's state, lines, and the visits: day, state, line."""

    first: date
    state: ReferralState
    lines: int
    visits: tuple[tuple[date, VisitState, int], ...]

    @property
    def through(self) -> date:
        """The last authorized day."""
        return self.first + timedelta(days=LASTS - 1)


def draw(size: Size, rng: Random, today: date) -> Iterator[Course]:
    """Yield the courses of a practice of that size as it stands on that day."""
    busy = size.authorizations - size.waiting
    for number in range(size.authorizations):
        if number >= busy:
            first = today - timedelta(days=rng.randrange(10))
            yield Course(first, rng.choice((ReferralState.HELD, ReferralState.RECEIVED)), 1 + number % 2, ())
            continue
        first = today - timedelta(days=rng.randrange(BEGAN_WITHIN))
        count = size.visits // busy + (number < size.visits % busy)
        lines = rng.choices((1, 2, 3), (6, 3, 1))[0]
        yield Course(first, _state(first, today, rng), lines, tuple(_course(first, count, lines, today, rng)))


def _state(first: date, today: date, rng: Random) -> ReferralState:
    if (today - first).days >= LASTS:
        return rng.choice((ReferralState.ACCEPTED, ReferralState.COMPLETED))
    return rng.choices((ReferralState.ACCEPTED, ReferralState.SUSPENDED, ReferralState.CANCELLED), (95, 3, 2))[0]


def _course(first: date, count: int, lines: int, today: date, rng: Random) -> Iterator[tuple[date, VisitState, int]]:
    step = LASTS / count
    for place in range(count):
        day = first + timedelta(days=int(place * step + rng.random() * step))
        yield day, _visit_state(day, today, rng), place % lines


def _visit_state(day: date, today: date, rng: Random) -> VisitState:
    if day > today:
        return VisitState.BOOKED
    if day == today:
        return rng.choice((VisitState.BOOKED, VisitState.ARRIVED, VisitState.COMPLETED))
    states = (VisitState.COMPLETED, VisitState.CANCELLED, VisitState.NO_SHOW, VisitState.VOIDED)
    return rng.choices(states, (86, 7, 5, 2))[0]
