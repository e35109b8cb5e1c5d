"""Another practice's row is not there: by its id in an address or in a form it answers as an id that was never given.

Source: OWASP ASVS 8.2.2 and 8.4.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from billing.models import Submission
from billing.services import claims, submissions
from referrals.models import Notice
from tests import world
from tests.vca.core.rows import everything
from tests.vca.core.test_access import patterns
from tests.world import NOW, World
from vca.core import access, alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Alert, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

Id = int | UUID
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
NOT_OURS = {"accept_invitation", "parameter"}  # named by a secret and by a word, not by an id


@dataclass(frozen=True)
class Scene:
    """Somebody of one practice with every role, a token of theirs, and the rows of this practice and of another."""

    page: Client
    api: Client
    mine: dict[str, Id]
    foreign: dict[str, Id]

    def ask(self, name: str, method: str, **ids: Id) -> HttpResponse:
        client = self.api if name.startswith("api_") else self.page
        body = {"content_type": "application/json"} if name.startswith("api_") else {"data": {"reason": "test"}}
        url = reverse(name, kwargs=ids)
        answer: Any = (
            client.post(url, **body, headers={"Idempotency-Key": "1"}) if method == "POST" else client.get(url)
        )
        return answer


def rows_of(one: World) -> dict[str, Id]:
    """Make a row of every kind that an address can name; return their ids by the name of the place in the address."""
    by = one.by
    person = User.objects.create_user(f"{one.practice.code}@example.org", name="Person")
    for role in (Role.ADMINISTRATOR, Role.CLINICIAN, Role.BILLER):
        membership = people.give_role(user=person, role=role, by=by)
    referral = world.authorization(one).referral
    world.receive(one, number=referral.number, va_status="X")
    visit = world.completed(one, referral.authorization)
    written, *_ = claims.draft(visit_ids=[visit.pk], by=by, at=NOW)
    claims.make_ready(claim=written, by=by, at=NOW)
    job = submissions.ask(by=by)
    jobs.run(job.pk)
    loose = world.booked(one, referral.authorization, at=NOW + timedelta(days=1))
    draft, *_ = claims.draft(visit_ids=[world.completed(one, referral.authorization).pk], by=by, at=NOW)
    due = Reached("visits_left", "AUTH-02", "x", one.practice.pk, (2,), "6", "test", None, (Role.BILLER,))
    alerts.raise_alert(due, by=by, at=NOW)
    token, _ = people.issue_token(user=person, name="test", by=by, at=NOW)
    return {
        "agreement_id": one.practice.agreements.get().pk,
        "alert_id": Alert.objects.get(practice=one.practice).pk,
        "authorization_id": referral.authorization.pk,
        "claim_id": draft.pk,
        "clinician_id": one.clinician.pk,
        "document_id": Submission.objects.get(practice=one.practice).document_id,
        "job_id": job.pk,
        "location_id": one.location.pk,
        "membership_id": membership.pk,
        "notice_id": Notice.objects.get(practice=one.practice, pending=True).pk,
        "referral_id": referral.pk,
        "service_id": world.line(referral.authorization).pk,
        "token_id": token.pk,
        "veteran_id": referral.veteran_id,
        "visit_id": loose.pk,
    }


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


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("name", "place"), ROUTES, ids=[name for name, *_ in ROUTES])
def test_foreign_row_answers_as_one_that_never_was(scene: Scene, name: str, place: str, method: str) -> None:
    foreign = scene.foreign[place]
    before = everything()

    answer = said(scene.ask(name, method, **{place: foreign}))

    assert (answer, everything()) == (said(scene.ask(name, method, **{place: never_given(foreign)})), before)
    assert answer[0] in ((404, 405) if method == "GET" else (404,)), answer[0]


@pytest.mark.parametrize(("name", "place"), ROUTES, ids=[name for name, *_ in ROUTES])
def test_row_of_ones_own_is_there(scene: Scene, name: str, place: str) -> None:
    answers = [scene.ask(name, method, **{place: scene.mine[place]}).status_code for method in ("GET", "POST")]

    assert 404 not in answers


@pytest.mark.parametrize("name", ["claim", "authorization", "veteran", "document", "api_referral"])
def test_foreign_row_would_be_shown_without_scope(scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "scope", lambda rows, by: rows)
    (place,) = next(found for route, *found in ROUTES if route == name)

    assert scene.ask(name, "GET", **{place: scene.foreign[place]}).status_code == 200
