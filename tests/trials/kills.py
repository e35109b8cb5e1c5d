"""The worker killed in the middle of a batch: no claim is lost, none is sent twice, no file is half.

Each control does the same job as it is often written: states first, the file later (tests.faults.naive).
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import sleep
from unittest.mock import patch

from django.conf import settings

from billing.services import submissions
from tests import databases
from tests.faults import batches
from tests.faults.naive import naive_job
from tests.faults.workers import NAIVE_WORK, WORK, Shift, begun, celery, chunk_done, ended, production, shift, until
from tests.trials.registry import Outcome, trial
from vca.core.access import Actor

BATCH = 40
PIECES = 1000
GOLDEN = 0.6180339887  # its multiples fall evenly into an interval, however many there are


@trial(
    "kills-lines",
    full=2000,
    ci=60,
    control=0.25,
    claim="killed at any line of the job that writes a claim file: after recovery one file, each claim in it once",
)
def lines(n: int, *, start: int) -> Iterator[Outcome]:
    """Kill the job at lines spread over all that it runs."""
    databases.empty()
    with patch.object(settings, "REDIS_URL", ""):
        by = batches.ready_claims(3)
        last = batches.lines_of_the_job(by)
        with naive_job():
            naive_last = batches.lines_of_the_job(by)
        for number in range(start, n):
            place = number * GOLDEN % 1
            kept = told(number, batches.killed_at(1 + int(place * last), by))
            broke = None
            if number % 4 == 0:
                with naive_job():
                    broke = bool(batches.killed_at(1 + int(place * naive_last), by))
            yield Outcome(kept, control_broke=broke)
    databases.empty()


def told(number: int, complaints: Sequence[str]) -> bool:
    """Say what is wrong; tell whether nothing is."""
    for complaint in complaints:
        print(f"trial {number}: {complaint}", file=sys.stderr)
    return not complaints


class Kills:
    """Kills of one worker after the other, each at a moment of its own, and what they met."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], by: Actor) -> None:
        self._command, self._environment, self._by = command, environment, by
        self._lasts = 0.0
        self.met = 0
        self.recoveries: list[float] = []

    @contextmanager
    def workers(self) -> Iterator[Shift]:
        """Have a worker, and learn from a first batch how long it takes."""
        with shift(self._command, self._environment) as workers:
            job = submissions.ask(by=self._by)
            until(job, begun)
            self._lasts = until(job, ended)
            batches.forget()
            yield workers

    def once(self, workers: Shift, number: int) -> list[str]:
        """Ask for a file, kill the worker in the middle, let the next one recover; return what is wrong then."""
        job = submissions.ask(by=self._by)
        until(job, begun)
        if number % 4 != 1:
            sleep(number * GOLDEN % 1 * self._lasts)
        else:
            until(job, chunk_done)  # exactly between two chunks
        workers.relieve()
        met = batches.let_lease_run_out(job.pk)
        seconds = until(job, ended)
        if met:
            self.met += 1
            self.recoveries.append(seconds)
        found = batches.wrongs(job)
        batches.forget()
        return found

    def summary(self, name: str) -> str:
        """Return one line: how many kills met the job running, and after how long it was done."""
        if not self.recoveries:
            return f"{name}: no kill met the job running"
        slowest, middle = max(self.recoveries), median(self.recoveries)
        return f"{name}: {self.met} kills met the job running; done after {middle:.1f} s, at most {slowest:.1f} s"


def killed(name: str, sound: Kills, naive: Kills, *, numbers: range, every: int) -> Iterator[Outcome]:
    """Kill sound workers in each trial and naive ones, which work beside no other, in some before."""
    broke = {}
    with naive.workers() as workers:
        for number in numbers[::every]:
            broke[number] = bool(naive.once(workers, number))
    with sound.workers() as workers:
        for number in numbers:
            kept = told(number, sound.once(workers, number))
            yield Outcome(kept, control_broke=broke.get(number))
    print(sound.summary(name), flush=True)


@trial(
    "kills-try-out",
    full=300,
    ci=8,
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
