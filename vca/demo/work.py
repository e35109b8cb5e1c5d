"""Background work of the demo, done here and now: by the services that the jobs call, or by the jobs themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from billing import queries
from billing.models import Submission
from billing.services import assembly, paper_claims, submissions
from billing.services.printing import print_sheets
from vca.core import alerts, jobs
from vca.core.access import Actor
from vca.core.models import Job, JobState, Practice
from vca.core.services import inbox
from vca.core.services.inbox import Snooze
from vca.core.typesetting.press import CannotDraw
from vca.demo.people import Staff

STILL_TO_ASK = 4  # authorizations of the demo for which VA must be asked for more


class JobNotDone(Exception):
    """A job of the demo did not end: our fault, and nothing of the demo is kept."""


def write_batch(by: Actor, *, at: datetime) -> Submission | None:
    """Write the ready claims as a file at that moment; ``None`` without any."""
    return submissions.store(assembly.assemble(queries.ready_ids(by), by=by, at=at), job=None, by=by, at=at)


def print_paper(by: Actor, claim_ids: Sequence[int], *, at: datetime) -> None:
    """Print claims as CMS-1500 at that moment. Where no form can be drawn the demo goes on without one."""
    whole = paper_claims.review(claim_ids, by=by, at=at)
    try:
        content = print_sheets(whole.sheets)
    except CannotDraw:
        return
    paper_claims.keep(content, whole=whole, by=by, at=at)


def watch(practices: Sequence[Practice], *, now: datetime) -> None:
    """Let the daily watch of each location raise what is due. Raises JobNotDone."""
    jobs.plan_daily(now)
    due = jobs.due(now).filter(practice__in=practices)
    # Their keys are random, and alerts come in one order.
    for job in sorted(due, key=lambda job: (job.kind, job.subject_ids)):
        _do(job)


def see_to_alerts(staff: Staff, *, now: datetime) -> None:
    """Take an alert, snooze another and dismiss what was done, so that each view of the inbox has something to show."""
    few = list(alerts.awake(staff.biller, at=now).filter(kind="visits_left").order_by("due_on", "pk")[:2])
    asked = Snooze(now.date() + timedelta(days=7), "The Request for Services is with VA.")
    inbox.take(alert=few[0], by=staff.biller)
    inbox.snooze(few[1:], asked=asked, by=staff.clinician, at=now)
    to_ask = alerts.awake(staff.biller, at=now).filter(kind="request_due").order_by("-due_on", "pk")
    inbox.dismiss(list(to_ask[STILL_TO_ASK:]), reason="The Request for Services was sent.", by=staff.biller, at=now)


def _do(job: Job) -> None:
    jobs.run(job.pk)
    job.refresh_from_db()
    if job.state != JobState.DONE:
        raise JobNotDone(f"{job.kind} is {job.state.lower()}: {job.outcome}")
