"""A worker killed at every line of a job that writes a file of claims: one file, each claim in it once, told once.

The points are walked in an order of which every beginning is spread over the whole job. Each control does the same job
as it is often written: what is told first, the file later (tests.faults.naive, tests.faults.paper).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from math import gcd
from unittest.mock import patch

from django.conf import settings

from billing import tasks
from tests import databases
from tests.faults import batches, naive, paper
from tests.trials.kills import GOLDEN, told
from tests.trials.registry import Outcome, trial
from vca.core.access import Actor

CLAIMS, CHUNK = 3, 2
CONTROL_EVERY = 4  # points


@dataclass(frozen=True, slots=True)
class Victim:
    """A job that can be killed: at how many lines, what is wrong after a kill at one of them, and its naive kin."""

    lines: Callable[[Actor], int]
    killed_at: Callable[[int, Actor], list[str]]
    naive: Callable[[], AbstractContextManager[None]]

    def walked(self, n: int, *, start: int) -> Iterator[Outcome]:
        """Kill the job at the points from number ``start`` up to ``n`` of their order."""
        with three_ready_claims() as by:
            last = self.lines(by)
            with self.naive():
                naive_last = self.lines(by)
            for number, place in islice(enumerate(spread(last)), start, n):
                kept = told(number, self.killed_at(1 + place, by))
                broke = None
                if number % CONTROL_EVERY == 0:
                    with self.naive():
                        broke = bool(self.killed_at(1 + place * naive_last // last, by))
                yield Outcome(kept, control_broke=broke)

    def points(self) -> int:
        """Return how many points there are."""
        with three_ready_claims() as by:
            return self.lines(by)


def spread(count: int) -> Iterator[int]:
    """Yield 0 to count - 1, each once: steps of about the golden section leave no wide gap, wherever one stops."""
    step = next(step for step in range(round(count * GOLDEN), count + 1) if gcd(step, count) == 1)
    return (number * step % count for number in range(count))


@contextmanager
def three_ready_claims() -> Iterator[Actor]:
    """Have nothing but ready claims, and a worker who is not rung for and judges them in two chunks; yield an actor."""
    databases.empty()
    with patch.object(settings, "REDIS_URL", ""), patch.object(tasks, "CHUNK", CHUNK):
        by = batches.ready_claims(CLAIMS)
        yield by
    databases.empty()


FILE = Victim(batches.lines_of_the_job, batches.killed_at, naive.naive_job)
PAPER = Victim(paper.lines_of_the_job, paper.killed_at, paper.naive_job)

trial(
    "kills-lines",
    full=FILE.points,
    ci=60,
    control=0.75,
    claim="killed at every line of the job that writes a claim file: after recovery one file, each claim in it once",
)(FILE.walked)
trial(
    "kills-paper-lines",
    full=PAPER.points,
    ci=60,
    control=0.75,
    claim="killed at every line of the job that prints claims: after recovery one file of all claims, told once",
)(PAPER.walked)
