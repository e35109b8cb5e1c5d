"""How ways of doing one thing are compared: by turns, in one process, on the same rows; medians with their interval.

The sides take turns within a round and begin in another order each round, so that a burst of other work on the machine
falls on all of them. What is reported of two sides is the median over the rounds of their ratio within a round.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, comb
from statistics import median
from time import perf_counter
from typing import Any

FEWEST_ROUNDS = 15
WARM_UP = 8  # rounds that do not count: caches fill, and psycopg prepares a statement on its sixth run
CONFIDENCE = 0.95

Side = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median with the interval that holds the true one with 95 % confidence."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def by_turns(sides: Mapping[str, Side], *, rounds: int, before: Side = lambda: None) -> dict[str, list[float]]:
    """Return the milliseconds that each side took in each round; ``before`` is done before each and does not count.

    Raises ValueError for too few rounds.
    """
    if rounds < FEWEST_ROUNDS:
        raise ValueError(f"{rounds} rounds show nothing; take at least {FEWEST_ROUNDS}")
    taken: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(-WARM_UP, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            before()
            taken[name].append(milliseconds(sides[name]))
    return {name: times[WARM_UP:] for name, times in taken.items()}


def milliseconds(act: Side) -> float:
    """Return how long one run took."""
    begun = perf_counter()
    act()
    return (perf_counter() - begun) * 1000


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Return the median of the ratios round by round."""
    return estimate([one / other for one, other in zip(ours, theirs, strict=True)])


def estimate(values: Sequence[float]) -> Estimate:
    """Return the median with its sign interval, which assumes nothing of how the values are spread."""
    ordered = sorted(values)
    depth = _depth(len(ordered))
    return Estimate(median(ordered), ordered[depth], ordered[-1 - depth])


def _depth(count: int) -> int:
    """Return how many values may be cut at either end: the median lies beyond them in at most 2.5 % of all samples."""
    tail, depth = 0.0, 0
    while (tail := tail + comb(count, depth) / 2**count) <= (1 - CONFIDENCE) / 2:
        depth += 1
    return max(depth - 1, 0)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return sorted(values)[ceil(share * len(values)) - 1]
