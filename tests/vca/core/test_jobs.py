"""Work in the background: queued once, done under a lease, put back, parked, cancelled; nothing is done by two."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tests import world
from tests.faults.processes import free_port
from tests.vca.core.at_once import at_once
from tests.world import NOW
from vca.celery import app
from vca.core import access, jobs, tasks
from vca.core.access import Actor
from vca.core.jobs import LEASE, LeaseLost, Run
from vca.core.models import AuditSeal, Job, JobState, Practice
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError

pytestmark = [pytest.mark.django_db, pytest.mark.both]

KIND = "write_837p"
Do = Callable[[Run], None]


class Refused(RuleError):
    """A rule that refuses."""

    code = "CLAIM-17"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def actor() -> Actor:
    practice, _ = Practice.objects.get_or_create(code="harbor", defaults={"name": "Harbor"})
    return access.acting_for(practice, what="test")


def queued(key: str = "1", *, due_at: datetime = NOW) -> Job:
    return jobs.enqueue(kind=KIND, key=key, by=actor(), due_at=due_at)


def taken(now: datetime = NOW) -> Job:
    job = jobs.take(queued().pk, now=now)
    assert job
    return job


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Do], None]:
    """Return what puts a handler in the place of the product's own."""
    return lambda do: monkeypatch.setitem(jobs._handlers, KIND, do)


def fail(run: Run) -> None:
    raise ZeroDivisionError("Sample, Alex")


def state(job: Job) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.outcome


def test_same_key_is_one_job() -> None:
    first, again, other = queued(), queued(), queued("2")

    assert (again.pk, other.pk == first.pk, Job.objects.count()) == (first.pk, False, 2)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_same_key_at_once_is_one_job() -> None:
    actor()

    found = at_once(*[queued] * 8)

    assert ({job.pk for job in found}, Job.objects.count()) == ({Job.objects.get().pk}, 1)


@pytest.mark.parametrize("ended", [JobState.DONE, JobState.PARKED, JobState.CANCELLED])
def test_key_is_free_once_its_job_has_ended(ended: JobState) -> None:
    first = queued()
    Job.objects.update(state=ended)

    assert queued().pk != first.pk


def test_undeclared_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="write_837"):
        jobs.enqueue(kind="write_837", key="1", by=actor())


def test_job_is_queued_with_the_transaction_that_asked_for_it() -> None:
    with transaction.atomic():
        queued()
        transaction.set_rollback(True)

    assert Job.objects.count() == 0


def test_taking_gives_a_lease_under_a_new_fence() -> None:
    job = taken()

    assert (job.state, job.fence, job.attempt, job.locked_until, job.started_at) == ("RUNNING", 1, 1, NOW + LEASE, NOW)


@pytest.mark.parametrize(
    ("later", "due"), [(timedelta(seconds=-1), False), (timedelta(0), True), (timedelta(days=9), True)]
)
def test_job_is_taken_from_its_moment_on(later: timedelta, due: bool) -> None:
    job = queued()

    assert (jobs.take(job.pk, now=NOW + later) is not None) is due


@pytest.mark.parametrize("ended", [JobState.DONE, JobState.PARKED, JobState.CANCELLED])
def test_ended_job_is_not_taken(ended: JobState) -> None:
    job = queued()
    Job.objects.update(state=ended)

    assert jobs.take(job.pk, now=NOW) is None


@pytest.mark.parametrize(("later", "free"), [(LEASE, False), (LEASE + timedelta(microseconds=1), True)])
def test_running_job_is_taken_again_when_its_lease_has_run_out(later: timedelta, free: bool) -> None:
    job = taken()

    again = jobs.take(job.pk, now=NOW + later)

    assert (again.fence if again else None) == (2 if free else None)


def test_progress_renews_the_lease(clock: time_machine.Traveller) -> None:
    job = taken()
    clock.shift(timedelta(seconds=20))

    with Run(job).chunk(done=1, total=2):
        pass

    job.refresh_from_db()
    assert (job.locked_until, job.done, job.total) == (NOW + timedelta(seconds=20) + LEASE, 1, 2)


def after_a_second_worker_took_it() -> Run:
    """Return the first worker's hold on a job that another has taken since."""
    job = taken()
    jobs.take(job.pk, now=NOW + timedelta(minutes=2))
    return Run(job)


def write(run: Run) -> None:
    with run.chunk():
        Practice.objects.update(city="written by the first worker")


def test_worker_that_lost_its_lease_writes_nothing() -> None:
    run = after_a_second_worker_took_it()

    with pytest.raises(LeaseLost):
        write(run)
    with pytest.raises(LeaseLost):
        run.finish("done")

    assert (Practice.objects.get().city, state(run.job)) == ("", ("RUNNING", ""))


