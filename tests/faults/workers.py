"""A worker process of which there is always one, whoever is killed, and the servers on which it is rung for."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from celery import Celery
from django.conf import settings

from tests import databases, servers
from tests.faults.processes import Process
from vca.core import jobs
from vca.core.models import Job, JobState
from vca.settings import BASE_DIR

LOOK_EVERY = 0.002  # seconds; a batch of forty claims takes a tenth of a second
ENDED = (JobState.DONE, JobState.PARKED)
WORK = (sys.executable, "manage.py", "work")
NAIVE_WORK = (sys.executable, "-m", "tests.faults.naive_worker")


def celery(app: str, *options: str) -> tuple[str, ...]:
    """Return the command of a Celery worker as ./run starts it."""
    command = (sys.executable, "-m", "celery", "-A", app, "worker", "--concurrency", "2", "--loglevel", "warning")
    return (*command, *options)


class Shift:
    """One worker at a time. ``relieve`` kills the one that is there with all its children and starts the next."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, environment
        self._worker = self._new()

    def kill(self) -> None:
        """SIGKILL the worker's whole group."""
        self._worker.kill()

    def relieve(self) -> None:
        """Let the next one begin where this one was killed."""
        self.kill()
        self._worker = self._new()

    def output(self) -> str:
        """Return what the worker of this moment has written."""
        return self._worker.output()

    def _new(self) -> Process:
        return Process(self._command, env=self._environment, cwd=BASE_DIR)


@contextmanager
def shift(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Shift]:
    """Have a worker for the length of the block."""
    workers = Shift(command, environment)
    try:
        yield workers
    except TimeoutError as fault:
        fault.add_note(f"The worker has written:\n{workers.output()[-3000:]}")
        raise
    finally:
        workers.kill()


def until(job: Job, so: Callable[[Job], bool], *, timeout: float = 90) -> float:
    """Return after how many seconds the job was so. Raises TimeoutError."""
    begun = time.monotonic()
    while True:
        job.refresh_from_db()
        passed = time.monotonic() - begun
        if so(job):
            return passed
        if passed > timeout:
            raise TimeoutError(f"the job is {job.state} after {timeout:.0f} seconds: {job.outcome}")
        time.sleep(LOOK_EVERY)


def begun(job: Job) -> bool:
    """Has a worker taken the job?"""
    return job.state != JobState.QUEUED


def chunk_done(job: Job) -> bool:
    """Has the job committed a chunk?"""
    return job.done > 0 or ended(job)


def ended(job: Job) -> bool:
    """Is the job done, or left to a person?"""
    return job.state in ENDED


@contextmanager
def production() -> Iterator[tuple[dict[str, str], servers.Server]]:
    """Stand on the test database with a Redis of its own; yield the worker's environment and that Redis."""
    with servers.throwaway(["Redis"]) as running:
        redis = running["Redis"]
        url = redis.environment()["REDIS_URL"]
        environment = os.environ | {"DATABASE_URL": databases.url(), "REDIS_URL": url, "EMAIL_URL": "memorymail://"}
        environment["DOCUMENTS_DIR"] = str(settings.DOCUMENTS_DIR)
        environment.pop("DATABASE_OWNER_URL", None)  # a worker has the application's rights
        bell = Celery("vca", broker=url)
        bell.conf.broker_transport_options = jobs.app.conf.broker_transport_options
        with patch.object(settings, "REDIS_URL", url), patch.object(jobs, "app", bell):
            yield environment, redis
