"""Claim files: the ready claims of a practice as one 837P, its control numbers taken in the commit that stores it.

What somebody sends by hand is recorded here too: for the clocks it is a submission like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Q, Sum

from billing import queries
from billing.domain.answers import Verdict
from billing.domain.channels import Channel
from billing.domain.claim import Envelope, Receiver, Submitter, Usage
from billing.domain.states import CLAIM_MOVES, ClaimState
from billing.models import Claim, ClaimLine, ControlNumbers, PrintedClaim, Submission, SubmittedClaim
from billing.services import proofs
from billing.services.assembly import Assembled
from billing.services.claims import MoveNotOffered
from billing.services.proofs import Proof
from billing.x12.claim_837p import write_837p
from vca.core import access, audit, documents, jobs, states
from vca.core.access import Actor
from vca.core.models import Job, Practice
from vca.core.services import parameters, practices
from vca.domain.errors import RuleError

X12 = "application/edi-x12"
GAP = 10_000  # more than a practice takes between two backups
MINUTE = timedelta(minutes=1)  # a moment is entered to the minute, and what happened in that minute may precede it


class NothingReady(RuleError):
    """No claim is ready to be written."""

    code = "CLAIM-17"


class NothingChosen(RuleError):
    """No claim was chosen, or none that is ready."""

    code = "CLAIM-28"


class NotShown(RuleError):
    """Neither a number nor a file shows what was sent by hand."""

    code = "SUBMIT-01"


class WrongMoment(RuleError):
    """The claims cannot have been sent then."""

    code = "SUBMIT-02"


class NotTakenBack(RuleError):
    """The submission stands."""

    code = "SUBMIT-04"


@dataclass(frozen=True, slots=True)
class ByHand:
    """How claims were sent by hand: not as FILE. ``receipt`` is the number that the portal or the carrier gave."""

    channel: Channel
    sent_at: datetime
    receipt: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The control numbers of one file."""

    batch: int
    interchange: int
    group: int


def ask(*, by: Actor, claim_ids: Sequence[int] | None = None) -> Job:
    """Ask the worker to write the ready claims of the actor's practice, or of these; one such job waits at a time.

    A job that runs has looked for ready claims already: whoever asks then gets the one that follows it, so that a
    claim made ready meanwhile does not wait for the next asking. Raises NothingReady, NothingChosen.
    """
    ready = queries.ready_ids(by, among=claim_ids)
    if not ready and claim_ids is None:
        raise NothingReady("no claim is ready to be sent")
    if not ready:
        raise NothingChosen("none of the chosen claims is ready" if claim_ids else "no claim was chosen")
    chosen = [] if claim_ids is None else ready
    key = f"practice {by.practice_id} {jobs.digest(chosen)}" if chosen else f"practice {by.practice_id}"
    return jobs.enqueue_behind(kind="write_837p", key=key, by=by, subject_ids=chosen)


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
        told = {"claims": len(still)}
        named = queries.veterans_in(document)
        audit.record(by=by, action="submission.written", subject=submission, changes=told, veterans=named)
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
    local = at.astimezone(practices.home_zone(by))

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
        sent_at=at,
        created_at=at,
        created_by_id=by.user_id,
    )
    SubmittedClaim.objects.bulk_create(
        SubmittedClaim(practice_id=by.practice_id, submission=submission, claim_id=one.claim_id) for one in still
    )
    rows.update(state=ClaimState.SENT, sent_at=at, revision=F("revision") + 1)
    return submission


def record_by_hand(*, claim_ids: Sequence[int], sent: ByHand, by: Actor, at: datetime) -> Submission:
    """Record that ready claims went out together by hand, and mark them sent: the clocks start when they were.

    Mailed claims name the CMS-1500 that was printed of them as they stand. Raises NothingReady, MoveNotOffered,
    NotShown, NotAProof, NotAdmitted, WrongMoment.
    """
    if not (sent.receipt or sent.proof):
        raise NotShown(field="receipt")
    proof = proofs.admit(sent.proof) if sent.proof else None
    with transaction.atomic():
        rows = _locked_ready(claim_ids, by)
        _refuse_moment(rows, sent.sent_at, at)
        submission = Submission.objects.create(
            practice_id=by.practice_id,
            channel=sent.channel,
            document_id=_printed(rows, sent.sent_at) if sent.channel == Channel.MAIL else None,
            proof=proofs.keep(proof, kind="submission_proof", by=by) if proof else None,
            receipt=sent.receipt,
            claim_count=len(rows),
            total_charge=sum((row.total_charge for row in rows), start=Decimal()),
            sent_at=sent.sent_at,
            created_at=at,
            created_by_id=by.user_id,
        )
        SubmittedClaim.objects.bulk_create(
            SubmittedClaim(practice_id=by.practice_id, submission=submission, claim=row) for row in rows
        )
        locked = Claim.objects.filter(pk__in=[row.pk for row in rows])
        states.moved(locked, "send", along=CLAIM_MOVES, sent_at=sent.sent_at, revision=F("revision") + 1)
        told = {"claims": len(rows), "channel": sent.channel}
        named = [row.veteran_id for row in rows]
        audit.record(by=by, action="submission.by_hand", subject=submission, changes=told, veterans=named)
    return submission


