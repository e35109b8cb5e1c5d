"""Work in the background. The database is the only truth: a row is the queue and Celery the doorbell.

A worker takes a row by one conditional UPDATE that grows its fence and gives it a lease of 25 seconds. Every write of
a handler happens in a ``chunk``, which checks the fence and renews the lease, so that a worker that was thought dead
can change nothing once another has taken over. "Once ever" is the unique constraint of the effect itself.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError

from vca.celery import app
from vca.core import access, audit, kept_forms, sight, vocabulary
from vca.core.isolation import within
from vca.core.models import Document, Job, JobState, Practice, ServiceLocation
from vca.domain.errors import RuleError

LEASE = timedelta(seconds=25)  # several times what the longest chunk takes
ATTEMPTS = 3
DAILY_AT = time(6)
LIVE = (JobState.QUEUED, JobState.RUNNING)
SWEEP_AT_MOST = 50
MUCH_SMALLER = 10  # times
PACE_OF = 5  # jobs by which the time of the next one is judged

logger = logging.getLogger(__name__)
Handler = Callable[["Run"], None]
_handlers: dict[str, Handler] = {}


class LeaseLost(Exception):
    """Another worker has taken the job, or a person cancelled it: this one writes nothing more."""


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of a kind. Raises KeyError for an undeclared kind."""
    vocabulary.words(vocabulary.Family.JOB, kind)

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def enqueue(
    *,
    kind: str,
    key: str,
    by: access.Actor,
    subject_ids: list[int] | None = None,
    due_at: datetime | None = None,
) -> Job:
    """Write the row in the caller's transaction and ring on commit; return the live job of that kind and key."""
    vocabulary.words(vocabulary.Family.JOB, kind)
    job = Job(
        kind=kind,
        key=key,
        practice_id=by.practice_id,
        user_id=by.user_id,
        subject_ids=subject_ids or [],
        due_at=due_at or timezone.now(),
    )
    with transaction.atomic():
        live = _live(job)
        if live.pk == job.pk and by.user_id:
            audit.record(by=by, action="job.asked_for", subject=live, changes={"kind": kind})
    transaction.on_commit(partial(ring, live.pk))
    return live


def enqueue_behind(*, kind: str, key: str, by: access.Actor, **how: Any) -> Job:
    """Enqueue work that looks for its own rows; while the live job runs, which has looked, the one that follows it.

    ``how`` as for ``enqueue``. What was committed before this is called is seen by the job that is returned.
    """
    job = enqueue(kind=kind, key=key, by=by, **how)
    while job.state == JobState.RUNNING:
        job = enqueue(kind=kind, key=f"after {job.pk}", by=by, **how)
    return job


def beside(job: Job, *, at: datetime) -> QuerySet[Job]:
    """Return the other jobs of that kind that run for the practice, under a lease that holds."""
    rows = Job.objects.filter(kind=job.kind, practice=job.practice_id, state=JobState.RUNNING, locked_until__gte=at)
    return rows.exclude(pk=job.pk)


def digest(ids: Sequence[int]) -> str:
    """Return what tells one choice of rows from another in the key of a job; the order does not count."""
    return audit.digest_of_ids(ids)[:16]


