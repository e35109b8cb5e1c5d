"""The negative control of the kills: the job of the claim file as it is often written."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db import transaction
from django.utils import timezone

from billing import queries
from billing.domain.states import ClaimState
from billing.models import Claim
from billing.services import assembly, submissions
from billing.x12.claim_837p import write_837p as to_text
from vca.core import audit, documents, jobs
from vca.core.jobs import Run
from vca.core.models import Practice


def write_837p(run: Run) -> None:
    """Mark the claims as sent, then write their file: commits of their own, no fence, and nothing that looks back."""
    ids, now = queries.ready_ids(run.by), timezone.now()
    for claim_id in ids:
        Claim.objects.filter(pk=claim_id).update(state=ClaimState.SENT, sent_at=now)
    sound = assembly.assemble(ids, by=run.by, at=now)
    if not sound:
        return
    practice = Practice.objects.get(pk=run.by.practice_id)
    numbers = submissions._take_numbers(practice)
    envelope = submissions._envelope(practice, numbers, by=run.by, at=now)
    content = to_text([one.document for one in sound], envelope=envelope)
    with transaction.atomic():
        kept = documents.keep(content, kind="claims_837p", filename="x.837", media_type=submissions.X12, by=run.by)
    row = submissions._record(sound, numbers, envelope, document_id=kept.pk, job=run.job, by=run.by, at=now)
    with transaction.atomic():
        audit.record(by=run.by, action="submission.written", subject=row, changes={"claims": len(sound)})
    with run.chunk():
        run.finish("written", result=kept)


@contextmanager
def naive_job() -> Iterator[None]:
    """Let the claim file be written that way in this process."""
    with patch.dict(jobs._handlers, {"write_837p": write_837p}):
        yield
