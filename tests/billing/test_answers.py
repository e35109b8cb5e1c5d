"""What a payer answered, recorded on the page of the claim and told in its time line."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing import forms
from billing.domain.channels import Channel
from billing.models import Acknowledgment, Claim
from billing.services import submissions
from billing.services.submissions import ByHand
from tests import world
from tests.vca.core.uploads.samples import PNG
from tests.world import NOW, TODAY, World
from vca.core.models import Document
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

LATER = NOW + timedelta(hours=6)


@pytest.fixture
def moment() -> datetime:
    return LATER


@pytest.fixture
def claim(harbor: World) -> Claim:
    made = world.ready_claim(harbor)
    sent = ByHand(Channel.PORTAL, NOW, receipt="R-1")
    submissions.record_by_hand(claim_ids=[made.pk], sent=sent, by=harbor.by, at=NOW)
    return made


def answered(client: Client, claim: Claim, **changes: Any) -> HttpResponse:
    said = {"verdict": "REJECTED", "source": "CLEARINGHOUSE", "answered_on": TODAY.isoformat()}
    said |= {"words": "A7:562 <no> provider", "reference": "R-9"}
    return client.post(reverse("answer_claim", args=[claim.pk]), said | changes)


def page(client: Client, claim: Claim) -> str:
    return unescape(client.get(reverse("claim", args=[claim.pk])).content.decode())


def state(claim: Claim) -> str:
    claim.refresh_from_db()
    return claim.state


def test_rejected_claim_says_why_and_what_comes_next(biller: Client, claim: Claim) -> None:
    answer = answered(biller, claim)

    html = page(biller, claim)
    told = (
        "“A7:562 <no> provider”",
        "its filing limit runs on",
        ">8 Oct 2024,<",
        ">180 days left<",
        "Mend it as a draft",
    )
    assert (answer.status_code, state(claim)) == (302, "REJECTED")
    assert [words for words in told if words not in html] == []
    assert "On 11 Apr 2024, clearinghouse. Reference R-9. A7:562 <no> provider" in html


def test_rejected_claim_is_mended_and_sent_anew_by_pages(biller: Client, claim: Claim) -> None:
    answered(biller, claim)

    biller.post(reverse("claim_back_to_draft", args=[claim.pk]))
    biller.post(reverse("claim_ready", args=[claim.pk]))
    sent = {"channel": "PORTAL", "on": TODAY.isoformat(), "at": "14:05", "receipt": "R-2", "claim": claim.pk}
    biller.post(reverse("sent_by_hand"), sent)

    assert (state(claim), list(claim.submitted.order_by("pk").values_list("is_live", flat=True))) == (
        "SENT",
        [False, True],
    )


def test_accepted_claim_shows_the_number_of_the_payer_and_the_proof(biller: Client, claim: Claim) -> None:
    answered(biller, claim, verdict="ACCEPTED", payer_claim_number="77001", proof=SimpleUploadedFile("a.png", PNG))

    html = page(biller, claim)
    download = reverse("document", args=[Document.objects.get(kind="answer_proof").pk])
    assert (state(claim), "Their claim number 77001." in html, f'href="{download}"' in html) == ("ACCEPTED", True, True)


def test_payer_gives_its_number_after_the_clearinghouse_accepted(biller: Client, claim: Claim) -> None:
    answered(biller, claim, verdict="ACCEPTED", words="", reference="R-8")
    before = page(biller, claim)

    answer = answered(biller, claim, verdict="ACCEPTED", source="PORTAL", payer_claim_number="77001")

    number = '<dt>Payer\'s number</dt><dd class="code">77001</dd>'
    assert (answer.status_code, number in before, number in page(biller, claim)) == (302, False, True)


def test_second_acceptance_of_one_source_is_refused_in_the_form(biller: Client, claim: Claim) -> None:
    answered(biller, claim, verdict="ACCEPTED")

    answer = answered(biller, claim, verdict="ACCEPTED", payer_claim_number="77001")

    html = unescape(answer.content.decode())
    assert (answer.status_code, "ANSWER-05" in html, 'value="77001"' in html) == (422, True, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"words": ""}, "ANSWER-02"),
        ({"reference": ""}, "ANSWER-01"),
        ({"answered_on": "2024-04-12"}, "ANSWER-03"),
        ({"answered_on": ""}, "This field is required"),
        ({"verdict": "PAID"}, "Select a valid choice"),
        ({"proof": SimpleUploadedFile("proof.pdf", b"MZ")}, "SUBMIT-03"),
        ({"proof": SimpleUploadedFile("proof.png", PNG[:-20])}, "UPLOAD-02"),
    ],
)
def test_what_cannot_be_is_said_in_the_form_which_stays_open(
    biller: Client, claim: Claim, changes: dict[str, Any], words: str
) -> None:
    answer = answered(biller, claim, **changes)

    html = unescape(answer.content.decode())
    assert (answer.status_code, words in html, '<details class="more" open>' in html) == (422, True, True)
    assert (state(claim), Acknowledgment.objects.count()) == ("SENT", 0)


def test_file_that_is_too_large_is_refused_before_it_is_read(
    biller: Client, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "LARGEST_PROOF", 10)

    answer = answered(biller, claim, proof=SimpleUploadedFile("a.png", PNG))

    assert (answer.status_code, b"The file is larger than" in answer.content) == (422, True)


def test_undoing_asks_why_and_is_told(biller: Client, claim: Claim) -> None:
    answered(biller, claim)
    undo = reverse("undo_answer", args=[Acknowledgment.objects.get().pk])
    offered = undo in page(biller, claim)

    biller.post(undo, {"reason": ""})
    unchanged = state(claim)
    biller.post(undo, {"reason": "another clinic's letter"})

    html = page(biller, claim)
    assert (offered, unchanged, state(claim), undo in html) == (True, "REJECTED", "SENT", False)
    assert ("Not rejected after all" in html, "another clinic's letter" in html) == (True, True)


@pytest.mark.parametrize("moved", ["READY", "REJECTED", "CLOSED", "PAID"])
def test_no_answer_is_asked_of_a_claim_that_waits_for_none(biller: Client, claim: Claim, moved: str) -> None:
    asked = reverse("answer_claim", args=[claim.pk]) in page(biller, claim)
    Claim.objects.filter(pk=claim.pk).update(state=moved)

    assert (asked, reverse("answer_claim", args=[claim.pk]) in page(biller, claim)) == (True, False)


def test_front_desk_records_no_answer(harbor: World, claim: Claim) -> None:
    client = Client()
    client.force_login(world.person(harbor, Role.FRONT_DESK))

    assert (answered(client, claim).status_code, state(claim)) == (403, "SENT")
