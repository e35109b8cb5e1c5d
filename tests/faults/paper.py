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
from billing.services.printing import PDF, print_sheets
from tests.faults.batches import JOB, do, recover
from tests.faults.kill_lines import lines_of
from vca.core import audit, documents, jobs
from vca.core.access import Actor
from vca.core.jobs import Run
from vca.core.models import AuditEvent, Document, Job, JobState

FILES = Document.objects.filter(kind="claims_cms1500")
PRINTED = AuditEvent.objects.filter(action="claims.printed")


def ask(by: Actor) -> Job:
    """Ask for all ready claims on paper."""
    print_sheets([])  # the form is drawn before anybody is killed: drawing it writes nothing
    return paper_claims.ask(queries.ready_ids(by), with_form=True, by=by)


def forget() -> None:
    """Leave no job and no file, as if nobody had ever asked; the audit trail stays."""
    Job.objects.all().delete()
    PrintedClaim.objects.all().delete()
    for document in FILES.all():
        documents.path(document).unlink()  # the same claims are the same bytes: else it would lie there already
    FILES.delete()


def lines_of_the_job(by: Actor) -> int:
    """Return at how many lines the job can be killed."""
    for _ in range(2):  # what a process works out once and keeps is not met again
        count = lines_of(partial(do, ask(by)), modules=JOB)
        forget()
    return count


def killed_at(line: int, by: Actor) -> list[str]:
    """Ask for a file, kill the worker at that line of the job, let another one recover; return what is wrong then."""
    job, before = ask(by), PRINTED.count()
    recover(job, line=line)
    found = wrongs(job, events=PRINTED.count() - before)
    forget()
    return found


def wrongs(job: Job, *, events: int) -> list[str]:
    """Return what is wrong after a job: one file of all claims, told once, and no claim moved."""
    job.refresh_from_db()
    kept, printed = list(FILES.all()), PrintedClaim.objects.values_list("document", "claim", "revision")
    found = {
        f"the job is {job.state}: {job.outcome}": job.state != JobState.DONE,
        f"{len(kept)} files": [one.pk for one in kept] != [job.result_id],
        "another file than the claims make": [documents.read(one) for one in kept] != [_as_reviewed(job)],
        "other claims are noted as printed": sorted(printed) != [(job.result_id, pk, 0) for pk in job.subject_ids],
        f"told {events} times": events != 1,
        "a claim was moved": set(Claim.objects.values_list("state", "revision")) != {(ClaimState.READY, 0)},
    }
    return [what for what, so in found.items() if so]


def _as_reviewed(job: Job) -> bytes:
    by = Run(job).by
    return print_sheets(paper_claims.review(job.subject_ids, by=by, at=timezone.now()).sheets)


def write_cms1500(run: Run) -> None:
    """Tell that the claims are printed, then print them: commits of their own, and nothing that looks back."""
    ids, now = run.job.subject_ids, timezone.now()
    with transaction.atomic():
        audit.record(by=run.by, action="claims.printed", subject=run.job, changes={"claims": len(ids)})
    content = print_sheets(paper_claims.review(ids, by=run.by, at=now).sheets)
    with transaction.atomic():
        kept = documents.keep(content, kind="claims_cms1500", filename="x.pdf", media_type=PDF, by=run.by)
    noted = (
        PrintedClaim(practice_id=run.by.practice_id, document=kept, claim_id=pk, revision=0, printed_at=timezone.now())
        for pk in ids
    )
    PrintedClaim.objects.bulk_create(noted, ignore_conflicts=True)
    with run.chunk():
        run.finish("printed", result=kept)


@contextmanager
def naive_job() -> Iterator[None]:
    """Let claims be printed that way in this process."""
    with patch.dict(jobs._handlers, {paper_claims.WITH_FORM: write_cms1500}):
        yield
