"""Places, clinicians, background work and alerts by API."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoDbBlocker

from referrals.services import watch
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.kept import kept, put_back
from tests.world import NOW, World
from vca.core import jobs
from vca.core.models import Alert, AlertState, Job
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with kept(django_db_blocker) as one:
        yield one


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    with put_back(once):
        yield once


@pytest.fixture
def biller(harbor: World) -> Caller:
    return caller(harbor, Role.BILLER)


@pytest.fixture
def alert(harbor: World) -> Alert:
    """Something that ends soon."""
    authorization = world.authorization(harbor, expiration_date=NOW.date())
    at_most = watch.thresholds(harbor.by, today=world.TODAY)
    watch.look([authorization], at_most=at_most, today=world.TODAY, by=harbor.by, at=NOW)
    return Alert.objects.get()


def test_places_and_clinicians_are_there_to_book_with(harbor: World, biller: Caller) -> None:
    world.practice("ridge")
    places = biller.get("api_locations").json()["results"]
    clinicians = biller.get("api_clinicians").json()["results"]
    assert [(one["id"], one["name"], one["time_zone"]) for one in places] == [
        (harbor.location.pk, "Main", "America/Los_Angeles")
    ]
    assert [(one["id"], one["npi"]) for one in clinicians] == [(harbor.clinician.pk, harbor.clinician.npi)]


def job_of(harbor: World) -> Job:
    with transaction.atomic():
        return jobs.enqueue(kind="write_837p", key="x", by=harbor.by)


def test_job_is_shown_and_cancelled(harbor: World, biller: Caller) -> None:
    job = job_of(harbor)
    shown = biller.client.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (shown["kind"], shown["state"], shown["done"]) == ("write_837p", "QUEUED", 0)
    assert act(biller, f"jobs/{job.pk}/cancel").json()["state"] == "CANCELLED"
    assert act(biller, f"jobs/{job.pk}/cancel").json()["state"] == "CANCELLED"


def act(one: Caller, path: str, body: dict[str, Any] | None = None) -> Any:
    key = {"Idempotency-Key": uuid4().hex}
    return one.client.post(f"/api/v1/{path}/", body or {}, "application/json", headers=key)


def test_job_is_cancelled_by_whoever_is_in_charge_of_it(harbor: World) -> None:
    job = job_of(harbor)
    assert act(caller(harbor, Role.NURSE), f"jobs/{job.pk}/cancel").status_code == 403
    job.refresh_from_db()
    assert job.state == "QUEUED"


def test_alert_is_dismissed_with_a_reason_and_reopened(biller: Caller, alert: Alert) -> None:
    shown = biller.get("api_alerts").json()["results"]
    assert [(one["id"], one["kind"], one["state"]) for one in shown] == [(alert.pk, alert.kind, "OPEN")]
    assert biller.post("api_dismiss_alert", alert.pk).status_code == 422
    closed = biller.post("api_dismiss_alert", alert.pk, body={"reason": "care has ended"}).json()
    assert (closed["state"], closed["closed_reason"]) == ("DISMISSED", "care has ended")
    assert biller.get("api_alerts").json()["results"] == []
    assert biller.post("api_reopen_alert", alert.pk).json()["state"] == AlertState.OPEN


def test_rows_of_another_practice_are_not_there(harbor: World, alert: Alert) -> None:
    stranger, job = caller(world.practice("ridge"), Role.BILLER), job_of(harbor)
    answers = [
        stranger.client.get(f"/api/v1/jobs/{job.pk}/"),
        act(stranger, f"jobs/{job.pk}/cancel"),
        stranger.post("api_dismiss_alert", alert.pk, body={"reason": "mine"}),
        stranger.post("api_reopen_alert", alert.pk),
    ]
    nothing = stranger.client.get(f"/api/v1/jobs/{uuid4()}/")
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, nothing.json())] * 4
    assert stranger.get("api_alerts").json()["results"] == []
