"""Redis erased with the doorbell in it, or killed and started again empty: the sweep finds the row.

The control is a worker without the beat that sweeps: for it the doorbell is the queue, and what was erased is lost.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median

from redis import Redis

from billing.services import submissions
from tests import databases
from tests.faults import batches
from tests.faults.workers import Shift, begun, celery, ended, production, shift, until
from tests.servers import Server
from tests.trials.kills import BATCH, told
from tests.trials.registry import Outcome, trial
from vca.core import jobs
from vca.core.access import Actor
from vca.core.models import Job

Erasure = Callable[[Server, Shift, Actor], Job]
LONG_ENOUGH = 8.0  # seconds in which a worker that was rung for would have begun


def erase_the_doorbell(redis: Server, workers: Shift, by: Actor) -> Job:
    """Ask while nobody works, erase Redis, then let a worker begin."""
    workers.kill()
    with Redis(port=redis.port) as server:
        server.flushall()
        job = submissions.ask(by=by)
        if server.llen("celery") != 1:
            raise AssertionError("nobody was rung for")
        server.flushall()
    workers.relieve()
    return job


def ask_without_redis(redis: Server, workers: Shift, by: Actor) -> Job:
    """Ask while there is no Redis; the worker stays."""
    redis.kill()
    job = submissions.ask(by=by)
    redis.start()
    return job


def kill_redis_in_the_batch(redis: Server, workers: Shift, by: Actor) -> Job:
    """Take Redis away while the job runs; the worker stays."""
    job = submissions.ask(by=by)
    until(job, begun)
    redis.kill()
    redis.start()
    return job


ERASURES: tuple[Erasure, ...] = (erase_the_doorbell, ask_without_redis, kill_redis_in_the_batch)


def outcome_of(job: Job) -> list[str]:
    """Wait for the end of the job; return what is wrong then."""
    until(job, ended)
    found = batches.wrongs(job)
    batches.forget()
    return found


def lost_without_sweep(redis: Server, environment: dict[str, str], by: Actor) -> bool:
    """Is a job whose doorbell was erased left alone by a worker that only listens, until it is rung for again?"""
    with shift(celery("vca.celery"), environment) as workers:
        job = erase_the_doorbell(redis, workers, by)
        with suppress(TimeoutError):
            until(job, begun, timeout=LONG_ENOUGH)
        lost = not begun(job)
        jobs.ring(job.pk)
        return lost and not outcome_of(job)


@trial(
    "kills-redis",
    full=100,
    ci=3,
    needs=("postgres", "redis"),
    claim="Redis erased, or killed and started empty, before or in a batch: one file, each of 40 claims in it once",
)
def redis_erased(n: int, *, start: int) -> Iterator[Outcome]:
    """Erase by turns the doorbell, the broker before it is rung at, and the broker while the job runs."""
    databases.empty()
    recoveries = []
    with tempfile.TemporaryDirectory() as directory, production() as (environment, redis):
        by = batches.ready_claims(BATCH)
        lost = lost_without_sweep(redis, environment, by)
        with shift(celery("vca.celery", "--beat", "--schedule", f"{directory}/beat"), environment) as workers:
            for number in range(start, n):
                job = ERASURES[number % len(ERASURES)](redis, workers, by)
                recoveries.append(until(job, ended))
                yield Outcome(told(number, outcome_of(job)), control_broke=lost if number == start else None)
    databases.empty()
    print(f"kills-redis: done {median(recoveries):.1f} s after it, at most {max(recoveries):.1f} s", flush=True)
