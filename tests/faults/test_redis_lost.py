"""Who asks for a file hears nothing of a Redis that is gone, and does not wait for one that hangs."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from billing.services import submissions
from tests.faults import batches
from tests.faults.workers import production
from tests.servers import Server
from vca.core.access import Actor
from vca.core.models import Job, JobState

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.serial,
    pytest.mark.django_db(transaction=True),
]
PATIENCE = 5  # seconds; a try to speak or to connect is given two


@pytest.fixture
def by() -> Actor:
    return batches.ready_claims(1)


@pytest.fixture
def redis() -> Iterator[Server]:
    with production() as (_, server):
        yield server


def ask_thrice(by: Actor) -> list[tuple[str, bool]]:
    """Ask again and again, for the first call may still hold a connection; return states, and who was in time."""
    answers = []
    try:
        for _ in range(3):
            Job.objects.all().delete()
            begun = time.monotonic()
            state = submissions.ask(by=by).state
            answers.append((state, time.monotonic() - begun < PATIENCE))
    finally:
        connections.close_all()
    return answers


def test_asking_without_redis_queues_the_row(by: Actor, redis: Server) -> None:
    redis.kill()

    assert ask_thrice(by) == [(JobState.QUEUED, True)] * 3


def test_asking_a_redis_that_hangs_queues_the_row_within_seconds(by: Actor, redis: Server) -> None:
    submissions.ask(by=by)  # so that a connection is open
    assert redis._process
    os.kill(redis._process.pid, signal.SIGSTOP)

    with ThreadPoolExecutor(1) as threads:
        try:
            answers = threads.submit(ask_thrice, by).result(timeout=4 * PATIENCE)
        finally:
            os.kill(redis._process.pid, signal.SIGCONT)

    assert answers == [(JobState.QUEUED, True)] * 3
