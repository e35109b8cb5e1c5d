"""What VA answers in the demo: most of the file is accepted, two claims are rejected, two wait; one is sent anew."""

from datetime import datetime, timedelta

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.domain.states import ClaimState
from billing.models import Claim
from billing.services import acknowledgments, claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from vca.core import access
from vca.core.access import Actor

FEW = 8  # claims: of a file with fewer all are accepted
REJECTIONS = (
    "A7:562:85 Billing provider is not known under this tax number.",
    "A3:33:IL Subscriber and subscriber id are not found together.",
)
LATER = timedelta(hours=2)


def to_the_file(by: Actor, at: datetime) -> None:
    """Read the clearinghouse's report on the file."""
    sent = list(access.scope(Claim.objects.filter(state=ClaimState.SENT), by).order_by("pk"))
    newest = sent[-4:] if len(sent) >= FEW else []
    rejected, waiting = newest[2:], newest[:2]
    for claim, words in zip(rejected, REJECTIONS, strict=False):
        on = claim.location.civil_day(at)
        answer = Answer(Verdict.REJECTED, Source.CLEARINGHOUSE, on, words=words, reference="REPORT-0028")
        acknowledgments.take(claim=claim, answer=answer, by=by, at=at)
    for claim in sent:
        if claim not in rejected and claim not in waiting:
            _accepted(claim, Source.CLEARINGHOUSE, by, at)


def mend_one(by: Actor, at: datetime) -> None:
    """Build the first of the rejected claims again and type it into the portal; the other is left to whoever tries."""
    claim = access.scope(Claim.objects.filter(state=ClaimState.REJECTED), by).order_by("pk").first()
    if claim is None:
        return
    claims.back_to_draft(claim=claim, by=by)
    claims.rebuild(claim=claim, by=by)
    claims.make_ready(claim=claim, by=by, at=at)
    sent = ByHand(Channel.PORTAL, at + LATER, "TEST-000020")
    submissions.record_by_hand(claim_ids=[claim.pk], sent=sent, by=by, at=at + LATER)


def to_the_portal(by: Actor, at: datetime) -> None:
    """Look into the portal: it has taken what was typed into it."""
    live = {"submitted__is_live": True, "submitted__submission__channel": Channel.PORTAL}
    for claim in access.scope(Claim.objects.filter(state=ClaimState.SENT, **live), by).order_by("pk"):
        _accepted(claim, Source.PORTAL, by, at)


def _accepted(claim: Claim, source: Source, by: Actor, at: datetime) -> None:
    on, number = claim.location.civil_day(at), f"T{claim.control_number}"
    answer = Answer(Verdict.ACCEPTED, source, on, payer_claim_number=number)
    acknowledgments.take(claim=claim, answer=answer, by=by, at=at)
