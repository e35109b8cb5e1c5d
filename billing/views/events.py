"""What happened to a claim, as its time line tells it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse

from billing.domain.answers import SOURCE_WORDS, VERDICT_WORDS, Source, Verdict
from billing.domain.channels import CHANNEL_WORDS, Channel
from billing.models import Acknowledgment, Claim, Submission, SubmittedClaim
from vca.core.access import Actor
from vca.core.models import User
from vca.domain.wording import say_day

Event = dict[str, Any]


def of(claim: Claim, *, by: Actor) -> list[Event]:
    """Return the events of a claim, oldest first."""
    found = [*_of_the_claim(claim), *_printed(claim, by)]
    for one in claim.submitted.select_related("submission__created_by", "submission__withdrawn_by").order_by("pk"):
        sent = one.submission
        found += [_written(sent, by)] if sent.channel == Channel.FILE else _by_hand(sent, by)
        found += _answers(one, by)
    return sorted(found, key=lambda event: event["at"])


def _of_the_claim(claim: Claim) -> Iterator[Event]:
    yield _event(claim.created_at, "Drafted", who=_name(claim.created_by), icon="pencil")
    if claim.ready_at:
        yield _event(claim.ready_at, "Made ready", tone="info", icon="check")
    if claim.closed_at:
        yield _event(claim.closed_at, "Closed", detail=claim.closed_reason, icon="dash")


def _printed(claim: Claim, by: Actor) -> Iterator[Event]:
    for one in claim.printed.order_by("pk"):
        paper = {"url": _download(one.document_id, by), "label": "Download the CMS-1500"}
        yield _event(one.printed_at, "Printed as CMS-1500", **paper)


def _written(batch: Submission, by: Actor) -> Event:
    numbers = f"Interchange {batch.interchange_control_number:09d}, group {batch.group_control_number}"
    detail = f"{numbers}, to {batch.receiver_id}{'' if batch.usage == 'P' else ', as a test'}."
    file = {"url": _download(batch.document_id, by), "label": "Download the file"}
    return (
        _event(batch.sent_at, f"Written to batch {batch.batch_number}", tone="info", icon="send", detail=detail) | file
    )


def _by_hand(sent: Submission, by: Actor) -> Iterator[Event]:
    receipt = f"Receipt {sent.receipt}." if sent.receipt else ""
    shown = {"url": _download(sent.proof_id, by), "label": "Download the proof"}
    if sent.document_id and not sent.proof_id:
        shown = {"url": _download(sent.document_id, by), "label": "Download the CMS-1500 that was mailed"}
    what = f"Sent by hand: {CHANNEL_WORDS[Channel(sent.channel)].lower()}"
    yield _event(sent.sent_at, what, who=_name(sent.created_by), tone="info", icon="send", detail=receipt) | shown
    if sent.withdrawn_at:
        who = _name(sent.withdrawn_by)
        yield _event(sent.withdrawn_at, "Not sent after all", who=who, icon="undo", detail=sent.withdrawn_reason)


def _answers(sent: SubmittedClaim, by: Actor) -> Iterator[Event]:
    rows = sent.acknowledgments.select_related("created_by", "withdrawn_by").order_by("pk")
    for one in rows:
        source = SOURCE_WORDS[Source(one.source)].lower()
        told = [f"On {say_day(one.answered_on)}, {source}.", *_numbers(one), one.words]
        look = (
            {"tone": "good", "icon": "check"} if one.verdict == Verdict.ACCEPTED else {"tone": "bad", "icon": "cross"}
        )
        shown = {"url": _download(one.proof_id, by), "label": "Download the proof"}
        words, detail = VERDICT_WORDS[Verdict(one.verdict)], " ".join(filter(None, told))
        yield _event(one.created_at, words, who=_name(one.created_by), detail=detail, **look) | shown
        if one.withdrawn_at:
            who, why = _name(one.withdrawn_by), one.withdrawn_reason
            yield _event(one.withdrawn_at, f"Not {words.lower()} after all", who=who, icon="undo", detail=why)


def _numbers(one: Acknowledgment) -> Iterator[str]:
    if one.payer_claim_number:
        yield f"Their claim number {one.payer_claim_number}."
    if one.reference:
        yield f"Reference {one.reference}."


def _event(at: datetime, what: str, **more: str) -> Event:
    return {"at": at, "what": what} | more


def _name(user: User | None) -> str:
    return user.name if user else ""


def _download(document_id: int | None, by: Actor) -> str:
    return reverse("document", args=[document_id]) if document_id and by.may("open_documents") else ""
