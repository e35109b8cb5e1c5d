"""Places, clinicians, background work and alerts by API."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction

from referrals.services import watch
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.world import NOW, World
from vca.core import alerts, jobs
from vca.core.models import Alert, AlertState, Job
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def biller(harbor: World) -> Caller:
    return caller(harbor, Role.BILLER)


@pytest.fixture
def alert(harbor: World) -> Alert:
    """Something that ends soon."""
    authorization = world.authorization(harbor, expiration_date=NOW.date())
    alerts.raise_each(watch.due([authorization], today=world.TODAY, by=harbor.by), by=harbor.by, at=NOW)
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


def ids(answer: Any) -> list[int]:
    return [one["id"] for one in answer.json()["results"]]


def test_alert_is_snoozed_woken_and_found_by_what_it_does(biller: Caller, alert: Alert) -> None:
    asked = {"until": "2024-04-20", "reason": "VA was asked"}
    Alert.objects.update(due_on=date(2024, 4, 30))
    asleep = biller.post("api_snooze_alert", alert.pk, body=asked).json()
    found = [ids(biller.get("api_alerts", **query)) for query in ({}, {"snoozed": "yes"})]
    woken = biller.post("api_wake_alert", alert.pk).json()
    assert (asleep["snoozed_until"], asleep["note"], asleep["wakes_at"]) == (
        *("2024-04-20", "VA was asked"),
        "2024-04-20T07:00:00Z",
    )
    assert (found, woken["wakes_at"]) == ([[], [alert.pk]], None)


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("api_snooze_alert", {"until": "2024-04-20"}, "ALERT-01"),  # it is due today
        ("api_wake_alert", {}, "ALERT-02"),
        ("api_reopen_alert", {}, "ALERT-02"),
    ],
)
def test_act_that_an_alert_does_not_allow_is_refused(
    biller: Caller, alert: Alert, name: str, body: dict[str, str], code: str
) -> None:
    answer = biller.post(name, alert.pk, body=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)


def test_alert_dismissed_by_somebody_else_is_refused_and_a_repetition_is_not(biller: Caller, alert: Alert) -> None:
    said: dict[str, Any] = {"body": {"reason": "care has ended"}}
    answers = [biller.post("api_dismiss_alert", alert.pk, key=key, **said) for key in ("a", "a", "b")]
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert answers[2].json()["error"]["message"] == "the alert changed in the meantime; nothing was done"


@pytest.mark.parametrize(
    ("seen", "status"),
    [({}, 200), ({"threshold": 7}, 200), ({"threshold": 45}, 409), ({"basis": "2024-08-25"}, 409)],
    ids=["not said", "as it is", "has tightened", "hangs on another day"],
)
@pytest.mark.parametrize("name", ["api_dismiss_alert", "api_snooze_alert"])
def test_act_on_an_alert_that_was_read_before_it_changed_is_refused(
    biller: Caller, alert: Alert, name: str, seen: dict[str, Any], status: int
) -> None:
    Alert.objects.update(due_on=date(2024, 4, 30))
    answer = biller.post(name, alert.pk, body={"reason": "known", "until": "2024-04-20", **seen})
    assert answer.status_code == status


@pytest.mark.parametrize("until", ["", "soon", None])
def test_snooze_without_a_day_is_not_understood(biller: Caller, alert: Alert, until: str | None) -> None:
    answer = biller.post("api_snooze_alert", alert.pk, body={"until": until})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "until")


def test_alert_is_taken_found_as_mine_and_given_back(biller: Caller, alert: Alert) -> None:
    taken = biller.post("api_take_alert", alert.pk).json()
    mine = [ids(biller.get("api_alerts", mine="yes", kind=kind)) for kind in (alert.kind, "visits_left")]
    given = biller.post("api_give_back_alert", alert.pk).json()
    assert (taken["owner"] is None, mine, given["owner"]) == (False, [[alert.pk], []], None)
    assert ids(biller.get("api_alerts", mine="yes")) == []


def test_alert_that_is_closed_is_not_taken(biller: Caller, alert: Alert) -> None:
    biller.post("api_dismiss_alert", alert.pk, body={"reason": "care has ended"})
    answer = biller.post("api_take_alert", alert.pk)
    alert.refresh_from_db()
    assert (answer.status_code, answer.json()["error"]["code"], alert.owner) == (409, "ALERT-02", None)


def test_alert_of_money_is_not_there_for_a_role_of_care(harbor: World, biller: Caller, alert: Alert) -> None:
    Alert.objects.update(kind="filing_limit")
    nurse = caller(harbor, Role.NURSE)
    acts = ("snooze", "wake", "dismiss", "reopen", "take", "give_back")
    bodies = {"snooze": {"until": "2024-04-20"}, "dismiss": {"reason": "x"}}
    answers = [nurse.post(f"api_{act}_alert", alert.pk, body=bodies.get(act)) for act in acts]
    assert [answer.status_code for answer in answers] == [404] * len(acts)
    assert [ids(one.get("api_alerts")) for one in (nurse, biller)] == [[], [alert.pk]]


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
