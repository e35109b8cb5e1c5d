"""Worker processes killed in the middle of a batch: no claim is lost, none is sent twice, no file is half.

Each control does the same job as it is often written: states first, the file later (tests.faults.naive).
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import sleep

from billing.services import submissions
from tests import databases
from tests.faults import batches
from tests.faults.workers import NAIVE_WORK, WORK, Shift, begun, celery, chunk_done, ended, production, shift, until
from tests.trials.registry import Outcome, trial
from vca.core.access import Actor
from vca.core.models import Job

BATCH = 40
GOLDEN = 0.6180339887  # the fractions of its multiples fill an interval evenly, however many there are


def told(number: int, complaints: Sequence[str]) -> bool:
    """Say what is wrong; tell whether nothing is."""
    for complaint in complaints:
        print(f"trial {number}: {complaint}", file=sys.stderr)
    return not complaints


class Kills:
    """Kills of one worker after the other, each at a moment of its own."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], by: Actor) -> None:
        self._command, self._environment, self._by = command, environment, by
        self._lasts = 0.0
        self._asked = 0
        self._recoveries: list[float] = []

    @contextmanager
    def workers(self) -> Iterator[Shift]:
        """Have a worker, and learn from a first batch how long one takes."""
        with shift(self._command, self._environment) as workers:
            job = submissions.ask(by=self._by)
            until(job, begun)
            self._lasts = until(job, ended)
            batches.forget()
            yield workers

    def once(self, workers: Shift) -> list[str]:
        """Kill a worker that has begun, let the next one recover; return what is wrong then."""
        job = self._killed_while_running(workers)
        self._recoveries.append(until(job, ended))
        found = batches.wrongs(job)
        batches.forget()
        return found

    def _killed_while_running(self, workers: Shift) -> Job:
        """Ask for a file and kill whoever writes it; a kill that comes after the end is none, and is tried again."""
        while True:
            job = submissions.ask(by=self._by)
            self._asked += 1
            until(job, begun)
            if self._asked % 4:
                sleep(self._asked * GOLDEN % 1 * self._lasts)
            else:
                until(job, chunk_done)  # exactly between two chunks
            workers.relieve()
            if batches.let_lease_run_out(job.pk):
                return job
            batches.forget()

    def summary(self, name: str) -> str:
        """Return one line: how many kills, and how soon after the end of the lease the job was done."""
        soon, late = median(self._recoveries), max(self._recoveries)
        return f"{name}: {len(self._recoveries)} kills, recovered {soon:.1f} s after the lease, at most {late:.1f} s"


def killed(name: str, sound: Kills, naive: Kills, *, numbers: range, every: int) -> Iterator[Outcome]:
    """Kill a sound worker in each trial; naive ones, which work beside no other, before them for every so many."""
    broke = {}
    with naive.workers() as workers:
        for number in numbers[::every]:
            broke[number] = bool(naive.once(workers))
    with sound.workers() as workers:
        for number in numbers:
            kept = told(number, sound.once(workers))
            yield Outcome(kept, control_broke=broke.get(number))
    print(sound.summary(name), flush=True)


@trial(
    "kills-try-out",
    full=300,
    ci=6,
    needs=(),
    claim="manage.py work on SQLite killed in a batch of 40 claims: after recovery one file, each claim in it once",
)
def try_out(n: int, *, start: int) -> Iterator[Outcome]:
    """The one worker of the try-out."""
    with tempfile.TemporaryDirectory() as directory, batches.tryout(Path(directory)) as environment:
        by = batches.ready_claims(BATCH)
        sound, naive = (Kills(command, environment, by) for command in (WORK, NAIVE_WORK))
        yield from killed("kills-try-out", sound, naive, numbers=range(start, n), every=4)


@trial(
    "kills-production",
    full=300,
    ci=3,
    needs=("postgres", "redis"),
    claim="the Celery worker on PostgreSQL and Redis killed in a batch of 40 claims: one file, each claim in it once",
)
def in_production(n: int, *, start: int) -> Iterator[Outcome]:
    """The worker of production, with the beat that sweeps."""
    databases.empty()
    with tempfile.TemporaryDirectory() as directory, production() as (environment, _):
        by = batches.ready_claims(BATCH)
        beat = ("--beat", "--schedule", f"{directory}/beat")
        sound, naive = (
            Kills(celery(app, *beat), environment, by) for app in ("vca.celery", "tests.faults.naive_worker")
        )
        yield from killed("kills-production", sound, naive, numbers=range(start, n), every=4)
    databases.empty()
