"""Background work of the demo, done here and now by the jobs that do it every day."""

from collections.abc import Sequence
from datetime import datetime

from billing.services import submissions
from vca.core import jobs
from vca.core.access import Actor
from vca.core.models import Job, JobState, Practice


class JobNotDone(Exception):
    """A job of the demo did not end: our fault, and nothing of the demo is kept."""


def write_batch(by: Actor) -> None:
    """Write the ready claims as a file. Raises JobNotDone, NothingReady."""
    _do(submissions.ask(by=by))


def watch(practices: Sequence[Practice], *, now: datetime) -> None:
    """Let the daily watch of each location raise what is due. Raises JobNotDone."""
    jobs.plan_daily(now)
    due = jobs.due(now).filter(practice__in=practices)
    for job in sorted(due, key=lambda job: job.subject_ids):  # their keys are random, and alerts come in one order
        _do(job)


def _do(job: Job) -> None:
    jobs.run(job.pk)
    job.refresh_from_db()
    if job.state != JobState.DONE:
        raise JobNotDone(f"{job.kind} is {job.state.lower()}: {job.outcome}")
