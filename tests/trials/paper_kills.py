"""The worker killed while it prints claims: one file, told once, and no claim moved.

The control keeps the file first and ends the job in another commit (tests.faults.paper).
"""

from collections.abc import Iterator
from unittest.mock import patch

from django.conf import settings

from tests import databases
from tests.faults import batches, paper
from tests.trials.kills import GOLDEN, told
from tests.trials.registry import Outcome, trial


@trial(
    "kills-paper-lines",
    full=1000,
    ci=24,
    claim="killed at any line of the job that prints claims: after recovery one file of all claims, told once",
)
def lines(n: int, *, start: int) -> Iterator[Outcome]:
    """Kill the job at lines spread over all that it runs."""
    databases.empty()
    with patch.object(settings, "REDIS_URL", ""):
        by = batches.ready_claims(3)
        last = paper.lines_of_the_job(by)
        with paper.naive_job():
            naive_last = paper.lines_of_the_job(by)
        for number in range(start, n):
            place = number * GOLDEN % 1
            kept = told(number, paper.killed_at(1 + int(place * last), by))
            with paper.naive_job():
                broke = bool(paper.killed_at(1 + int(place * naive_last), by))
            yield Outcome(kept, control_broke=broke)
    databases.empty()