def test_worker_that_lost_its_lease_would_write_without_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "_write", lambda run, **values: None)

    write(after_a_second_worker_took_it())

    assert Practice.objects.get().city == "written by the first worker"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_takes_the_job() -> None:
    job = queued()

    found = at_once(*[partial(jobs.take, job.pk, now=NOW)] * 8)

    assert sorted(one.fence if one else 0 for one in found) == [0] * 7 + [1]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_would_take_the_job_without_the_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    job = queued()
    monkeypatch.setattr(jobs, "due", lambda now: Job.objects.all())

    found = at_once(*[partial(jobs.take, job.pk, now=NOW)] * 2)

    assert None not in found


def test_handler_that_returns_has_done_the_job(handle: Callable[[Do], None]) -> None:
    handle(lambda run: None)
    job = queued()

    done = jobs.run(job.pk)

    assert (done, state(job), job.finished_at) == (True, ("DONE", "done"), NOW)


def test_nothing_is_done_twice(handle: Callable[[Do], None]) -> None:
    do = Mock()
    handle(do)
    job = queued()
    jobs.run(job.pk)

    again = jobs.run(job.pk)

    assert (again, do.call_count) == (False, 1)


def test_effect_and_end_are_one_commit(handle: Callable[[Do], None]) -> None:
    def end_and_fail(run: Run) -> None:
        with run.chunk():
            Practice.objects.update(city="written")
            run.finish("done")
            fail(run)

    handle(end_and_fail)
    job = queued()

    jobs.run(job.pk)

    assert (Practice.objects.get().city, state(job)[0]) == ("", "QUEUED")


def test_refusal_parks_at_once_with_its_sentence(handle: Callable[[Do], None]) -> None:
    handle(Mock(side_effect=Refused("no claim is ready")))
    job = queued()

    jobs.run(job.pk)

    assert (state(job), job.attempt) == (("PARKED", "CLAIM-17 no claim is ready"), 1)


def test_failure_is_tried_again_later_each_time(handle: Callable[[Do], None], clock: time_machine.Traveller) -> None:
    handle(fail)
    job = queued()
    waits = []

    for _ in range(2):
        jobs.run(job.pk)
        job.refresh_from_db()
        waits.append((job.due_at - datetime.now(NOW.tzinfo)).seconds)
        clock.move_to(job.due_at)

    assert (waits, state(job)) == ([10, 20], ("QUEUED", "will be tried again: ZeroDivisionError"))


def test_third_failure_parks_with_its_reason(handle: Callable[[Do], None], clock: time_machine.Traveller) -> None:
    handle(fail)
    job = queued()

    for _ in range(4):
        jobs.run(job.pk)
        clock.shift(timedelta(minutes=1))

    assert (state(job), job.attempt) == (("PARKED", "failed 3 times: ZeroDivisionError"), 3)


def test_job_that_kills_its_worker_is_parked_after_the_third(clock: time_machine.Traveller) -> None:
    job = queued()
    fences = []

    for _ in range(4):
        one = jobs.take(job.pk, now=datetime.now(NOW.tzinfo))
        fences.append(one.fence if one else None)
        clock.shift(timedelta(minutes=2))

    assert (fences, state(job)) == ([1, 2, 3, None], ("PARKED", "left unfinished 3 times"))


@pytest.mark.parametrize("field", ["practice", "kind"])
def test_job_that_nobody_can_do_does_not_stop_the_worker(field: str) -> None:
    job = queued()
    Job.objects.update(**{field: {"practice": None, "kind": "unknown"}[field], "attempt": 2})

    jobs.run(job.pk)

    assert state(job)[0] == "PARKED"


def test_what_went_wrong_is_logged_for_us_and_named_without_its_words_for_people(
    handle: Callable[[Do], None], caplog: pytest.LogCaptureFixture
) -> None:
    handle(fail)
    job = queued()

    jobs.run(job.pk)

    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"job {job.pk} failed")
    ]
    assert "Sample" not in state(job)[1]


def test_cancelling_stops_the_work_and_keeps_what_is_done(handle: Callable[[Do], None]) -> None:
    by = actor()

    def cancelled_in_between(run: Run) -> None:
        write(run)
        jobs.cancel(job=run.job, by=by)
        with run.chunk():
            Practice.objects.update(city="written after")

    handle(cancelled_in_between)
    job = queued()

    jobs.run(job.pk)

    assert state(job) == ("CANCELLED", "cancelled by a person")
    assert Practice.objects.get().city == "written by the first worker"


@pytest.mark.parametrize("act", [jobs.cancel, jobs.retry])
def test_only_somebody_in_charge_of_the_work_stops_it_or_starts_it_again(act: Callable[..., bool]) -> None:
    job = queued()
    nurse = Actor(actor().practice_id, None, "test", frozenset({Role.NURSE}))

    with pytest.raises(access.NotPermitted, match="send claims"):
        act(job=job, by=nurse)

    assert state(job) == ("QUEUED", "")


