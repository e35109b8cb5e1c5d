"""Every page as the people of the demo meet it, in a real browser on a phone's width.

Each role signs in through the door and follows every link there is. All pages must answer; of each shape of page one is
looked at: axe, the content security policy, the console, other hosts, sideways scrolling, small targets.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
from django.urls import URLPattern, get_resolver, resolve, reverse
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from billing.models import Acknowledgment, Claim, Submission
from referrals.models import Authorization, AuthorizedService, Notice, Referral, Veteran, Visit
from referrals.services import imports
from tests import databases
from tests.browser import looks
from tests.browser.looks import Complaints, Scheme, Site
from tests.referrals.intake.test_json_reader import CAMEL
from vca.core import access, vocabulary
from vca.core.models import (
    Agreement,
    Alert,
    ApiToken,
    Clinician,
    Document,
    Job,
    Membership,
    Practice,
    ServiceLocation,
    Task,
    User,
)
from vca.core.services import people
from vca.core.vocabulary import Role
from vca.demo.people import PASSWORD
from vca.demo.seed import seed
from vca.domain.wording import counted

pytestmark = pytest.mark.browser

PHONE = looks.WIDTHS["phone"]
HREF = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
CLASS = re.compile(r'\bclass="([^"]+)"')
DOLLARS = re.compile(r"\$\d")
FILES = ("document",)  # links to these are downloads, not pages
FOLLOWED_AT_MOST = {"authorization": 60, "claim": 30}  # their looks hang on their data; of the others fewer are enough
OTHERS_AT_MOST = 12
LOOKS_AT_MOST = 4  # of one kind of page, each of another shape
ROLES: tuple[tuple[Role, Scheme], ...] = (
    (Role.FRONT_DESK, "light"),
    (Role.NURSE, "dark"),
    (Role.CLINICIAN, "light"),
    (Role.BILLER, "dark"),
    (Role.ADMINISTRATOR, "light"),
)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Seed the demo once for all tests here, serve it, and empty the database afterwards."""
    with django_db_blocker.unblock():
        seed(now=timezone.now())
        server = LiveServer("127.0.0.1")
        try:
            with looks.browser() as running:
                yield Site(server.url, running)
        finally:
            server.stop()
            databases.empty()


@contextmanager
def signed_in(
    site: Site, email: str, *, scheme: Scheme = "light", scripts: bool = True
) -> Iterator[tuple[Page, Complaints]]:
    """Sign in through the door, on a phone, and yield the page that comes after it."""
    visitor = looks.visitor(site.browser, host=site.host, width=PHONE, scheme=scheme, scripts=scripts)
    with visitor as (page, complaints):
        page.goto(site.base + reverse("sign_in"))
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: urlsplit(url).path != reverse("sign_in"))
        yield page, complaints


@dataclass(slots=True)
class Tour:
    """What one role met: every address with status and text, and the page to look with."""

    role: Role
    page: Page
    complaints: Complaints
    base: str
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def follow_every_link(self) -> None:
        """Ask for what can be reached from the first page: every kind of page, each for many of the demo's rows."""
        waiting, met = ["/"], Counter[str]()
        while waiting:
            path = waiting.pop()
            kind = kind_of(path)
            enough = met[kind] >= FOLLOWED_AT_MOST.get(kind, OTHERS_AT_MOST)
            if path in self.answers or kind in FILES or enough:
                continue
            met[kind] += 1
            answer = self.page.request.get(self.base + path)
            self.answers[path] = answer.status, answer.text()
            waiting += links(path, answer.text())

    def shapes(self) -> list[str]:
        """Return one address for each shape that a kind of page takes: which classes stand in it."""
        found: dict[str, dict[frozenset[str], str]] = {}
        for path, (_, text) in sorted(self.answers.items()):
            found.setdefault(kind_of(path), {}).setdefault(frozenset(CLASS.findall(text)), path)
        return [path for some in found.values() for path in list(some.values())[:LOOKS_AT_MOST]]


def kind_of(path: str) -> str:
    """Return the name of the page at an address. Raises Resolver404 where there is none."""
    return str(resolve(urlsplit(path).path).url_name)


def links(path: str, text: str) -> list[str]:
    """Return the addresses on this site to which a page links."""
    targets = (urljoin(path, unescape(href)).partition("#")[0] for href in HREF.findall(text))
    return [target for target in targets if target.startswith("/")]


@pytest.fixture(scope="module", params=ROLES, ids=[role.value.lower() for role, _ in ROLES])
def tour(site: Site, request: pytest.FixtureRequest) -> Iterator[Tour]:
    role, scheme = request.param
    with signed_in(site, f"{role.value.lower()}@demo.example", scheme=scheme) as (page, complaints):
        made = Tour(role, page, complaints, site.base)
        made.follow_every_link()
        yield made


def faults(page: Page, complaints: Complaints) -> list[str]:
    """Return what is wrong with the page as it stands, and forget the complaints."""
    page.wait_for_load_state("load")
    wide = looks.scrolls_sideways(page)
    found = [*looks.axe(page), *looks.small_targets(page), *complaints.everything]
    for heard in (complaints.console, complaints.policy, complaints.off_host, complaints.failed):
        heard.clear()
    return [*found, *([f"{wide} px wider than the window"] if wide else [])]


