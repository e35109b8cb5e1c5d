"""How a refusal is shown, what browsers are told, and that no request writes lines of its own into the log."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.world import NOW, World
from vca.core.models import User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("harbor")]


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def biller(harbor: World) -> Client:
    user = User.objects.create_user("biller@example.org", name="Biller")
    people.give_role(user=user, role=Role.BILLER, by=harbor.by)
    client = Client()
    client.force_login(user)
    return client


def test_refused_form_leads_back_with_rule_and_next_act(harbor: World, biller: Client) -> None:
    page = reverse("claims")

    answer = biller.post(reverse("write_file"), headers={"Referer": f"http://testserver{page}"}, follow=True)

    said = [(message.extra_tags, str(message)) for message in answer.context["messages"]]
    assert answer.redirect_chain == [(f"http://testserver{page}", 302)]
    assert [(code, "choose at least one" in words) for code, words in said] == [("CLAIM-28", True)]


@pytest.mark.parametrize("referer", ["", "http://elsewhere.example/claims/"])
def test_refused_form_from_nowhere_has_a_page_of_its_own(harbor: World, biller: Client, referer: str) -> None:
    answer = biller.post(reverse("write_file"), headers={"Referer": referer})

    assert (answer.status_code, b"CLAIM-28" in answer.content) == (409, True)


def test_used_invitation_has_a_page_that_says_so() -> None:
    answer = Client().get(reverse("accept_invitation", args=["x"]))

    assert (answer.status_code, b"ACCESS-02" in answer.content) == (409, True)


@pytest.mark.parametrize("signed_in", [True, False])
def test_address_that_takes_only_forms_says_so(biller: Client, signed_in: bool) -> None:
    answer = (biller if signed_in else Client()).get(reverse("write_file"))

    assert (answer.status_code, answer.headers["Allow"], b"takes a form" in answer.content) == (405, "POST", True)


def test_fault_of_ours_is_not_taken_for_a_refusal(
    harbor: World, biller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.services.submissions.ask", lambda **_: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        biller.post(reverse("write_file"))


def test_page_without_a_person_may_be_stored() -> None:
    answer = Client().get(reverse("sign_in"))

    assert (answer.headers.get("Cache-Control"), answer.headers["Cross-Origin-Resource-Policy"]) == (
        None,
        "same-origin",
    )


@pytest.mark.parametrize("forged", ["%0d%0aERROR forged", "%1b[31mred", "%E2%80%A8ERROR", "a%00b"])
def test_request_writes_one_line_into_the_log(
    harbor: World, biller: Client, caplog: pytest.LogCaptureFixture, forged: str
) -> None:
    with caplog.at_level(logging.INFO):
        biller.get(f"/veterans/{forged}/", headers={"User-Agent": "x\ty", "HX-Target": "a"})

    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if len(line.splitlines()) != 1 or not line.isprintable()] == []
    assert len(lines) == 1


LARGEST = 24 * 1024**2


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 403), (LARGEST + 1, 413), (10**15, 413)])
def test_request_larger_than_any_of_ours_is_refused_unread(size: int, status: int) -> None:
    """Anybody may send one: what is not refused here is read before the form's own token is looked for."""
    stranger = Client(enforce_csrf_checks=True)

    answer = stranger.generic("POST", reverse("sign_in"), b"a=b", "text/plain", CONTENT_LENGTH=str(size))

    assert (answer.status_code, b"too large" in answer.content) == (status, status == 413)


def test_call_larger_than_any_of_ours_has_the_shape_of_the_api() -> None:
    path = reverse("api:api_referrals")

    answer = Client().generic("POST", path, b"{}", "application/json", CONTENT_LENGTH=str(LARGEST + 1))

    assert (answer.status_code, answer.json()["error"]["next_act"]) == (413, "Send a smaller file: 20 MB at most.")


def test_page_behind_a_one_time_link_is_not_stored(harbor: World) -> None:
    _, token = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)

    answer = Client().get(reverse("accept_invitation", args=[token]))

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_call_without_tls_is_refused_and_not_redirected(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().get(reverse("api:api_referrals"))

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "TLS")
