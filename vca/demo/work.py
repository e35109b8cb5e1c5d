"""Background work of the demo, done here and now by the jobs that do it every day."""

from collections.abc import Sequence
from datetime import datetime

from billing.services import paper_claims, submissions
from vca.core import jobs
from vca.core.access import Actor
from vca.core.models import Job, JobState, Practice


class JobNotDone(Exception):
    """A job of the demo did not end: our fault, and nothing of the demo is kept."""


def write_batch(by: Actor) -> None:
    """Write the ready claims as a file. Raises JobNotDone, NothingReady."""
    _do(submissions.ask(by=by))


def print_paper(by: Actor, claim_ids: Sequence[int]) -> None:
    """Print claims as CMS-1500. Where no form can be drawn the job waits for a person, and the demo goes on."""
    job = paper_claims.ask(claim_ids, with_form=True, by=by)
    jobs.run(job.pk)


def watch(practices: Sequence[Practice], *, now: datetime) -> None:
    """Let the daily watch of each location raise what is due. Raises JobNotDone."""
    jobs.plan_daily(now)
    due = jobs.due(now).filter(practice__in=practices)
    # Their keys are random, and alerts come in one order.
    for job in sorted(due, key=lambda job: (job.kind, job.subject_ids)):
        _do(job)


def _do(job: Job) -> None:
    jobs.run(job.pk)
    job.refresh_from_db()
    if job.state != JobState.DONE:
        raise JobNotDone(f"{job.kind} is {job.state.lower()}: {job.outcome}")
