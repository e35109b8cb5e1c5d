"""A claim file survives a kill at any line of its job, and a worker that was thought dead writes nothing."""

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from billing.models import Submission
from billing.services import submissions
from billing.tasks import write_837p
from tests.faults import batches, paper
from tests.faults.naive import naive_job
from vca.core import jobs
from vca.core.access import Actor
from vca.core.jobs import LeaseLost, Run
from vca.core.models import Job, JobState

pytestmark = [pytest.mark.both, pytest.mark.serial, pytest.mark.django_db(transaction=True)]
POINTS = 40


@pytest.fixture
def by() -> Actor:
    return batches.ready_claims(3)


@pytest.fixture(autouse=True)
def nobody_is_rung_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "")


def points(by: Actor) -> list[int]:
    """Return lines spread over the whole job, the first and the last among them."""
    last = batches.lines_of_the_job(by)
    return [1 + place * (last - 1) // (POINTS - 1) for place in range(POINTS)]


def test_file_survives_a_kill_at_any_line(by: Actor) -> None:
    assert {line: wrongs for line in points(by) if (wrongs := batches.killed_at(line, by))} == {}


def test_file_written_after_its_states_does_not(by: Actor) -> None:
    with naive_job():
        broken = [line for line in points(by) if batches.killed_at(line, by)]
    assert len(broken) > POINTS / 4


@pytest.mark.parametrize(("job", "naive"), [(batches, naive_job), (paper, paper.naive_job)], ids=["file", "paper"])
def test_naive_job_that_nobody_kills_does_as_well(job: ModuleType, naive: Callable[..., Any], by: Actor) -> None:
    with naive():
        assert job.killed_at(1, by) == []


def test_worker_that_was_thought_dead_writes_nothing(by: Actor) -> None:
    job = submissions.ask(by=by)
    slow = Run(taken(job))
    batches.let_lease_run_out(job.pk)
    write_837p(Run(taken(job)))

    with pytest.raises(LeaseLost):
        write_837p(slow)

    assert batches.wrongs(job) == []


def test_worker_that_was_thought_dead_in_its_last_chunk_writes_nothing(by: Actor) -> None:
    job = submissions.ask(by=by)
    slow = Run(taken(job))
    batches.let_lease_run_out(job.pk)
    taken(job)

    with pytest.raises(LeaseLost), slow.chunk():
        pytest.fail("the chunk has begun")

    assert Submission.objects.count() == 0


def taken(job: Job) -> Job:
    row = jobs.take(job.pk, now=timezone.now())
    assert row
    return row


def test_job_under_a_lease_is_not_taken(by: Actor) -> None:
    job = submissions.ask(by=by)
    taken(job)

    assert jobs.take(job.pk, now=timezone.now()) is None
    assert jobs.take(job.pk, now=timezone.now() + jobs.LEASE + timedelta(seconds=1)) is not None


def test_job_left_unfinished_three_times_waits_for_a_person(by: Actor) -> None:
    job = submissions.ask(by=by)
    for _ in range(3):
        taken(job)
        batches.let_lease_run_out(job.pk)

    assert jobs.take(job.pk, now=timezone.now()) is None
    job.refresh_from_db()
    assert (job.state, job.outcome) == (JobState.PARKED, "left unfinished 3 times")
