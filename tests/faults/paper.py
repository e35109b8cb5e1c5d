"""The job that prints claims, what must be so whoever was killed meanwhile, and the same job as it is often written."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

from django.db import transaction
from django.utils import timezone

from billing import queries
from billing.domain.states import ClaimState
from billing.models import Claim, PrintedClaim
from billing.services import paper_claims
from billing.services.printing import print_sheets
from tests.faults.batches import do, let_lease_run_out
from tests.faults.kill_lines import lines_of, run_until
from vca.core import documents, jobs
from vca.core.access import Actor
from vca.core.jobs import Run
from vca.core.models import AuditEvent, Document, Job, JobState
from vca.core.services import practices

JOB = (
    "billing.services.paper_claims",
    "billing.services.printing",
    "billing.tasks",
    "django.db.transaction",
    "tests.faults.paper",
    "vca.core.documents",
    "vca.core.jobs",
)
PRINTED = AuditEvent.objects.filter(action="claims.printed")


def ask(by: Actor) -> Job:
    """Ask for all ready claims on paper."""
    print_sheets([])  # the form is drawn before anybody is killed: drawing it writes nothing
    return paper_claims.ask(queries.ready_ids(by), with_form=True, by=by)


def forget() -> None:
    """Leave no job and no file, as if nobody had ever asked; the audit trail stays."""
    Job.objects.all().delete()
    PrintedClaim.objects.all().delete()
    Document.objects.filter(kind="claims_cms1500").delete()


def lines_of_the_job(by: Actor) -> int:
    """Return at how many lines the job can be killed."""
    count = lines_of(partial(do, ask(by)), modules=JOB)
    forget()
    return count


def killed_at(line: int, by: Actor) -> list[str]:
    """Ask for a file, kill the worker at that line of the job, let another one recover; return what is wrong then."""
    job, before = ask(by), PRINTED.count()
    run_until(partial(do, job), modules=JOB, line=line)
    let_lease_run_out(job.pk)
    do(job)
    found = wrongs(job, events=PRINTED.count() - before)
    forget()
    return found


def wrongs(job: Job, *, events: int) -> list[str]:
    """Return what is wrong after a job: one file of all claims, told once, and no claim moved."""
    job.refresh_from_db()
    kept = list(Document.objects.filter(kind="claims_cms1500"))
    found = {
        f"the job is {job.state}: {job.outcome}": job.state != JobState.DONE,
        f"{len(kept)} files": [one.pk for one in kept] != [job.result_id],
        "another file than the claims make": [documents.read(one) for one in kept] != [_as_reviewed(job)],
        f"told {events} times": events != 1,
        "a claim was moved": set(Claim.objects.values_list("state", flat=True)) != {ClaimState.READY},
    }
    return [what for what, so in found.items() if so]


def _as_reviewed(job: Job) -> bytes:
    by = Run(job).by
    return print_sheets(paper_claims.review(job.subject_ids, by=by, at=timezone.now()).sheets)


def write_cms1500(run: Run) -> None:
    """Keep the file in a commit of its own and tell the job afterwards."""
    now = timezone.now()
    on = practices.civil_day(run.by, at=now)
    whole = paper_claims.review(run.job.subject_ids, by=run.by, at=now)
    content = print_sheets(whole.sheets)
    with transaction.atomic():
        kept = paper_claims.keep(content, whole=whole, by=run.by, on=on)
    with run.chunk():
        run.finish("printed", result=kept)


@contextmanager
def naive_job() -> Iterator[None]:
    """Let claims be printed that way in this process."""
    with patch.dict(jobs._handlers, {paper_claims.WITH_FORM: write_cms1500}):
        yield
