"""What a clinic's browser keeps of a day when its window is closed: nothing that says who was treated.

Its profile (caches, history, what forms were filled with) is searched file by file, and every address that it asked
for. Source: 45 CFR 164.312(a); OWASP ASVS 5.0.0, 14.2.1 and 14.3.2.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.forms import BoundField
from django.http import HttpRequest
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests import databases, world
from tests.browser import looks
from tests.canaries import sweep
from tests.canaries.test_sweep import BORN, CANARIES, FIRST, ICN, LAST, PHONE, SSN, STREET
from tests.world import PASSWORD
from vca.core.vocabulary import Role

pytestmark = pytest.mark.browser

EMAIL = "biller@example.org"


@dataclass
class Office:
    """A clinic's own machine: where the product is, the browser's folder, and what it asked for."""

    base: str
    profile: Path
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def window(self) -> Iterator[Page]:
        """Open the browser as somebody does in the morning, and close it in the evening."""
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                self.profile, executable_path=looks.chromium(), args=list(looks.ARGUMENTS), accept_downloads=True
            )
            try:
                page = context.new_page()
                page.on("request", lambda request: self.asked.append(f"{request.url} {request.headers.get('referer')}"))
                yield page
            finally:
                context.close()

    def leaks(self) -> dict[str, set[str]]:
        """Search the addresses and the folder."""
        addresses = sweep.texts({"address": "\n".join(self.asked)}, CANARIES)
        return sweep.leaks(addresses, sweep.files(self.profile, "profile", CANARIES))

    def leaks_but_for_forms_under_way(self) -> dict[str, set[str]]:
        """Leave out the file by which the browser opens its windows again: it may hold a form in the moment of its
        sending, which no page can forbid (docs/security/threat-model.md).
        """
        return {place: hits for place, hits in self.leaks().items() if "/Sessions/" not in place}


@pytest.fixture
def office(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    world.person(world.practice(), Role.BILLER, email=EMAIL)
    server = LiveServer("localhost")
    try:
        yield Office(server.url, tmp_path / "profile")
    finally:
        server.stop()
        databases.empty()


def sign_in(page: Page, base: str) -> None:
    page.goto(base + reverse("sign_in"))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(base + "/")


def fill(page: Page, **typed: str) -> None:
    for name, text in typed.items():
        page.locator(f"[name={name}]").fill(text)


def work(page: Page, base: str) -> None:
    """Enter a referral, look the Veteran up, mistype."""
    sign_in(page, base)
    page.goto(base + reverse("new_referral"))
    fill(page, number="VA0999999901", last_name=LAST, first_name=FIRST, icn=ICN, date_of_birth=BORN)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=LAST).first.wait_for()
    page.goto(base + reverse("veterans"))
    page.get_by_label("Veteran's name or referral number").fill(LAST)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=LAST).first.click()
    page.get_by_role("link", name="Change facts").click()
    fill(page, ssn=SSN, street=STREET, phone=PHONE, zip_code="no ZIP")
    page.keyboard.press("Enter")
    page.locator(".usa-form-group--error").first.wait_for()


def test_browser_keeps_nothing_of_a_day(office: Office) -> None:
    with office.window() as page:
        work(page, office.base)

    assert office.leaks_but_for_forms_under_way() == {}
    assert any(office.profile.rglob("History"))


def storable(get_response: Any) -> Any:
    """Let browsers keep what they are answered: middleware that takes the guard away."""

    def middleware(request: HttpRequest) -> Any:
        response = get_response(request)
        response.headers["Cache-Control"] = "private, max-age=600"
        return response

    return middleware


@pytest.fixture
def unguarded(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{storable.__name__}", *settings.MIDDLEWARE]


def test_browser_that_may_store_pages_keeps_them(unguarded: None, office: Office) -> None:
    with office.window() as page:
        work(page, office.base)

    assert LAST in set().union(*office.leaks_but_for_forms_under_way().values())


def test_browser_that_may_complete_forms_keeps_what_was_typed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BoundField.as_widget
    completed = {"autocomplete": "on"}
    monkeypatch.setattr(BoundField, "as_widget", lambda self, attrs: plain(self, attrs={**attrs, **completed}))

    with office.window() as page:
        work(page, office.base)

    assert LAST in set().union(*office.leaks_but_for_forms_under_way().values())


def test_form_that_was_refused_is_not_sent_again_by_a_reload(office: Office) -> None:
    methods: list[str] = []
    with office.window() as page:
        work(page, office.base)
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("request", lambda request: methods.append(request.method))
        page.reload()

    assert set(methods) == {"GET"}