def look_at(page: Page, complaints: Complaints, url: str) -> list[str]:
    page.goto(url)
    return faults(page, complaints)


def test_every_link_leads_to_a_page(tour: Tour) -> None:
    lost = {path: status for path, (status, _) in tour.answers.items() if status != 200}
    assert lost == {}
    assert len(tour.answers) > 50


def test_every_shape_of_page_is_sound(tour: Tour) -> None:
    found = {path: look_at(tour.page, tour.complaints, tour.base + path) for path in tour.shapes()}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_money_is_shown_to_those_alone_who_may_see_claims(tour: Tour) -> None:
    shown = any(DOLLARS.search(text) for _, text in tour.answers.values())
    assert shown is ("see_claims" in vocabulary.permissions_of(frozenset({tour.role})))


def test_every_page_says_that_the_data_is_invented(tour: Tour) -> None:
    silent = [path for path, (_, text) in tour.answers.items() if "TEST DATA" not in text]
    assert silent == []


def subjects() -> dict[str, Any]:
    """Return something of the demo for each name of a part of an address."""
    practice = Practice.objects.get(code="demo")
    by = access.acting_for(practice, what="test")
    mine = User.objects.get(email="administrator@demo.example")
    token, _ = people.issue_token(user=mine, name="nightly export", by=by, at=timezone.now())
    report = imports.take(content=json.dumps([CAMEL]).encode(), filename="list.json", by=by, at=timezone.now())
    row, invitation = people.invite(email="new@demo.example", role=Role.NURSE, by=by, at=timezone.now())
    models: dict[str, Any] = {
        "acknowledgment_id": Acknowledgment,
        "agreement_id": Agreement,
        "alert_id": Alert,
        "authorization_id": Authorization,
        "claim_id": Claim,
        "clinician_id": Clinician,
        "document_id": Document,
        "job_id": Job,
        "location_id": ServiceLocation,
        "membership_id": Membership,
        "notice_id": Notice,
        "referral_id": Referral,
        "service_id": AuthorizedService,
        "submission_id": Submission,
        "task_id": Task,
        "token_id": ApiToken,
        "veteran_id": Veteran,
        "visit_id": Visit,
    }
    found = {name: model.objects.filter(practice=practice).order_by("pk").first().pk for name, model in models.items()}
    mine = {"report_id": report.pk, "token_id": token.pk, "invitation_id": row.pk, "token": invitation}
    posted = {
        "passkey_id": 1,
        "hold_id": 1,
        "closure_id": 1,
        "absence_id": 1,
        "series_id": UUID(int=1),
    }  # they take only posts, there or not
    return found | mine | posted | {"name": "filing-limit-days"}