@pytest.mark.parametrize(
    ("before", "cancelled"),
    [("QUEUED", True), ("DONE", False), ("PARKED", False), ("CANCELLED", False)],
)
def test_live_job_is_cancelled(before: str, cancelled: bool) -> None:
    job = queued()
    Job.objects.update(state=before)

    assert jobs.cancel(job=job, by=actor()) is cancelled


@pytest.mark.parametrize(
    ("before", "again"), [("PARKED", True), ("QUEUED", False), ("DONE", False), ("CANCELLED", False)]
)
def test_parked_job_is_tried_again(before: str, again: bool) -> None:
    job = queued()
    Job.objects.update(state=before)

    assert jobs.retry(job=job, by=actor()) is again


def test_trying_again_begins_anew(handle: Callable[[Do], None], clock: time_machine.Traveller) -> None:
    handle(Mock(side_effect=Refused))
    job = queued()
    jobs.run(job.pk)
    clock.shift(timedelta(days=1))

    jobs.retry(job=job, by=actor())

    job.refresh_from_db()
    assert (job.state, job.attempt, job.due_at, job.started_at) == ("QUEUED", 0, NOW + timedelta(days=1), None)


def test_parked_job_is_not_tried_again_beside_its_successor() -> None:
    job = queued()
    Job.objects.update(state=JobState.PARKED)
    successor = queued()

    assert jobs.retry(job=job, by=actor()) is False
    assert [state(one)[0] for one in (job, successor)] == ["PARKED", "QUEUED"]


def test_sweep_hands_over_what_is_due_the_oldest_first() -> None:
    later, sooner = queued("1"), queued("2", due_at=NOW - timedelta(days=1))
    queued("3", due_at=NOW + timedelta(seconds=1))
    done: list[Any] = []

    waiting = jobs.sweep(done.append)

    assert (waiting, done) == (2, [sooner.pk, later.pk])


def test_sweep_hands_over_at_most_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SWEEP_AT_MOST", 2)
    for key in "123":
        queued(key)

    assert jobs.sweep(Mock()) == 2


@pytest.mark.serial  # as every test that seals: see test_audit.py
@pytest.mark.django_db(transaction=True)
def test_sweep_seals_the_trail() -> None:
    world.practice()

    jobs.sweep(Mock())

    assert AuditSeal.objects.count() == 1


def test_doorbell_names_the_job_and_nothing_else(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.REDIS_URL, send = "redis://127.0.0.1/0", Mock()
    monkeypatch.setattr(app, "send_task", send)

    with django_capture_on_commit_callbacks(execute=True):
        job = queued()

    assert [call.args + tuple(call.kwargs.items()) for call in send.mock_calls] == [
        ("vca.core.tasks.ring", ("args", [str(job.pk)]), ("retry", False))
    ]


def test_there_is_no_doorbell_without_a_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL, send = "", Mock()
    monkeypatch.setattr(app, "send_task", send)

    jobs.ring(uuid4())

    assert send.call_count == 0


@pytest.fixture
def closed_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A broker of which nobody answers."""
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    options = app.conf.broker_transport_options | {"max_retries": 0}
    for name, value in {"broker_url": settings.REDIS_URL, "broker_transport_options": options}.items():
        monkeypatch.setitem(app.conf, name, value)
    _forget_connections()
    yield
    _forget_connections()


def _forget_connections() -> None:
    app._pool = app.amqp._producer_pool = None


def test_unreachable_broker_is_logged_and_the_job_is_not_lost(
    closed_broker: None,
    handle: Callable[[Do], None],
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    handle(lambda run: None)
    with django_capture_on_commit_callbacks(execute=True):
        job = queued()

    jobs.sweep(jobs.run)

    assert [record.getMessage() for record in caplog.records] == [
        f"the broker cannot be reached; the sweep will find job {job.pk}"
    ]
    assert state(job) == ("DONE", "done")


def test_doorbell_does_the_job(handle: Callable[[Do], None]) -> None:
    handle(lambda run: None)
    job = queued()

    tasks.ring(str(job.pk))

    assert state(job) == ("DONE", "done")


def test_beat_rings_for_every_due_job(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Mock()
    monkeypatch.setattr(jobs, "ring", ring)
    job = queued()

    tasks.sweep()

    assert [call.args for call in ring.mock_calls] == [(job.pk,)]


def test_job_acts_for_its_practice_and_names_who_asked() -> None:
    harbor = world.practice()
    by = access.person(world.person(harbor, Role.BILLER), harbor.practice)
    assert by
    job = jobs.enqueue(kind=KIND, key="1", by=by)

    actor = access.job(job)

    assert (actor.practice_id, actor.user_id, actor.acting_as) == (harbor.practice.pk, by.user_id, "job write_837p")
