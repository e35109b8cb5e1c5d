"""Claim files: the ready claims of a practice as one 837P, its control numbers taken in the commit that stores it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Sum

from billing.domain.claim import Envelope, Receiver, Submitter, Usage
from billing.domain.states import ClaimState
from billing.models import Claim, ControlNumbers, Submission, SubmittedClaim
from billing.services.assembly import Assembled
from billing.x12.claim_837p import write_837p
from vca.core import access, audit, documents, jobs
from vca.core.access import Actor
from vca.core.models import Job, JobState, Practice, ServiceLocation
from vca.core.services import parameters
from vca.domain.errors import RuleError

X12 = "application/edi-x12"
GAP = 10_000  # more than a practice takes between two backups


class NothingReady(RuleError):
    """No claim is ready to be written."""

    code = "CLAIM-17"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The control numbers of one file."""

    batch: int
    interchange: int
    group: int


def ask(*, by: Actor) -> Job:
    """Ask the worker to write the ready claims of the actor's practice; one such job waits at a time.

    A job that runs has looked for ready claims already: whoever asks then gets the one that follows it, so that a
    claim made ready meanwhile does not wait for the next asking. Raises NothingReady.
    """
    if not access.scope(Claim.objects.filter(state=ClaimState.READY), by).exists():
        raise NothingReady("no claim is ready to be sent")
    job = jobs.enqueue(kind="write_837p", key=f"practice {by.practice_id}", by=by)
    while job.state == JobState.RUNNING:
        job = jobs.enqueue(kind="write_837p", key=f"after {job.pk}", by=by)
    return job


def store(assembled: Sequence[Assembled], *, job: Job | None, by: Actor, at: datetime) -> Submission | None:
    """Write one file of the claims that are still as they were assembled, and mark them sent; ``None`` without any.

    File, control numbers, states and job end in one commit: a worker that dies before it has done nothing, and one
    that dies after it has done everything.
    """
    with transaction.atomic():
        still = _still_ready(assembled, by)
        if not still:
            return None
        practice = Practice.objects.get(pk=by.practice_id)
        numbers = _take_numbers(practice)
        envelope = _envelope(practice, numbers, by=by, at=at)
        content = write_837p([one.document for one in still], envelope=envelope)
        filename = f"{practice.code}-{numbers.batch:06d}.837"
        document = documents.keep(content, kind="claims_837p", filename=filename, media_type=X12, by=by)
        submission = _record(still, numbers, envelope, document_id=document.pk, job=job, by=by, at=at)
        audit.record(by=by, action="submission.written", subject=submission, changes={"claims": len(still)})
    return submission


def _still_ready(assembled: Sequence[Assembled], by: Actor) -> list[Assembled]:
    """Lock the claims in one order and keep those that nobody has changed since they were assembled."""
    ids = [one.claim_id for one in assembled]
    mine = access.scope(Claim.objects.select_for_update(no_key=True), by)
    rows = mine.filter(pk__in=ids, state=ClaimState.READY).order_by("pk")
    revisions = dict(rows.values_list("pk", "revision"))
    return [one for one in assembled if revisions.get(one.claim_id) == one.revision]


def _take_numbers(practice: Practice) -> Numbers:
    ControlNumbers.objects.get_or_create(practice=practice)
    rows = ControlNumbers.objects.filter(practice=practice)
    rows.update(batch=F("batch") + 1, interchange=F("interchange") + 1, group=F("group") + 1)
    taken = rows.get()
    return Numbers(taken.batch, taken.interchange, taken.group)


def _envelope(practice: Practice, numbers: Numbers, *, by: Actor, at: datetime) -> Envelope:
    home = ServiceLocation.objects.filter(practice=practice, is_active=True).order_by("pk").first()
    local = at.astimezone(home.zone if home else ZoneInfo("UTC"))

    def value(name: str) -> str:
        return parameters.value(name, practice_id=practice.pk, on=local.date())

    name = practice.legal_name or practice.name
    sender = value("submitter-id") or practice.tax_id
    return Envelope(
        submitter=Submitter(name, sender, practice.billing_contact or "BILLING OFFICE", practice.billing_phone),
        receiver=Receiver(value("receiver-name"), value("receiver-id")),
        usage=Usage.TEST if practice.test_data else Usage.PRODUCTION,
        interchange_control_number=numbers.interchange,
        group_control_number=numbers.group,
        batch_id=f"B{practice.pk}-{numbers.batch:06d}",
        created_at=local,
    )


def _record(
    still: Sequence[Assembled],
    numbers: Numbers,
    envelope: Envelope,
    *,
    document_id: int,
    job: Job | None,
    by: Actor,
    at: datetime,
) -> Submission:
    rows = Claim.objects.filter(pk__in=[one.claim_id for one in still])
    submission = Submission.objects.create(
        practice_id=by.practice_id,
        batch_number=numbers.batch,
        interchange_control_number=numbers.interchange,
        group_control_number=numbers.group,
        document_id=document_id,
        job=job,
        claim_count=len(still),
        total_charge=rows.aggregate(total=Sum("total_charge"))["total"],
        usage=envelope.usage,
        receiver_id=envelope.receiver.receiver_id,
        created_at=at,
        created_by_id=by.user_id,
    )
    SubmittedClaim.objects.bulk_create(
        SubmittedClaim(practice_id=by.practice_id, submission=submission, claim_id=one.claim_id) for one in still
    )
    rows.update(state=ClaimState.SENT, sent_at=at, revision=F("revision") + 1)
    return submission


def leave_gap() -> None:
    """After a restore, pass over the numbers that may have been sent since the backup was made: none goes out twice."""
    ControlNumbers.objects.update(
        interchange=F("interchange") + GAP, group=F("group") + GAP, batch=F("batch") + GAP, claim=F("claim") + GAP
    )