def _locked_ready(claim_ids: Sequence[int], by: Actor) -> list[Claim]:
    """Lock the claims in the one order, as a file does. Raises NothingReady, MoveNotOffered."""
    mine = access.scope(Claim.objects.select_for_update(no_key=True, of=("self",)), by)
    rows = list(mine.filter(pk__in=claim_ids).select_related("location").order_by("pk"))
    if not rows or len(rows) < len(set(claim_ids)):
        raise NothingReady("one of the claims is not there" if rows else "no claim was chosen")
    for row in rows:
        if row.state != ClaimState.READY:
            raise MoveNotOffered(f"claim {row.control_number} is {row.get_state_display().lower()}")
    return rows


def _refuse_moment(rows: Sequence[Claim], sent_at: datetime, at: datetime) -> None:
    """Raise WrongMoment for one that is still to come, before the last visit of a claim, or before what it follows.

    A claim may have been sent before it was drafted here: it was typed into a portal first and recorded afterwards.
    """
    if sent_at > at:
        raise WrongMoment("the moment is still to come", field="on")
    _refuse_overtaking(rows, sent_at)
    lines = ClaimLine.objects.filter(claim__in=rows).order_by().values_list("claim")
    last = dict(lines.annotate(last=Max("service_date")))
    for row in rows:
        if row.pk in last and row.location.civil_day(sent_at) < last[row.pk]:
            raise WrongMoment(f"the last visit of claim {row.control_number} was later", field="on")


def _refuse_overtaking(rows: Sequence[Claim], sent_at: datetime) -> None:
    """Raise WrongMoment for a claim that is sent anew: before it was sent last, or on a day before its rejection."""
    earlier = SubmittedClaim.objects.filter(claim__in=rows, submission__withdrawn_at__isnull=True).order_by()
    rejected = Q(acknowledgments__verdict=Verdict.REJECTED, acknowledgments__withdrawn_at__isnull=True)
    known = {"sent": Max("submission__sent_at"), "rejected_on": Max("acknowledgments__answered_on", filter=rejected)}
    found: Any = earlier.values("claim").annotate(**known)
    last = {one["claim"]: one for one in found}
    for row in rows:
        before = last.get(row.pk)
        if before and sent_at + MINUTE <= before["sent"]:
            raise WrongMoment(f"claim {row.control_number} was sent before, and later than that", field="on")
        if before and before["rejected_on"] and row.location.civil_day(sent_at) < before["rejected_on"]:
            raise WrongMoment(f"claim {row.control_number} was rejected later than that", field="on")


def _printed(rows: Sequence[Claim], sent_at: datetime) -> int | None:
    """Return the newest CMS-1500 in which every one of the claims was printed by then as it stands, if there is one."""
    printed = PrintedClaim.objects.filter(claim__in=rows, revision=F("claim__revision"))
    printed = printed.filter(printed_at__lt=sent_at + MINUTE).order_by()
    whole = printed.values("document").annotate(claims=Count("claim")).filter(claims=len(rows))
    return whole.order_by("-document").values_list("document", flat=True).first()


def take_back(*, submission: Submission, reason: str, by: Actor, at: datetime) -> None:
    """Undo what was recorded as sent by hand while nothing came back: its claims are ready again.

    Raises NotTakenBack for a file, for what was taken back already, and once a claim has its answer.
    """
    with transaction.atomic():
        row = access.scope(Submission.objects.select_for_update(no_key=True), by).get(pk=submission.pk)
        if row.channel == Channel.FILE or row.withdrawn_at:
            raise NotTakenBack("it is a file" if row.channel == Channel.FILE else "it was taken back already")
        live = SubmittedClaim.objects.filter(submission=row, is_live=True)
        mine = Claim.objects.select_for_update(no_key=True).filter(pk__in=live.values("claim")).order_by("pk")
        answered = [claim.control_number for claim in mine if claim.state != ClaimState.SENT]
        answered += row.submitted.exclude(answer="").values_list("claim__control_number", flat=True)
        if answered:
            raise NotTakenBack(f"something came back for claim {answered[0]}")
        sent = Claim.objects.filter(pk__in=[claim.pk for claim in mine])
        states.moved(sent, "take_back", along=CLAIM_MOVES, sent_at=None, revision=F("revision") + 1)
        live.update(is_live=False)
        row.withdrawn_at, row.withdrawn_reason, row.withdrawn_by_id = at, reason, by.user_id
        row.save(update_fields=["withdrawn_at", "withdrawn_reason", "withdrawn_by"])
        told, named = {"claims": row.claim_count}, row.submitted.values_list("claim__veteran", flat=True)
        audit.record(by=by, action="submission.taken_back", subject=row, changes=told, veterans=named)


def leave_gap(*, by: Actor) -> None:
    """After a restore, pass over the numbers that may have been sent since the backup was made: none goes out twice."""
    access.scope(ControlNumbers.objects.all(), by).update(
        interchange=F("interchange") + GAP, group=F("group") + GAP, batch=F("batch") + GAP, claim=F("claim") + GAP
    )