def estimate(kind: str, number: int, *, by: access.Actor) -> timedelta | None:
    """Return how long so many would take at the pace of the last jobs of that kind; ``None`` when none can tell.

    A job of one claim says how long it takes to begin, not how long five hundred take: much smaller ones do not count.
    """
    enough = max(1, number // MUCH_SMALLER)
    rows = access.scope(Job.objects.filter(kind=kind, state=JobState.DONE, done__gte=enough), by)
    last = list(rows.order_by("-created_at", "pk").values_list("started_at", "finished_at", "done")[:PACE_OF])
    took = sum((end - start for start, end, _ in last if start and end), timedelta())
    return took * number / sum(done for *_, done in last) if last else None


def _live(job: Job) -> Job:
    """Insert the job unless one of its kind and key is live; return the live one, which may end between the two."""
    live = None
    while live is None:
        Job.objects.bulk_create([job], ignore_conflicts=True)
        live = Job.objects.filter(kind=job.kind, key=job.key, state__in=LIVE).first()
    return live


def ring(job_id: UUID) -> None:
    """Tell the workers of a job. Losing this costs ten seconds, never the job."""
    if not settings.REDIS_URL:
        return
    try:
        app.send_task("vca.core.tasks.ring", args=[str(job_id)], retry=False)
    except OperationalError:
        logger.error("the broker cannot be reached; the sweep will find job %s", job_id)


def due(now: datetime) -> QuerySet[Job]:
    """Return jobs that wait and are due, or run under a lease that has run out, oldest first."""
    waiting = Q(state=JobState.QUEUED, due_at__lte=now)
    abandoned = Q(state=JobState.RUNNING, locked_until__lt=now)
    return Job.objects.filter(waiting | abandoned).order_by("due_at", "pk")


def take(job_id: UUID, *, now: datetime) -> Job | None:
    """Take a due job under a new fence, or return ``None``; one that was left unfinished too often is parked."""
    mine = due(now).filter(pk=job_id).order_by()
    parked = mine.filter(attempt__gte=ATTEMPTS).update(
        state=JobState.PARKED,
        finished_at=now,
        outcome=f"left unfinished {ATTEMPTS} times",
    )
    if parked:
        return None
    taken = mine.update(
        state=JobState.RUNNING,
        fence=F("fence") + 1,
        attempt=F("attempt") + 1,
        locked_until=now + LEASE,
        started_at=Coalesce("started_at", now),
    )
    return Job.objects.get(pk=job_id) if taken else None


class Run:
    """One taking of a job: the only way in which its handler writes."""

    def __init__(self, job: Job, seen: Collection[int] = ()) -> None:
        self.job = job
        self.seen = seen
        self.by = access.job(job)
        self.finished = False

    @contextmanager
    def chunk(self, **progress: int) -> Iterator[None]:
        """One short transaction under the lease; ``progress`` is done and total. Raises LeaseLost."""
        with transaction.atomic():
            self._write(locked_until=timezone.now() + LEASE, **progress)
            yield

    def finish(self, outcome: str, *, result: Document | None = None) -> None:
        """End the job inside its last chunk, so that effect and end are one commit. ``outcome`` holds no names.

        Whose data it has read is recorded with it: of what nobody asked for, how many and a digest.
        """
        if self.seen:
            audit.record(by=self.by, action="job.read", subject=self.job, **self._read())
        self._write(
            state=JobState.DONE,
            finished_at=timezone.now(),
            outcome=outcome,
            result=result,
        )
        self.finished = True

    def _read(self) -> dict[str, Any]:
        if self.job.user_id:
            return {"veterans": self.seen}
        return {"changes": {"number": len(self.seen), "ids_sha256": audit.digest_of_ids(self.seen)}}

    def _write(self, **values: Any) -> None:
        mine = Job.objects.filter(pk=self.job.pk, fence=self.job.fence, state=JobState.RUNNING)
        if not mine.update(**values):
            raise LeaseLost(str(self.job.pk))


def run(job_id: UUID) -> bool:
    """Take and do a job in its practice; tell whether there was work."""
    asked = Job.objects.only("practice_id").filter(pk=job_id).first()
    if asked is None:
        return False
    with within(asked.practice_id):
        return _run(job_id)


def _run(job_id: UUID) -> bool:
    """Take and do a job. This is an edge: whatever goes wrong is logged and marked."""
    job = take(job_id, now=timezone.now())
    if job is None:
        return False
    try:
        _require_somebody(job)
        with sight.watching() as seen:
            _do(Run(job, seen))
    except LeaseLost:
        logger.info("job %s was cancelled or taken by another worker", job.pk)
    except RuleError as refusal:
        _park(job, str(refusal))
    except Exception as fault:
        logger.exception("job %s failed", job.pk)
        _put_back(job, type(fault).__name__)
    return True


def _do(run: Run) -> None:
    _handlers[run.job.kind](run)
    if not run.finished:
        with run.chunk():
            run.finish("done")


def _require_somebody(job: Job) -> None:
    """Refuse with NotPermitted what was asked for by somebody who works in the practice no more."""
    if job.user_id and job.practice_id and not access.active_roles(job.user_id, job.practice_id):
        raise access.NotPermitted("who asked for this no longer works here")


def _park(job: Job, reason: str) -> None:
    mine = Job.objects.filter(pk=job.pk, fence=job.fence, state=JobState.RUNNING)
    mine.update(state=JobState.PARKED, finished_at=timezone.now(), outcome=reason[:300])


def _put_back(job: Job, fault: str) -> None:
    if job.attempt >= ATTEMPTS:
        _park(job, f"failed {ATTEMPTS} times: {fault}")
        return
    later = timezone.now() + job.attempt * timedelta(seconds=10)
    mine = Job.objects.filter(pk=job.pk, fence=job.fence, state=JobState.RUNNING)
    mine.update(state=JobState.QUEUED, due_at=later, outcome=f"will be tried again: {fault}")


def cancel(*, job: Job, by: access.Actor) -> bool:
    """Cancel a live job; what its chunks have committed stays. Tell whether it was still live. Raises NotPermitted."""
    access.require(by, vocabulary.in_charge(job.kind))
    return _cancel(job, by, "cancelled by a person")


def cancel_all_of(user_id: int, *, by: access.Actor) -> int:
    """Cancel all live work in the practice for which a person asked who leaves it; return how much."""
    live = access.scope(Job.objects.filter(user_id=user_id, state__in=LIVE), by).order_by("created_at", "pk")
    return sum(_cancel(job, by, "cancelled: who asked for it has left") for job in live)


def _cancel(job: Job, by: access.Actor, outcome: str) -> bool:
    with transaction.atomic():
        live = Job.objects.filter(pk=job.pk, state__in=LIVE)
        cancelled = live.update(state=JobState.CANCELLED, finished_at=timezone.now(), outcome=outcome)
        if cancelled:
            audit.record(by=by, action="job.cancelled", subject=job)
    return bool(cancelled)


def retry(*, job: Job, by: access.Actor) -> bool:
    """Queue a parked job again with fresh attempts; tell whether it was parked and no other has taken its place.

    Raises NotPermitted.
    """
    access.require(by, vocabulary.in_charge(job.kind))
    with transaction.atomic():
        again = _queue_again(job)
        if again:
            audit.record(by=by, action="job.retried", subject=job)
            transaction.on_commit(partial(ring, job.pk))
    return again


def _queue_again(job: Job) -> bool:
    parked = Job.objects.filter(pk=job.pk, state=JobState.PARKED)
    try:
        with transaction.atomic():
            # A new start also for the daily plan: the next morning is counted from it.
            return bool(
                parked.update(
                    state=JobState.QUEUED,
                    attempt=0,
                    due_at=timezone.now(),
                    started_at=None,
                    finished_at=None,
                    outcome="",
                )
            )
    except IntegrityError:
        return False  # job_one_live_per_kind_and_key: the same work is queued already


def stopped(by: access.Actor) -> QuerySet[Job]:
    """Return the practice's work that stopped and waits for a person."""
    return access.scope(Job.objects.filter(state=JobState.PARKED), by).order_by("created_at", "pk")


def plan_daily(now: datetime) -> None:
    """See that each location has the next run of each daily job: at once if it never had one, else at 06:00 there."""
    for practice in Practice.objects.order_by("pk"):
        with within(practice.pk):
            _plan_all(access.acting_for(practice, what="daily plan"), now)


def _plan_all(by: access.Actor, now: datetime) -> None:
    kinds = vocabulary.daily_jobs()
    live = set(access.scope(Job.objects.filter(state__in=LIVE), by).values_list("kind", "key"))
    for place in access.scope(ServiceLocation.objects.all(), by):
        for kind in sorted(kinds):
            if (kind, str(place.pk)) not in live:
                _plan(kind, place, now, by=by)


def _plan(kind: str, place: ServiceLocation, now: datetime, *, by: access.Actor) -> None:
    last = Job.objects.filter(kind=kind, key=str(place.pk)).order_by("-due_at").first()
    # The morning after the last run, even if it is past: a worker that was down catches up at once.
    due_at = next_morning(place, last.started_at or last.due_at) if last else now
    enqueue(kind=kind, key=str(place.pk), by=by, subject_ids=[place.pk], due_at=due_at)


def next_morning(place: ServiceLocation, now: datetime) -> datetime:
    """Return the first 06:00 at the place after ``now``."""
    morning = datetime.combine(place.civil_day(now), DAILY_AT, tzinfo=place.zone)
    return morning if morning > now else datetime.combine(place.civil_day(now) + timedelta(1), DAILY_AT, place.zone)


def sweep(do: Callable[[UUID], Any]) -> int:
    """Plan daily work, hand every due job to ``do``, seal the audit trail; return the number of due jobs.

    Forms that nobody came back for within the hour go here too, since no daily work is soon enough.
    """
    now = timezone.now()
    for practice in Practice.objects.order_by("pk"):
        with within(practice.pk):
            kept_forms.forget_old(at=now)
    plan_daily(now)
    waiting = list(due(now).values_list("pk", flat=True)[:SWEEP_AT_MOST])
    for job_id in waiting:
        do(job_id)
    audit.seal(now)
    return len(waiting)
