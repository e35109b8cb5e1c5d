"""What went out, by API: sent by hand with a receipt or a file, once, and taken back."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.domain.channels import LARGEST_PROOF
from billing.models import Claim, Submission
from billing.services import claims
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.api.caller import kept as promised
from tests.vca.core.rows import everything
from tests.vca.core.uploads.samples import PNG
from tests.world import NOW, World
from vca.core import documents
from vca.core.models import Document
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

LATER = NOW + timedelta(hours=2)
SENT = "2024-04-11T18:30:00Z"


def portal(*made: Claim, **changes: Any) -> dict[str, Any]:
    said = {"claims": [one.pk for one in made], "channel": "PORTAL", "sent_at": SENT, "receipt": "R-1"}
    return said | changes


def uploaded(biller: Caller, said: dict[str, Any], content: bytes, *, key: str = "") -> Any:
    """Send it as a form with a file."""
    headers = {"Idempotency-Key": key or uuid4().hex}
    form = said | {"proof": SimpleUploadedFile("shot.png", content)}
    return promised(biller.client.post(reverse("api:api_sent_by_hand"), form, headers=headers))


def states() -> list[str]:
    return list(Claim.objects.order_by("pk").values_list("state", flat=True))


def test_claims_are_recorded_as_sent_by_hand(harbor: World, biller: Caller) -> None:
    made = [world.ready_claim(harbor), world.ready_claim(harbor)]

    answer = biller.post("api_sent_by_hand", body=portal(*made))

    shown = {name: answer.json()[name] for name in ("channel", "sent_at", "claim_count", "total_charge", "receipt")}
    assert (answer.status_code, states()) == (201, ["SENT", "SENT"])
    assert shown == {
        **{"channel": "PORTAL", "sent_at": SENT, "claim_count": 2, "total_charge": "900.00"},
        "receipt": "R-1",
    }


def test_proof_comes_with_the_form(harbor: World, biller: Caller) -> None:
    answer = uploaded(biller, portal(world.ready_claim(harbor), receipt=""), PNG)

    proof = Document.objects.get(pk=answer.json()["proof"])
    assert (answer.status_code, documents.read(proof), proof.filename) == (201, PNG, "shot.png")


def test_form_sent_twice_acts_once_whatever_divides_it(harbor: World, biller: Caller) -> None:
    said = portal(world.ready_claim(harbor))

    first, second = (uploaded(biller, said, PNG, key="same") for _ in range(2))

    assert (first.status_code, first.json(), Submission.objects.count()) == (201, second.json(), 1)


def test_same_key_with_another_file_is_another_request(harbor: World, biller: Caller) -> None:
    said = portal(world.ready_claim(harbor))
    uploaded(biller, said, PNG, key="same")

    other = uploaded(biller, said, PNG[:-1] + b"!", key="same")

    assert (other.status_code, other.json()["error"]["code"]) == (409, "API-01")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"receipt": ""}, "SUBMIT-01", "receipt"),
        ({"sent_at": "2024-04-12T00:00:00Z"}, "SUBMIT-02", "on"),
        ({"sent_at": "2024-04-01T00:00:00Z"}, "SUBMIT-02", "on"),
    ],
)
def test_what_cannot_be_is_refused_by_its_rule(
    harbor: World, biller: Caller, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = biller.post("api_sent_by_hand", body=portal(world.ready_claim(harbor), **changes))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"], states()) == (409, code, field, ["READY"])


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"MZ", "SUBMIT-03"), (PNG + bytes(LARGEST_PROOF), "SUBMIT-03"), (PNG[:-20], "UPLOAD-02")],
    ids=["another kind", "too large", "not sound"],
)
def test_file_that_is_no_proof_is_refused(harbor: World, biller: Caller, content: bytes, code: str) -> None:
    answer = uploaded(biller, portal(world.ready_claim(harbor)), content)

    assert (answer.status_code, answer.json()["error"]["code"], states()) == (409, code, ["READY"])


def test_claim_that_is_not_ready_is_refused(harbor: World, biller: Caller) -> None:
    claim = world.ready_claim(harbor)
    claims.back_to_draft(claim=claim, by=harbor.by)

    assert biller.post("api_sent_by_hand", body=portal(claim)).json()["error"]["code"] == "CLAIM-14"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"claims": []}, "claims"),
        ({"channel": "FILE"}, "channel"),
        ({"sent_at": "2024-04-11T18:30:00"}, "sent_at"),
        ({"receipt": "9" * 61}, "receipt"),
        ({"proof": "no file"}, "proof"),
    ],
)
def test_what_cannot_be_read_names_its_field(
    harbor: World, biller: Caller, changes: dict[str, Any], field: str
) -> None:
    answer = biller.post("api_sent_by_hand", body=portal(world.ready_claim(harbor), **changes))

    assert (answer.status_code, answer.json()["error"]["field"], states()) == (422, field, ["READY"])


def test_it_is_taken_back_with_its_reason(harbor: World, biller: Caller) -> None:
    made = biller.post("api_sent_by_hand", body=portal(world.ready_claim(harbor))).json()

    unsaid = biller.post("api_take_back", made["id"])
    back = biller.post("api_take_back", made["id"], body={"reason": "never arrived"})
    again = biller.post("api_take_back", made["id"], body={"reason": "never arrived"})

    assert (unsaid.status_code, back.json()["withdrawn_reason"], states()) == (422, "never arrived", ["READY"])
    assert (again.status_code, again.json()["error"]["code"]) == (409, "SUBMIT-04")


def test_claim_of_another_practice_is_not_sent(harbor: World, biller: Caller) -> None:
    foreign = world.ready_claim(world.practice("ridge"))
    before = everything()

    answers = [biller.post("api_sent_by_hand", body=portal(foreign)), biller.post("api_sent_by_hand", body=portal())]
    never = biller.post("api_sent_by_hand", body=portal(claims=[10**9]))

    assert [one.status_code for one in answers] == [409, 422]
    assert answers[0].json() == never.json()
    assert everything() == before


def test_submission_of_another_practice_is_not_there(harbor: World, biller: Caller) -> None:
    made = biller.post("api_sent_by_hand", body=portal(world.ready_claim(harbor))).json()
    stranger = caller(world.practice("ridge"), Role.BILLER)

    answer = stranger.post("api_take_back", made["id"], body={"reason": "x"})

    assert (answer.status_code, states()) == (404, ["SENT"])


@pytest.mark.parametrize(("name", "ids"), [("api_sent_by_hand", ()), ("api_take_back", (1,))])
def test_sending_is_not_for_care_roles(harbor: World, name: str, ids: tuple[int, ...]) -> None:
    assert caller(harbor, Role.NURSE).post(name, *ids).status_code == 403


def test_submission_tells_what_came_back_for_each_of_its_claims(harbor: World, biller: Caller) -> None:
    made = [world.ready_claim(harbor) for _ in range(3)]
    sent = biller.post("api_sent_by_hand", body=portal(*made)).json()["id"]
    heard = {"source": "PORTAL", "answered_on": "2024-04-11", "words": "Read on the portal.", "reference": "A1"}
    for claim, verdict in zip(made, ("REJECTED", "ACCEPTED"), strict=False):
        assert biller.post("api_acknowledgments", claim.pk, body=heard | {"verdict": verdict}).status_code == 201

    whole = biller.get("api_submission", sent).json()
    lines = biller.get("api_submitted_claims", sent).json()["results"]

    assert (whole["id"], whole["receipt"]) == (sent, "R-1")
    assert whole["answers"] == {"accepted": 1, "rejected": 1, "waiting": 1}
    assert [(one["claim"], one["answer"], one["total_charge"]) for one in lines] == [
        (made[2].pk, "", "450.00"),
        (made[1].pk, "ACCEPTED", "450.00"),
        (made[0].pk, "REJECTED", "450.00"),
    ]


@pytest.mark.parametrize("name", ["api_submission", "api_submitted_claims"])
def test_submission_of_another_practice_is_none(harbor: World, biller: Caller, name: str) -> None:
    sent = biller.post("api_sent_by_hand", body=portal(world.ready_claim(harbor))).json()["id"]
    stranger = caller(world.practice("ridge"), Role.BILLER)

    answers = [stranger.get(name, pk) for pk in (sent, 10**9)]

    assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