def named_addresses(patterns: list[Any]) -> Iterator[URLPattern]:
    """Yield the pages of the street map; the API has no pages."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif not str(pattern.pattern).startswith("api/"):
            yield from named_addresses(pattern.url_patterns)


def addresses_with_ids() -> list[str]:
    """Return the address of every page that speaks of one thing, for something of the demo."""
    known = subjects()
    patterns = [one for one in named_addresses(get_resolver().url_patterns) if one.pattern.converters]
    return [reverse(str(one.name), kwargs={name: known[name] for name in one.pattern.converters}) for one in patterns]


def test_every_address_with_an_id_is_a_sound_page_or_takes_only_posts(site: Site) -> None:
    with signed_in(site, "administrator@demo.example") as (page, complaints):
        statuses = {path: page.request.get(site.base + path).status for path in addresses_with_ids()}
        pages = [path for path, status in statuses.items() if status == 200 and resolve(path).url_name not in FILES]
        found = {path: look_at(page, complaints, site.base + path) for path in pages}
    assert {path: status for path, status in statuses.items() if status not in (200, 405)} == {}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert len(pages) > 15


def test_pages_before_the_door_are_sound(site: Site) -> None:
    by = access.acting_for(Practice.objects.get(code="demo"), what="test")
    _, token = people.invite(email="guest@demo.example", role=Role.NURSE, by=by, at=timezone.now())
    paths = (reverse("sign_in"), reverse("accept_invitation", args=[token]), reverse("accept_invitation", args=["no"]))
    with looks.visitor(site.browser, host=site.host, width=PHONE) as (page, complaints):
        found = {path: look_at(page, complaints, site.base + path) for path in paths}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_what_a_panel_cuts_off_counts_as_too_wide(site: Site) -> None:
    with signed_in(site, "administrator@demo.example") as (page, _):
        page.goto(site.base + reverse("jobs"))
        before = looks.scrolls_sideways(page)
        page.locator(".usa-table--stack").evaluate("table => table.style.minWidth = '30rem'")
        assert (before, looks.scrolls_sideways(page) > 0) == (0, True)


def test_somebody_of_two_practices_chooses_one(site: Site) -> None:
    with signed_in(site, "both@demo.example") as (page, complaints):
        assert urlsplit(page.url).path == reverse("choose_practice")
        assert faults(page, complaints) == []
        page.get_by_role("button", name="Ridge Clinic").click()
        page.wait_for_url(site.base + "/")
        assert "Ridge Clinic" in page.get_by_role("banner").inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_refused_booking_keeps_what_was_typed(site: Site, scripts: bool) -> None:
    active = Authorization.objects.filter(practice__code="demo", referral__state="ACCEPTED").order_by("pk").first()
    assert active is not None
    with signed_in(site, "front_desk@demo.example", scripts=scripts) as (page, _):
        page.goto(site.base + reverse("book_visit", args=[active.pk]))
        page.get_by_label("Day").fill("2045-01-02")
        page.get_by_label("Time").fill("10:15")
        page.get_by_label("Service line").first.select_option(index=1)
        page.get_by_label("Clinician").first.select_option(index=1)
        page.get_by_role("button", name="Book").click()
        page.get_by_role("alert").wait_for()
        assert "(VISIT-03)" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("Day").input_value() == "2045-01-02"
        assert page.get_by_label("Time").input_value() == "10:15"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_check_in_takes_one_press_and_one_takes_it_back(site: Site, scripts: bool) -> None:
    with signed_in(site, "front_desk@demo.example", scripts=scripts) as (page, _):
        waiting = page.get_by_role("button", name="Check in")
        before = waiting.count()
        waiting.first.click()
        page.get_by_text("Checked in.").wait_for()
        assert waiting.count() == before - 1
        page.locator(".undo").get_by_role("button", name="Undo").click()
        page.get_by_text("Undone: the visit is booked again.").wait_for()
        assert waiting.count() == before


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_total_of_a_batch_is_of_what_is_ticked(site: Site, scripts: bool) -> None:
    with signed_in(site, "biller@demo.example", scripts=scripts) as (page, _):
        page.goto(site.base + reverse("review_file"))
        boxes, total, all_of_them = page.get_by_role("checkbox"), page.locator("[data-sum]"), "if all stay ticked"
        charges = [Decimal(box.get_attribute("data-charge") or "") for box in boxes.all()]
        boxes.first.uncheck()
        ticked = charges[1:] if scripts else charges
        assert total.inner_text() == f"${sum(ticked):,.2f}"
        assert page.locator("[data-count]").inner_text() == counted(len(ticked), "claim")
        assert page.get_by_text(all_of_them).is_visible() is not scripts


def test_search_for_a_veteran_leaves_no_name_in_the_address(site: Site) -> None:
    veteran = Veteran.objects.filter(practice__code="demo").order_by("pk").first()
    assert veteran is not None
    with signed_in(site, "nurse@demo.example") as (page, complaints):
        page.get_by_label("Veteran's name or referral number").fill(veteran.facts.last_name)
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name=veteran.facts.display_name).first.wait_for()
        assert page.url == site.base + reverse("veterans")
        assert [url for url in complaints.requested if veteran.facts.last_name.lower() in url.lower()] == []


def test_form_with_errors_says_so_on_top_and_links_to_each_field(site: Site) -> None:
    with signed_in(site, "biller@demo.example", scripts=False) as (page, _):
        answer = page.request.get(site.base + reverse("new_referral"))
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text())[0]
        chosen = {"affiliation": "VCA", "line_limit_kind": "UNKNOWN"}
        sent = {"csrfmiddlewaretoken": token, "number": "12", "last_name": "Sample", **chosen}
        refused = page.request.post(answer.url, form=sent, headers={"Referer": answer.url})
        status, text = refused.status, refused.text()
    assert status == 422
    assert re.findall(r'<a href="#(id_\w+)">', text) == ["id_number", "id_first_name", "id_date_of_birth"]
    assert 'value="Sample"' in text


def test_invitation_is_shown_once_and_opens_the_door(site: Site) -> None:
    with signed_in(site, "administrator@demo.example") as (page, complaints):
        page.goto(site.base + reverse("people"))
        page.get_by_label("E-mail address").fill("Nurse.Two@demo.example")
        page.get_by_role("combobox", name="Role").select_option("NURSE")
        page.get_by_role("button", name="Make invitation").click()
        link = page.locator("#once").input_value()
        assert faults(page, complaints) == []
        page.goto(site.base + reverse("people"))
        assert page.locator("#once").count() == 0
    with looks.visitor(site.browser, host=site.host) as (page, _):
        page.goto(link)
        page.get_by_label("Name").fill("Ines Example")
        page.get_by_label("Password").fill("a sentence of some length")
        page.get_by_role("button", name="Join").click()
        page.get_by_text("Welcome. Sign in to begin.").wait_for()


def test_job_page_is_sound_while_it_waits_and_when_it_is_cancelled(site: Site) -> None:
    with signed_in(site, "biller@demo.example") as (page, complaints):
        page.goto(site.base + reverse("claims"))
        page.get_by_role("link", name=re.compile("Review and send")).click()
        page.get_by_role("button", name="Write the 837P file").click()
        page.get_by_text("Waiting").wait_for()
        assert faults(page, complaints) == []
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Cancelled by a person").wait_for()
        assert faults(page, complaints) == []
