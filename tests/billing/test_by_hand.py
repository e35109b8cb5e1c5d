"""The page on which somebody says how claims were sent by hand, and what the claim's page tells of it."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing import forms
from billing.models import Claim, Submission
from billing.services import paper_claims, submissions
from tests import world
from tests.vca.core.uploads.samples import PNG
from tests.world import NOW, TODAY, World
from vca.core import documents, jobs
from vca.core.models import Document, ServiceLocation
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

LATER = NOW + timedelta(hours=6)


@pytest.fixture
def moment() -> datetime:
    return LATER


def posted(client: Client, *made: Claim, **changes: Any) -> HttpResponse:
    said = {"channel": "PORTAL", "on": TODAY.isoformat(), "at": "14:05", "receipt": "R-1"} | changes
    return client.post(reverse("sent_by_hand"), said | {"claim": [claim.pk for claim in made]})


def page(client: Client, claim: Claim) -> str:
    return unescape(client.get(reverse("claim", args=[claim.pk])).content.decode())


def states() -> list[str]:
    return list(Claim.objects.order_by("pk").values_list("state", flat=True))


def test_moment_is_by_the_clock_of_the_location(harbor: World, biller: Client) -> None:
    claim = world.ready_claim(harbor)

    answer = posted(biller, claim)

    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("claim", args=[claim.pk]))
    sent_at = datetime(TODAY.year, TODAY.month, TODAY.day, 14, 5, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert Submission.objects.get().sent_at == sent_at


def test_several_claims_lead_to_those_that_are_sent(harbor: World, biller: Client) -> None:
    made = [world.ready_claim(harbor), world.ready_claim(harbor)]

    answer = posted(biller, *made)

    assert (answer.headers["Location"], states()) == (reverse("claims") + "?state=SENT", ["SENT", "SENT"])


def test_address_names_the_claim_that_is_offered_and_ticked(harbor: World, biller: Client) -> None:
    _, claim = world.ready_claim(harbor), world.ready_claim(harbor)

    html = biller.get(reverse("sent_by_hand"), {"claim": claim.pk}).content.decode()

    assert (html.count('name="claim"'), f'value="{claim.pk}" checked' in html) == (1, True)


def test_without_an_address_all_are_offered_and_none_is_ticked(harbor: World, biller: Client) -> None:
    world.ready_claim(harbor), world.ready_claim(harbor)

    html = biller.get(reverse("sent_by_hand")).content.decode()

    assert (html.count('name="claim"'), html.count(" checked")) == (2, 0)


def test_claim_tells_when_how_and_by_whom_it_was_sent_and_the_proof(harbor: World, biller: Client) -> None:
    claim = world.ready_claim(harbor)

    posted(biller, claim, proof=SimpleUploadedFile("shot.png", PNG))

    html = page(biller, claim)
    download = reverse("document", args=[Document.objects.get(kind="submission_proof").pk])
    assert all(words in html for words in ("Sent by hand: payer's portal", "Receipt R-1.", f'href="{download}"'))
    answer = biller.get(download)
    assert (answer.content, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_mailed_claim_leads_to_the_paper_as_it_was_printed(harbor: World, biller: Client) -> None:
    claim = world.ready_claim(harbor)
    review = paper_claims.review([claim.pk], by=harbor.by, at=NOW)
    paper = paper_claims.keep(b"%PDF-", whole=review, by=harbor.by, at=NOW)

    posted(biller, claim, channel="MAIL")

    html = page(biller, claim)
    assert html.count(f'href="{reverse("document", args=[paper.pk])}"') == 2
    assert ("Printed as CMS-1500" in html, "Download the CMS-1500 that was mailed" in html) == (True, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"receipt": ""}, "SUBMIT-01"),
        ({"at": "23:59"}, "SUBMIT-02"),
        ({"on": "2020-01-01"}, "SUBMIT-02"),
        ({"proof": SimpleUploadedFile("proof.pdf", b"MZ")}, "SUBMIT-03"),
        ({"channel": "FILE"}, "Select a valid choice"),
        ({"on": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_is_said_in_the_form_and_the_ticks_stay(
    harbor: World, biller: Client, changes: dict[str, Any], words: str
) -> None:
    claim = world.ready_claim(harbor)

    answer = posted(biller, claim, **changes)

    html = unescape(answer.content.decode())
    assert (answer.status_code, words in html, f'value="{claim.pk}" checked' in html) == (422, True, True)
    assert (states(), Submission.objects.count()) == (["READY"], 0)


def test_file_that_is_too_large_is_refused_before_it_is_read(
    harbor: World, biller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "LARGEST_PROOF", 10)

    answer = posted(biller, world.ready_claim(harbor), proof=SimpleUploadedFile("shot.png", PNG))

    assert (answer.status_code, b"The file is larger than" in answer.content) == (422, True)


def test_no_tick_is_said_in_the_form(harbor: World, biller: Client) -> None:
    world.ready_claim(harbor)

    assert b"Tick the claims that you sent." in posted(biller).content


def test_claims_of_two_time_zones_are_recorded_apart(harbor: World, biller: Client) -> None:
    first, second = world.ready_claim(harbor), world.ready_claim(harbor)
    east = ServiceLocation.objects.create(practice=harbor.practice, name="East", time_zone="America/New_York")
    Claim.objects.filter(pk=second.pk).update(location=east)

    answer = posted(biller, first, second)

    assert (b"several time zones" in answer.content, states()) == (True, ["READY", "READY"])


def test_taking_back_asks_why_and_is_told(harbor: World, biller: Client) -> None:
    claim = world.ready_claim(harbor)
    posted(biller, claim)
    back = reverse("take_back_submission", args=[Submission.objects.get().pk])
    offered = back in page(biller, claim)

    biller.post(back, {"reason": ""})
    unchanged = states()
    biller.post(back, {"reason": "the portal lost it"})

    html = page(biller, claim)
    assert (offered, unchanged, states(), back in html) == (True, ["SENT"], ["READY"], False)
    assert ("Not sent after all" in html, "the portal lost it" in html) == (True, True)


def test_claim_that_went_in_a_file_offers_no_taking_back(harbor: World, biller: Client) -> None:
    claim = world.ready_claim(harbor)
    jobs.run(submissions.ask(by=harbor.by).pk)

    html = page(biller, claim)

    assert ("Written to batch 1" in html, "Not sent after all" in html) == (True, False)
    assert documents.received(harbor.by, "submission_proof").count() == 0


def test_front_desk_sends_nothing(harbor: World) -> None:
    client = Client()
    client.force_login(world.person(harbor, Role.FRONT_DESK))

    assert [client.get(reverse(name)).status_code for name in ("sent_by_hand", "review_file", "review_paper")] == [
        403
    ] * 3
