"""What is downloaded: saved and not shown, and powerless where it is shown all the same."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import example, given
from hypothesis import strategies as st

from tests import world
from tests.vca.core.api.caller import caller
from tests.world import World
from vca.core import documents
from vca.core.models import Document
from vca.core.pages import attachment
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

SAFE = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = b"<script>fetch('/')</script>"


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def biller(harbor: World, client: Client) -> Client:
    client.force_login(world.person(harbor, Role.BILLER))
    return client


def a_page(harbor: World) -> Document:
    kept = {"kind": "submission_proof", "filename": 'a"; x=.html', "media_type": "text/html"}
    return documents.keep(PAGE, by=harbor.by, **kept)  # type: ignore[arg-type]


def headers(answer: Any) -> dict[str, str]:
    return {name: answer.headers[name] for name in SAFE}


def test_document_is_an_attachment_without_power_by_page_and_by_api(harbor: World, biller: Client) -> None:
    document = a_page(harbor)

    answers = [
        biller.get(reverse("document", args=[document.pk])),
        caller(harbor, Role.BILLER).get("api_document", document.pk),
    ]

    named = 'attachment; filename="a\\"; x=.html"'
    assert [(one.content, headers(one), one.headers["Content-Disposition"]) for one in answers] == [
        (PAGE, SAFE, named)
    ] * 2


@pytest.mark.parametrize("page", ["export_claims", "export_submissions"])
def test_table_is_an_attachment_without_power(biller: Client, page: str) -> None:
    assert headers(biller.post(reverse(page), {"state": "", "q": ""})) == SAFE


def test_table_of_the_dashboard_is_an_attachment_without_power(harbor: World, client: Client) -> None:
    client.force_login(world.person(harbor, Role.ADMINISTRATOR))
    assert headers(client.post(reverse("export_dashboard"))) == SAFE


def test_page_of_ours_has_another_policy(biller: Client) -> None:
    """The control: what is not a download is neither in a sandbox nor without styles."""
    assert headers(biller.get(reverse("claims")))["Content-Security-Policy"] != SAFE["Content-Security-Policy"]


@given(filename=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@example(filename="a\r\nSet-Cookie: x=y")
@example(filename="../../etc/passwd")
@example(filename="a\"; filename*=utf-8''x")
@example(filename="\u202egpj.exe")
def test_any_name_stays_one_header(filename: str) -> None:
    answer = attachment(b"", filename=filename, media_type="text/plain")

    told = answer.headers["Content-Disposition"]
    assert (told.startswith("attachment; filename"), told.isascii(), told.isprintable()) == (True, True, True)
    assert set(answer.headers) == {"Content-Type", "Content-Disposition", "X-Content-Type-Options", *list(SAFE)[:1]}
