"""Signing in as a person meets it: the warning before the end, what was typed, passkeys, codes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from tests import databases, world
from tests.browser import looks
from tests.browser.looks import Complaints, Site
from tests.browser.test_pages import faults
from tests.world import PASSWORD
from vca.core import sessions
from vca.core.vocabulary import Role

pytestmark = pytest.mark.browser

EMAIL = "biller@example.org"


@pytest.fixture
def site(transactional_db: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    world.person(world.practice(), Role.BILLER, email=EMAIL)
    server = LiveServer("localhost")
    try:
        with looks.browser() as running:
            yield Site(server.url, running)
    finally:
        server.stop()
        databases.empty()


@contextmanager
def visitor(site: Site, *, width: int = looks.WIDTHS["phone"]) -> Iterator[tuple[Page, Complaints]]:
    with looks.visitor(site.browser, host=site.host, width=width) as (page, complaints):
        page.goto(site.base + reverse("sign_in"))
        yield page, complaints


def enter(page: Page) -> None:
    """Give address and password."""
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def let_pass(page: Page, seconds: int) -> None:
    """Let the server think that nobody was there for so long, then the browser."""
    key = next(one["value"] for one in page.context.cookies() if one["name"] == "sessionid")
    session = SessionStore(key)
    session[sessions.KEY] = session[sessions.KEY] | {"seen": int(time.time()) - seconds}
    session.save()
    page.clock.fast_forward(seconds * 1000)


def test_warning_comes_two_minutes_before_the_end_and_one_key_stays(site: Site) -> None:
    with visitor(site) as (page, complaints):
        page.clock.install()
        enter(page)
        page.goto(site.base + reverse("new_referral"))
        dialog = page.get_by_role("dialog")
        let_pass(page, 12 * 60)
        page.clock.run_for(3000)
        assert not dialog.is_visible()

        let_pass(page, 13 * 60 + 5)
        page.clock.run_for(2000)
        dialog.wait_for()
        assert faults(page, complaints) == []
        page.keyboard.press("Enter")
        dialog.wait_for(state="hidden")
        assert page.request.get(site.base + reverse("stay")).json()["seconds"] > 890


def test_what_was_typed_survives_the_end(site: Site) -> None:
    with visitor(site) as (page, complaints):
        page.clock.install()
        enter(page)
        page.goto(site.base + reverse("new_referral"))
        page.get_by_label("Last name").first.fill("Sampleton")
        let_pass(page, 15 * 60 - 3)
        page.clock.run_for(2000)
        page.wait_for_url(lambda url: urlsplit(url).path == reverse("sign_in"))
        stored: Any = page.evaluate("JSON.stringify([localStorage, sessionStorage])")
        enter(page)
        page.get_by_text("is here again").wait_for()
        assert page.get_by_label("Last name").first.input_value() == "Sampleton"
        assert stored == "[{},{}]"
        assert faults(page, complaints) == []


def with_authenticator(page: Page) -> Any:
    """Give the browser a device that verifies its user and keeps passkeys."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    verifies = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options | verifies})
    return session


def add_passkey(page: Page, site: Site) -> None:
    page.goto(site.base + reverse("add_passkey"))
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_text("Your recovery codes").wait_for()


def sign_out(page: Page) -> None:
    page.locator("summary", has_text="Biller").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: urlsplit(url).path == reverse("sign_in"))


def test_passkey_is_made_and_signs_in_alone_and_after_the_password(site: Site) -> None:
    with visitor(site) as (page, complaints):
        with_authenticator(page)
        enter(page)
        add_passkey(page, site)
        assert faults(page, complaints) == []

        sign_out(page)
        page.get_by_role("button", name="Use a passkey instead").click()
        page.get_by_role("heading", name="Today").wait_for()

        sign_out(page)
        enter(page)
        page.get_by_role("heading", name="One more step").wait_for()
        assert faults(page, complaints) == []
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("heading", name="Today").wait_for()
        assert faults(page, complaints) == []


ASK = """async url => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(url, {method: "POST", headers: {"X-CSRFToken": token}});
  return (await answer.json()).publicKey;
}"""
ANSWER = """async asked => {
  const bytes = text => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const made = await navigator.credentials.get({publicKey: {...asked, challenge: bytes(asked.challenge)}});
  const {clientDataJSON, authenticatorData, signature} = made.response;
  const response = {clientDataJSON, authenticatorData, signature};
  Object.keys(response).forEach(name => { response[name] = text(response[name]); });
  return JSON.stringify({id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {}});
}"""
SEND = """answer => {
  const form = document.querySelector("form[data-passkey=get]");
  form.elements.passkey.value = answer;
  form.submit();
}"""


@pytest.mark.parametrize("foreign", [True, False])
def test_answer_given_on_another_origin_of_the_host_is_refused(site: Site, foreign: bool) -> None:
    other = LiveServer("localhost")
    try:
        with visitor(site) as (page, _):
            with_authenticator(page)
            enter(page)
            add_passkey(page, site)
            sign_out(page)
            asked = page.evaluate(ASK, reverse("passkey_challenge"))
            page.goto((other.url if foreign else site.base) + reverse("sign_in"))
            answer = page.evaluate(ANSWER, asked)
            page.goto(site.base + reverse("sign_in"))
            page.evaluate(SEND, answer)
            page.get_by_text("ACCESS-10" if foreign else "Today").first.wait_for()
    finally:
        other.stop()


def test_browser_gives_no_answer_on_another_host(site: Site) -> None:
    with visitor(site) as (page, _):
        with_authenticator(page)
        enter(page)
        add_passkey(page, site)
        sign_out(page)
        asked = page.evaluate(ASK, reverse("passkey_challenge"))
        page.goto(site.base.replace("localhost", "127.0.0.1") + "/sign-in/")
        with pytest.raises(PlaywrightError, match="SecurityError"):
            page.evaluate(ANSWER, asked)


def test_app_is_added_and_asked_for(site: Site) -> None:
    with visitor(site) as (page, complaints):
        enter(page)
        page.goto(site.base + reverse("add_app"))
        secret = page.locator("code").inner_text()
        assert faults(page, complaints) == []
        page.get_by_label("Code that the app shows now").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Add the app").click()
        codes = page.locator(".codes code").all_inner_texts()
        assert faults(page, complaints) == []
        sign_out(page)
        enter(page)
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Today").wait_for()
