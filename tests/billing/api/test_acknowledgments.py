"""What came back for a claim, by API."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.domain.channels import Channel
from billing.models import Acknowledgment, Claim
from billing.services import submissions
from billing.services.submissions import ByHand
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.api.caller import kept as promised
from tests.vca.core.uploads.samples import PNG
from tests.world import NOW, World
from vca.core import documents
from vca.core.models import Document
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

ACCEPTED = {"verdict": "ACCEPTED", "source": "PORTAL", "answered_on": "2024-04-11", "payer_claim_number": "77001"}
REJECTED = {
    "verdict": "REJECTED",
    "source": "CLEARINGHOUSE",
    "answered_on": "2024-04-11",
    "words": "A7",
    "reference": "1",
}


def sent(harbor: World) -> Claim:
    claim = world.ready_claim(harbor)
    how = ByHand(Channel.PORTAL, NOW, receipt="R-1")
    submissions.record_by_hand(claim_ids=[claim.pk], sent=how, by=harbor.by, at=NOW)
    return claim


def state(claim: Claim) -> str:
    claim.refresh_from_db()
    return claim.state


def test_claim_is_accepted_and_lists_the_answer(harbor: World, biller: Caller) -> None:
    claim = sent(harbor)

    answer = biller.post("api_acknowledgments", claim.pk, body=ACCEPTED)

    (shown,) = biller.get("api_acknowledgments", claim.pk).json()["results"]
    assert (answer.status_code, state(claim), answer.json()) == (201, "ACCEPTED", shown)
    assert (shown["claim"], shown["payer_claim_number"], shown["withdrawn_at"]) == (claim.pk, "77001", None)


def test_proof_comes_with_the_form(harbor: World, biller: Caller) -> None:
    form = ACCEPTED | {"payer_claim_number": "", "proof": SimpleUploadedFile("shot.png", PNG)}
    url = reverse("api:api_acknowledgments", args=[sent(harbor).pk])

    answer = promised(biller.client.post(url, form, headers={"Idempotency-Key": uuid4().hex}))

    assert documents.read(Document.objects.get(pk=answer.json()["proof"])) == PNG


def test_rejected_claim_goes_back_to_draft(harbor: World, biller: Caller) -> None:
    claim = sent(harbor)
    biller.post("api_acknowledgments", claim.pk, body=REJECTED)

    assert (state(claim), biller.post("api_claim_back_to_draft", claim.pk).json()["state"]) == ("REJECTED", "DRAFT")


def test_answer_is_undone_with_its_reason(harbor: World, biller: Caller) -> None:
    claim = sent(harbor)
    made = biller.post("api_acknowledgments", claim.pk, body=REJECTED).json()

    unsaid = biller.post("api_undo_acknowledgment", made["id"])
    undone = biller.post("api_undo_acknowledgment", made["id"], body={"reason": "the wrong claim"})
    again = biller.post("api_undo_acknowledgment", made["id"], body={"reason": "the wrong claim"})

    assert (unsaid.status_code, undone.json()["withdrawn_reason"], state(claim)) == (422, "the wrong claim", "SENT")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ANSWER-04")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (ACCEPTED | {"payer_claim_number": ""}, "ANSWER-01", "reference"),
        (REJECTED | {"words": ""}, "ANSWER-02", "words"),
        (ACCEPTED | {"answered_on": "2024-04-12"}, "ANSWER-03", "answered_on"),
    ],
)
def test_what_cannot_be_is_refused_by_its_rule(
    harbor: World, biller: Caller, body: dict[str, Any], code: str, field: str
) -> None:
    claim = sent(harbor)

    error = biller.post("api_acknowledgments", claim.pk, body=body).json()["error"]

    assert (error["code"], error["field"], state(claim)) == (code, field, "SENT")


def test_second_acceptance_is_refused(harbor: World, biller: Caller) -> None:
    claim = sent(harbor)

    answers = [biller.post("api_acknowledgments", claim.pk, body=ACCEPTED) for _ in range(2)]

    assert [(one.status_code, one.json().get("error", {}).get("code")) for one in answers] == [
        (201, None),
        (409, "ANSWER-05"),
    ]


@pytest.mark.parametrize("field", ["verdict", "source", "answered_on"])
def test_what_cannot_be_read_names_its_field(harbor: World, biller: Caller, field: str) -> None:
    answer = biller.post("api_acknowledgments", sent(harbor).pk, body=ACCEPTED | {field: "?"})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_another_practice_finds_neither_claim_nor_answer(harbor: World, biller: Caller) -> None:
    claim = sent(harbor)
    biller.post("api_acknowledgments", claim.pk, body=ACCEPTED)
    stranger = caller(world.practice("ridge"), Role.BILLER)

    answers = [
        stranger.get("api_acknowledgments", claim.pk),
        stranger.post("api_acknowledgments", claim.pk, body=REJECTED),
        stranger.post("api_undo_acknowledgment", Acknowledgment.objects.get().pk, body={"reason": "x"}),
    ]

    assert ([one.status_code for one in answers], state(claim)) == ([404, 404, 404], "ACCEPTED")


@pytest.mark.parametrize("name", ["api_acknowledgments", "api_undo_acknowledgment"])
def test_answers_are_not_for_care_roles(harbor: World, name: str) -> None:
    assert caller(harbor, Role.NURSE).post(name, 1).status_code == 403
