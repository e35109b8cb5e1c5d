"""What comes back for a claim that was sent: accepted, with the payer's number of it, or rejected, in its words.

One function takes an answer, whoever read it and wherever it came from. A rejected claim was never received: its
submission is over, its filing limit has run on, and it is mended and sent anew under its own number.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, QuerySet

from billing.domain.answers import ACTS, SOURCE_WORDS, Source, Verdict
from billing.domain.states import CLAIM_MOVES, ClaimState
from billing.models import Acknowledgment, Claim, SubmittedClaim
from billing.services import proofs
from billing.services.claims import MoveNotOffered
from billing.services.proofs import Admitted, NotAProof, Proof
from vca.core import access, audit, states
from vca.core.access import Actor
from vca.core.models import Document
from vca.core.uploads.gate import NotAdmitted
from vca.domain.errors import RuleError


class NotShown(RuleError):
    """Neither a number nor a file shows the answer."""

    code = "ANSWER-01"


class NoWords(RuleError):
    """A rejection does not say what the payer said."""

    code = "ANSWER-02"


class WrongDay(RuleError):
    """The claim cannot have been answered on that day."""

    code = "ANSWER-03"


class NotUndone(RuleError):
    """The answer stands."""

    code = "ANSWER-04"


class AcceptedAlready(RuleError):
    """The source has accepted the claim already."""

    code = "ANSWER-05"


FAULTS = (
    NotShown,
    NoWords,
    WrongDay,
    NotAProof,
    NotAdmitted,
    AcceptedAlready,
)  # of what was said, and not of where the claim stands


@dataclass(frozen=True, slots=True)
class Answer:
    """What a payer or a clearinghouse said, and when and where it said so.

    ``words`` are its own, with its codes; ``reference`` is the number of a call, a letter or a report. ``proof`` is a
    file as it was uploaded, or one that is kept already.
    """

    verdict: Verdict
    source: Source
    answered_on: date
    words: str = ""
    payer_claim_number: str = ""
    reference: str = ""
    proof: Proof | Document | None = None


def take(*, claim: Claim, answer: Answer, by: Actor, at: datetime) -> Acknowledgment:
    """Keep an answer to the claim's live submission and move the claim to what it says.

    What a clearinghouse accepted the payer may accept too, and then gives its number of the claim.
    Raises NotShown, NoWords, WrongDay, NotAProof, NotAdmitted, AcceptedAlready, MoveNotOffered.
    """
    _refuse_bare(answer)
    proof = proofs.admit(answer.proof) if isinstance(answer.proof, Proof) else answer.proof
    with transaction.atomic():
        act = ACTS[answer.verdict]
        states.move(claim, act, along=CLAIM_MOVES, refusal=MoveNotOffered, by=by, revision=F("revision") + 1)
        sent = SubmittedClaim.objects.select_related("submission").get(claim=claim, is_live=True)
        _refuse_day(answer.answered_on, claim, sent, at)
        _refuse_repeated(answer, sent)
        made = _kept(answer, proof, sent, by=by, at=at)
        _stands(sent, answer.verdict)
        told = {"submission": sent.submission_id, "source": answer.source}
        audit.record(by=by, action=f"claim.{answer.verdict.lower()}", subject=claim, changes=told)
    return made


def _refuse_bare(answer: Answer) -> None:
    if answer.verdict == Verdict.REJECTED and not answer.words:
        raise NoWords(field="words")
    if not (answer.payer_claim_number or answer.reference or answer.proof):
        raise NotShown(field="reference")


def _refuse_day(on: date, claim: Claim, sent: SubmittedClaim, at: datetime) -> None:
    sent_on, today = (claim.location.civil_day(moment) for moment in (sent.submission.sent_at, at))
    if not sent_on <= on <= today:
        raise WrongDay("the claim was sent later" if on < sent_on else "the day is still to come", field="answered_on")


def _refuse_repeated(answer: Answer, sent: SubmittedClaim) -> None:
    if _standing(sent, answer.verdict).filter(source=answer.source).exists():
        raise AcceptedAlready(f"recorded already: {SOURCE_WORDS[answer.source].lower()}", field="source")


def _standing(sent: SubmittedClaim, verdict: str) -> QuerySet[Acknowledgment]:
    """Return the answers to that effect which were not undone, the newest first."""
    return sent.acknowledgments.filter(withdrawn_at__isnull=True, verdict=verdict).order_by("-pk")


def _kept(
    answer: Answer, proof: Admitted | Document | None, sent: SubmittedClaim, *, by: Actor, at: datetime
) -> Acknowledgment:
    return Acknowledgment.objects.create(
        practice_id=by.practice_id,
        submitted=sent,
        verdict=answer.verdict,
        source=answer.source,
        answered_on=answer.answered_on,
        words=answer.words,
        payer_claim_number=answer.payer_claim_number,
        reference=answer.reference,
        proof=proofs.keep(proof, kind="answer_proof", by=by) if isinstance(proof, Admitted) else proof,
        created_at=at,
        created_by_id=by.user_id,
    )


def _stands(sent: SubmittedClaim, verdict: str) -> None:
    """Let the submission of the claim end with a rejection, and go on without one."""
    sent.answer, sent.is_live = verdict, verdict != Verdict.REJECTED
    sent.save(update_fields=["answer", "is_live"])


def undo(*, acknowledgment: Acknowledgment, reason: str, by: Actor, at: datetime) -> None:
    """Withdraw an answer that was recorded by mistake: the claim waits again, or stands as an earlier answer left it.

    Raises NotUndone when it was withdrawn already, and once the claim has moved on.
    """
    with transaction.atomic():
        mine = access.scope(Acknowledgment.objects.select_for_update(no_key=True, of=("self",)), by)
        row = mine.select_related("submitted__claim").get(pk=acknowledgment.pk)
        sent, claim = row.submitted, row.submitted.claim
        _refuse_followed(row)
        _move(claim, "undo_answer")
        earlier = sent.acknowledgments.filter(withdrawn_at__isnull=True).exclude(pk=row.pk).first()
        if earlier:
            _move(claim, ACTS[Verdict(earlier.verdict)])
        _stands(sent, earlier.verdict if earlier else "")
        row.withdrawn_at, row.withdrawn_reason, row.withdrawn_by_id = at, reason, by.user_id
        row.save(update_fields=["withdrawn_at", "withdrawn_reason", "withdrawn_by"])
        audit.record(by=by, action="claim.answer_undone", subject=claim, changes={"acknowledgment": row.pk})


def _refuse_followed(row: Acknowledgment) -> None:
    """Raise NotUndone unless the claim, which is locked, stands where this answer put it."""
    claim = Claim.objects.select_for_update(no_key=True).get(pk=row.submitted.claim_id)
    if row.withdrawn_at:
        raise NotUndone("it was undone already")
    if claim.submitted.filter(pk__gt=row.submitted_id).exists() or claim.state != ClaimState(row.verdict):
        raise NotUndone(f"the claim has moved on: it is {claim.get_state_display().lower()}")


def _move(claim: Claim, act: str) -> None:
    states.moved(Claim.objects.filter(pk=claim.pk), act, along=CLAIM_MOVES, revision=F("revision") + 1)


def undoable(claim: Claim) -> Acknowledgment | None:
    """Return the answer that put the claim where it stands."""
    if claim.state not in set(Verdict):
        return None
    standing = Acknowledgment.objects.filter(submitted__claim=claim, withdrawn_at__isnull=True, verdict=claim.state)
    return standing.order_by("-pk").first()


def payer_claim_number(answer: Acknowledgment) -> str:
    """Return the number that the payer gave the claim, in this answer or in another to the same effect."""
    numbered = _standing(answer.submitted, answer.verdict).exclude(payer_claim_number="")
    return numbered.values_list("payer_claim_number", flat=True).first() or ""
