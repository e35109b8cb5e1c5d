"""Another practice's row is not there: by its id in an address or in a form it answers as an id that was never given.

Source: OWASP ASVS 8.2.2 and 8.4.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Claim, Submission
from billing.services import acknowledgments, claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from referrals.models import Authorization, Notice
from referrals.services import imports
from tests import world
from tests.vca.core.rows import everything
from tests.vca.core.test_access import patterns
from tests.world import NOW, World
from vca.core import access, alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Alert, Task, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

Id = int | UUID
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
METHODS = ("GET", "POST", "PATCH")
NOT_OURS = {"accept_invitation", "parameter"}  # named by a secret and by a word, not by an id


@dataclass(frozen=True)
class Scene:
    """Somebody of one practice with every role, a token of theirs, and the rows of this practice and of another."""

    page: Client
    api: Client
    mine: dict[str, Id]
    foreign: dict[str, Id]

    def ask(self, name: str, method: str, **ids: Id) -> HttpResponse:
        if name.startswith("api_"):
            client, url, kind = self.api, reverse(f"api:{name}", kwargs=ids), "application/json"
        else:
            client, url, kind = self.page, reverse(name, kwargs=ids), MULTIPART_CONTENT
        headers = {"Idempotency-Key": uuid4().hex}
        body = () if method == "GET" else ({}, kind)
        answer: Any = getattr(client, method.lower())(url, *body, headers=headers)
        return answer


def rows_of(one: World) -> dict[str, Id]:
    """Make a row of every kind that an address can name; return their ids by the name of the place in the address."""
    by = one.by
    person = User.objects.create_user(f"{one.practice.code}@example.org", name="Person")
    for role in (Role.ADMINISTRATOR, Role.CLINICIAN, Role.BILLER):
        membership = people.give_role(user=person, role=role, by=by)
    referral = world.authorization(one).referral
    world.receive(one, number=world.receive(one).referral.number, va_status="X")
    visit = world.completed(one, referral.authorization)
    written, *_ = claims.draft(visit_ids=[visit.pk], by=by, at=NOW)
    claims.make_ready(claim=written, by=by, at=NOW)
    job = submissions.ask(by=by)
    jobs.run(job.pk)
    job.refresh_from_db()
    sent = _sent_by_hand(one, referral.authorization)
    answer = Answer(Verdict.ACCEPTED, Source.PHONE, NOW.date(), reference="C-1")
    answered = acknowledgments.take(claim=written, answer=answer, by=by, at=NOW)
    draft, *_ = claims.draft(visit_ids=[world.completed(one, referral.authorization).pk], by=by, at=NOW)
    due = Reached("visits_left", "AUTH-02", "x", one.practice.pk, (2,), "6", "test", None)
    alerts.raise_alert(due, by=by, at=NOW)
    token, _ = people.issue_token(user=person, name="test", by=by, at=NOW)
    report = imports.take(content=b"[]", filename="x", by=by, at=NOW)
    invitation, _ = people.invite(email="new@example.org", role=Role.NURSE, by=by, at=NOW)
    return {
        "acknowledgment_id": answered.pk,
        "agreement_id": one.practice.agreements.get().pk,
        "alert_id": Alert.objects.get(practice=one.practice).pk,
        "authorization_id": referral.authorization.pk,
        "claim_id": draft.pk,
        "clinician_id": one.clinician.pk,
        "document_id": job.result_id,
        "invitation_id": invitation.pk,
        "job_id": job.pk,
        "location_id": one.location.pk,
        "membership_id": membership.pk,
        "notice_id": Notice.objects.get(practice=one.practice, pending=True).pk,
        "referral_id": referral.pk,
        "report_id": report.pk,
        "service_id": world.line(referral.authorization).pk,
        "submission_id": sent.pk,
        "task_id": Task.objects.filter(practice=one.practice).first().pk,
        "token_id": token.pk,
        "veteran_id": referral.veteran_id,
        "visit_id": world.completed(one, referral.authorization).pk,
    }


def _sent_by_hand(one: World, authorization: Authorization) -> Submission:
    visit = world.completed(one, authorization)
    claim, *_ = claims.draft(visit_ids=[visit.pk], by=one.by, at=NOW)
    claims.make_ready(claim=claim, by=one.by, at=NOW)
    sent = ByHand(Channel.PORTAL, NOW, receipt="R-1")
    return submissions.record_by_hand(claim_ids=[claim.pk], sent=sent, by=one.by, at=NOW)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """The scene, made once and rolled back after the last test."""
    with django_db_blocker.unblock(), time_machine.travel(NOW), transaction.atomic():
        lake, harbor = world.practice("lake"), world.practice("harbor")
        foreign, mine = rows_of(lake), rows_of(harbor)
        person = User.objects.get(email="harbor@example.org")
        page = Client()
        page.force_login(person)
        _, token = people.issue_token(user=person, name="test", by=harbor.by, at=timezone.now())
        yield Scene(page, Client(headers={"Authorization": f"Bearer {token}"}), mine, foreign)
        transaction.set_rollback(True)


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with transaction.atomic():
        yield made
        transaction.set_rollback(True)


def places(pattern: URLPattern) -> list[str]:
    return [] if pattern.name in NOT_OURS else list(pattern.pattern.converters)


ROUTES = sorted((one.name or "", *places(one)) for one in patterns(get_resolver()) if places(one))


def never_given(known: Id) -> Id:
    return uuid4() if isinstance(known, UUID) else known + 1_000_000


def said(answer: HttpResponse) -> tuple[int, dict[str, str], bytes]:
    """Return everything that an answer tells, but for the token that differs on every page."""
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    return answer.status_code, headers, TOKEN.sub(b"", answer.content)


def test_every_place_in_an_address_has_a_row(scene: Scene) -> None:
    assert {place for _, *found in ROUTES for place in found} == scene.foreign.keys()


@pytest.mark.parametrize(("name", "place"), ROUTES, ids=[name for name, *_ in ROUTES])
def test_foreign_row_answers_as_one_that_never_was(scene: Scene, name: str, place: str) -> None:
    foreign = scene.foreign[place]
    before = everything()

    answers = [said(scene.ask(name, method, **{place: foreign})) for method in METHODS]

    assert everything() == before
    never = [said(scene.ask(name, method, **{place: never_given(foreign)})) for method in METHODS]
    assert answers == never
    assert {404} <= {status for status, *_ in answers} <= {404, 405}


@pytest.mark.parametrize(("name", "place"), ROUTES, ids=[name for name, *_ in ROUTES])
def test_row_of_ones_own_is_there(scene: Scene, name: str, place: str) -> None:
    answers = [scene.ask(name, method, **{place: scene.mine[place]}).status_code for method in METHODS]

    assert 404 not in answers


@pytest.mark.parametrize("name", ["claim", "authorization", "veteran", "document", "api_referral"])
def test_foreign_row_would_be_shown_without_scope(scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "scope", lambda rows, by: rows)
    monkeypatch.setattr(access, "own", lambda row, by: row)  # documents ask a second time
    (place,) = next(found for route, *found in ROUTES if route == name)

    assert scene.ask(name, "GET", **{place: scene.foreign[place]}).status_code == 200


ONE_SERVICE = {
    "services-TOTAL_FORMS": 1,
    "services-INITIAL_FORMS": 0,
    "services-0-code": "96366",
    "services-0-units": 1,
}
SERVICE = {"services-0-service": "service_id", "services-0-clinician": "clinician_id"}
AGREEMENT = {"number": "A-1", "va_facility": "VA", "valid_from": "2023-01-01", "valid_through": "2027-12-31"}
# Form -> the row in its address, what else it says, and the rows that it names.
FORMS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "edit_agreement": ("agreement_id", AGREEMENT, {"locations": "location_id", "clinicians": "clinician_id"}),
    "new_dea": ("clinician_id", {"number": "AB1234563", "valid_through": "2027-12-31"}, {"location": "location_id"}),
    "referral_details": ("referral_id", {"affiliation": "VCA", "network": "x"}, {"home_location": "location_id"}),
    "book_visit": (
        "authorization_id",
        {"on": "2024-04-13", "at": "10:00", **ONE_SERVICE},
        {"location": "location_id", **SERVICE},
    ),
    "walk_in": (
        "authorization_id",
        {"on": "2024-04-11", "at": "10:05", **ONE_SERVICE},
        {"location": "location_id", **SERVICE},
    ),
    "edit_visit": ("visit_id", {"diagnoses": "F33.2", **ONE_SERVICE}, SERVICE),
    "draft_claims": ("", {}, {"visit": "visit_id"}),
}
FIELDS = [(form, field) for form, (_, _, named) in FORMS.items() for field in named]


def sent(scene: Scene, form: str, **named: Id) -> None:
    place, words, _ = FORMS[form]
    address = {place: scene.mine[place]} if place else {}
    scene.page.post(reverse(form, kwargs=address), words | named)


@pytest.mark.parametrize(("form", "field"), FIELDS)
def test_foreign_row_named_in_a_form_changes_nothing(scene: Scene, form: str, field: str) -> None:
    named = {name: scene.mine[place] for name, place in FORMS[form][2].items()}
    before = everything()

    sent(scene, form, **{**named, field: scene.foreign[FORMS[form][2][field]]})

    assert everything() == before


@pytest.mark.parametrize("form", FORMS)
def test_row_of_ones_own_named_in_a_form_changes_something(scene: Scene, form: str) -> None:
    before = everything()

    sent(scene, form, **{name: scene.mine[place] for name, place in FORMS[form][2].items()})

    assert everything() != before


def test_foreign_visit_among_ones_own_is_refused_without_a_word_of_its_claim(scene: Scene) -> None:
    foreign = Claim.objects.get(pk=scene.foreign["claim_id"])
    claimed = foreign.lines.get().visit_service.visit_id
    before = everything()

    answer = scene.page.post(reverse("draft_claims"), {"visit": [scene.mine["visit_id"], claimed]}, follow=True)

    assert everything() == before
    assert foreign.control_number not in answer.content.decode()
    assert "of these visits is not completed" in answer.content.decode()
