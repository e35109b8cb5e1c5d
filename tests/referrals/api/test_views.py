"""Referrals, authorizations and visits by API: the same deeds as on the pages."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from referrals.models import Referral, Visit
from referrals.services import visits
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core.models import Task
from vca.core.vocabulary import Role
from vca.domain.rules import CATALOGUE

pytestmark = pytest.mark.both

LINE = {"description": "Ketamine infusion", "limit_kind": "COUNTED", "visits": 6, "codes": ["96365", "j3490"]}
SAID = {
    "number": "va0000009001",
    "last_name": "Sample",
    "first_name": "Alex",
    "date_of_birth": "1960-01-02",
    "icn": "1012999999v654321",
    "affiliation": "VCA",
    "va_status": "AP",
    "referral_date": "2024-03-28",
    "expiration_date": "2024-05-27",
    "lines": [LINE],
}


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def anybody(harbor: World) -> Caller:
    """Somebody with every permission."""
    return caller(harbor, Role.BILLER, Role.CLINICIAN)


def wanted(harbor: World, authorization: Any, **more: Any) -> dict[str, Any]:
    """Return a visit of one service, but for what is overridden."""
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365"}
    return {"location": harbor.location.pk, "starts_at": "2024-04-12T10:00:00-07:00", "services": [service], **more}


def test_booked_visit_is_moved_or_the_refusal_names_its_rule(harbor: World, anybody: Caller) -> None:
    visit = world.booked(harbor, world.authorization(harbor))

    def moved(starts_at: str) -> Any:
        return anybody.post("api_move_visit", visit.pk, body={"location": harbor.location.pk, "starts_at": starts_at})

    refused, done = moved("2025-04-12T10:00:00-07:00"), moved("2024-04-12T10:00:00-07:00")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "VISIT-03")
    assert (done.status_code, done.json()["on"], done.json()["state"]) == (200, "2024-04-12", "BOOKED")


def test_referral_is_received(anybody: Caller) -> None:
    answer = anybody.post("api_referrals", body=SAID)

    body, row = answer.json(), Referral.objects.get()
    assert (answer.status_code, body["result"], body["held_because"], body["differs_in"]) == (201, "created", [], [])
    assert (body["id"], body["number"], body["state"], body["authorization"]) == (
        *(row.pk, "VA0000009001", "RECEIVED"),
        row.authorization.pk,
    )


def test_referral_tells_no_name(anybody: Caller) -> None:
    body = anybody.post("api_referrals", body=SAID).content + anybody.get("api_referrals").content

    assert [word in body for word in (b"Sample", b"Alex", b"1960", b"1012999999")] == [False] * 4


def test_referral_without_limits_is_held_and_says_why(anybody: Caller) -> None:
    body = anybody.post("api_referrals", body=SAID | {"lines": []}).json()

    assert (body["state"], body["held_because"]) == ("HELD", ["visit limits not stated"])


def test_known_referral_is_unchanged_or_differs(anybody: Caller) -> None:
    anybody.post("api_referrals", body=SAID)

    same = anybody.post("api_referrals", body=SAID)
    other = anybody.post("api_referrals", body=SAID | {"va_status": "X"})

    assert [(answer.status_code, answer.json()["result"]) for answer in (same, other)] == [
        (200, "unchanged"),
        (200, "differs"),
    ]
    assert other.json()["differs_in"] == ["va_status"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"number": "402-1"}, "number"),
        ({"number": None}, "number"),
        ({"last_name": "Sam\nple"}, "last_name"),
        ({"last_name": "S" * 61}, "last_name"),
        ({"first_name": "\x00"}, "first_name"),
        ({"lines": [LINE] * 51}, "lines"),
        ({"lines": [LINE | {"description": "a\x07"}]}, "lines[0].description"),
        ({"icn": "1"}, "icn"),
        ({"date_of_birth": "1960-02-30"}, "date_of_birth"),
        ({"affiliation": "ME"}, "affiliation"),
        ({"seoc_days": 0}, "seoc_days"),
        ({"lines": [LINE, LINE | {"codes": ["963"]}]}, "lines[1].codes"),
        ({"lines": [LINE | {"visits": None}]}, "lines[0].visits"),
        ({"lines": [LINE | {"limit_kind": "UNLIMITED"}]}, "lines[0].visits"),
        ({"lines": [LINE | {"visits": 999}]}, "lines[0].visits"),
        ({"lines": "none"}, "lines"),
    ],
)
def test_faulty_referral_is_refused_by_its_field(anybody: Caller, wrong: dict[str, Any], field: str) -> None:
    answer = anybody.post("api_referrals", body=SAID | wrong)

    told = answer.json()["error"]
    assert (answer.status_code, told["field"], Referral.objects.count()) == (422, field, 0)


@pytest.mark.parametrize(
    "nobody",
    [
        {"icn": "", "last_name": ""},
        {"icn": "", "date_of_birth": None},
        {"icn": "", "last_name": "(not stated)"},
        {"icn": "", "last_name": "--"},
    ],
)
def test_referral_of_nobody_is_refused_by_the_rule_of_the_import(anybody: Caller, nobody: dict[str, Any]) -> None:
    answer = anybody.post("api_referrals", body=SAID | nobody)

    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told["field"]) == (409, "REFERRAL-10", "last_name")
    assert Referral.objects.count() == 0


@pytest.mark.parametrize(
    ("stated", "because", "codes"),
    [
        ({"last_name": ""}, ["Veteran's name not stated"], ["REFERRAL-10"]),
        ({"last_name": "(not stated)"}, ["Veteran's name not stated"], ["REFERRAL-10"]),
        ({"date_of_birth": None}, ["date of birth not stated"], ["REFERRAL-10"]),
        ({"date_of_birth": "2030-01-02"}, ["date of birth in the future or too long ago"], ["REFERRAL-14"]),
        ({"expiration_date": "9999-12-31"}, ["dates too far away"], ["REFERRAL-13"]),
        ({"expiration_date": "2024-01-01"}, ["expiration date before referral date"], ["REFERRAL-08"]),
        ({"va_status": "I"}, ["status not known: I"], ["REFERRAL-04"]),
        ({"va_status": "RJ"}, ["VA's status says it is not active: RJ"], ["REFERRAL-16"]),
        (
            {"lines": [LINE | {"limit_kind": "UNKNOWN", "visits": None}], "referral_date": None},
            ["visit limits not stated", "referral date not stated"],
            ["REFERRAL-02", "REFERRAL-03"],
        ),
    ],
)
def test_referral_is_held_for_what_the_import_is_held(
    anybody: Caller, stated: dict[str, Any], because: list[str], codes: list[str]
) -> None:
    body = anybody.post("api_referrals", body=SAID | stated).json()

    assert (body["state"], body["held_because"]) == ("HELD", because)
    assert [rule["code"] for rule in body["held_by"]] == codes


def test_obstacle_comes_with_its_rule(anybody: Caller) -> None:
    number = anybody.post("api_referrals", body=SAID).json()["id"]

    rule = CATALOGUE["REFERRAL-12"]
    assert anybody.get("api_referral", number).json()["obstacles"] == [
        {
            "code": "REFERRAL-12",
            "reason": "home location not chosen",
            "sentence": rule.sentence,
            "source": rule.source,
            "next_act": rule.next_act,
            "verify_with_va": False,
        }
    ]


def test_unknown_state_is_no_filter(anybody: Caller) -> None:
    answer = anybody.get("api_referrals", state="\x00")

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "state")


def test_obstacles_are_named_until_the_referral_is_confirmed(harbor: World, anybody: Caller) -> None:
    referral = Referral.objects.get(pk=anybody.post("api_referrals", body=SAID).json()["id"])
    before = [one["reason"] for one in anybody.get("api_referral", referral.pk).json()["obstacles"]]
    world.referrals.change_details(referral=referral, facts={"network": ""}, home=harbor.location, by=harbor.by)

    confirmed = anybody.post("api_confirm_referral", referral.pk)

    assert (before, confirmed.status_code, confirmed.json()["state"]) == (["home location not chosen"], 200, "ACCEPTED")


def test_referrals_are_found_by_state(harbor: World, anybody: Caller) -> None:
    held = world.receive(harbor, lines=()).referral
    world.receive(harbor)

    assert [row["id"] for row in anybody.get("api_referrals", state="HELD").json()["results"]] == [held.pk]


def test_authorization_shows_its_counts(harbor: World, anybody: Caller) -> None:
    authorization = world.authorization(harbor)
    world.booked(harbor, authorization)

    body = anybody.get("api_authorization", authorization.pk).json()

    assert (body["valid_from"], body["valid_through"], body["version"]) == ("2024-03-28", "2024-05-27", 1)
    counts = ("visits_authorized", "visits_before_us", "visits_over", "visits_held", "visits_used", "visits_left")
    assert [tuple(line[name] for name in counts) for line in body["services"]] == [(6, 0, 0, 1, 0, 5)]


def test_list_of_authorizations_is_what_each_one_says(harbor: World, anybody: Caller) -> None:
    made = [world.authorization(harbor).pk for _ in range(2)]

    listed = anybody.get("api_authorizations").json()["results"]

    assert listed == [anybody.get("api_authorization", pk).json() for pk in made[::-1]]


def test_visit_is_booked_on_its_civil_day(harbor: World, anybody: Caller) -> None:
    authorization = world.authorization(harbor)

    answer = anybody.post("api_visits", authorization.pk, body=wanted(harbor, authorization, diagnoses=["f33.2"]))

    body = answer.json()
    assert (answer.status_code, body["state"], body["on"], body["starts_at"], body["diagnoses"]) == (
        *(201, "BOOKED", "2024-04-12"),
        *("2024-04-12T17:00:00Z", ["F332"]),
    )
    assert [row["id"] for row in anybody.get("api_visits", authorization.pk).json()["results"]] == [body["id"]]


def test_visit_beyond_the_limit_is_refused_whole(harbor: World, anybody: Caller) -> None:
    authorization = world.authorization(harbor, visits=1)
    world.booked(harbor, authorization)
    before = everything()

    answer = anybody.post("api_visits", authorization.pk, body=wanted(harbor, authorization))

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "VISIT-02")
    assert everything() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"starts_at": "2024-04-12T10:00:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00Z"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "starts_at"),
        ({"services": []}, "services"),
        ({"services": [{}]}, "services[0].service"),
        ({"services": [{"service": 10**30, "clinician": 1}]}, "services[0].service"),
        ({"services": [{"service": 1, "clinician": -1}]}, "services[0].clinician"),
        ({"services": [{"service": 1, "clinician": 1, "ndc": "42023011410"}]}, "services[0].ndc"),
        ({"services": [{"service": 1, "clinician": 1, "code": "1"}]}, "services[0].code"),
        ({"services": [{"service": 1, "clinician": 1, "units": 0}]}, "services[0].units"),
        ({"services": [{"service": 1, "clinician": 1, "modifiers": "G"}]}, "services[0].modifiers"),
        ({"services": [{"service": 1, "clinician": 1, "modifiers": "25,GT,95,93,XU"}]}, "services[0].modifiers"),
        ({"services": [{"service": 1, "clinician": 1, "drug_name": "a\x07"}]}, "services[0].drug_name"),
        ({"services": [{"service": 1, "clinician": 1}] * 51}, "services"),
        ({"services": [{"service": 1, "clinician": 1, "ndc_quantity": "-1"}]}, "services[0].ndc_quantity"),
        ({"diagnoses": ["x"]}, "diagnoses"),
        ({"diagnoses": ["F332"] * 13}, "diagnoses"),
        ({"location": "here"}, "location"),
    ],
)
def test_faulty_visit_is_refused_by_its_field(
    harbor: World, anybody: Caller, wrong: dict[str, Any], field: str
) -> None:
    authorization = world.authorization(harbor)

    answer = anybody.post("api_visits", authorization.pk, body=wanted(harbor, authorization) | wrong)

    assert (answer.status_code, answer.json()["error"]["field"], Visit.objects.count()) == (422, field, 0)


@pytest.mark.parametrize(
    ("named", "status", "code"),
    [("location", 404, "NOT-FOUND"), ("service", 409, "VISIT-08"), ("clinician", 409, "VISIT-10")],
)
@pytest.mark.parametrize("foreign", [True, False], ids=["foreign", "never given"])
def test_row_of_another_practice_in_a_body_is_refused(
    harbor: World, anybody: Caller, named: str, status: int, code: str, foreign: bool
) -> None:
    lake, authorization = world.practice("lake"), world.authorization(harbor)
    there = {"location": lake.location.pk, "clinician": lake.clinician.pk}
    there["service"] = world.line(world.authorization(lake)).pk
    body = wanted(harbor, authorization)
    place = body if named == "location" else body["services"][0]
    place[named] = there[named] if foreign else 10**9
    before = everything()

    answer = anybody.post("api_visits", authorization.pk, body=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert everything() == before


@pytest.mark.parametrize(
    ("act", "state", "left"),
    [("api_check_in", "ARRIVED", 5), ("api_cancel_visit", "CANCELLED", 6), ("api_no_show_visit", "NO_SHOW", 6)],
)
def test_act_on_a_visit_and_its_undoing(harbor: World, anybody: Caller, act: str, state: str, left: int) -> None:
    authorization = world.authorization(harbor)
    visit = world.booked(harbor, authorization)

    done = anybody.post(act, visit.pk, body={"reason": "test"}).json()["state"]
    count = world.line(authorization).count.left
    undone = anybody.post("api_undo_visit", visit.pk).json()["state"]

    assert (done, count, undone, world.line(authorization).count.left) == (state, left, "BOOKED", 5)


def test_visit_is_completed(harbor: World, anybody: Caller) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    visits.check_in(visit=visit, by=harbor.by, at=NOW)

    body = anybody.post("api_complete_visit", visit.pk).json()

    assert (body["state"], body["completed_at"] is None) == ("COMPLETED", False)


def test_reason_is_kept(harbor: World, anybody: Caller) -> None:
    visit = world.booked(harbor, world.authorization(harbor))

    body = anybody.post("api_cancel_visit", visit.pk, body={"reason": "snow"}).json()

    assert body["reason"] == "snow"


SOUGHT = {"contact_attempts": 2, "contacted_on": "2024-04-10", "contacted_by": "PHONE"}


@pytest.mark.parametrize("act", ["api_cancel_visit", "api_no_show_visit"])
@pytest.mark.parametrize(
    ("said", "kept", "asks"),
    [
        (SOUGHT | {"va_told": False}, SOUGHT | {"va_told": False}, 1),
        (SOUGHT | {"va_told": True}, SOUGHT | {"va_told": True}, 0),
        (
            {"contact_attempts": 0},
            {"contact_attempts": 0, "contacted_on": None, "contacted_by": "", "va_told": None},
            0,
        ),
    ],
)
def test_contact_is_kept_and_va_not_told_is_a_task(
    harbor: World, anybody: Caller, act: str, said: dict[str, Any], kept: dict[str, Any], asks: int
) -> None:
    visit = world.booked(harbor, world.authorization(harbor))

    body = anybody.post(act, visit.pk, body=said).json()

    assert {name: body[name] for name in kept} == kept
    assert Task.objects.filter(kind="tell_va", closed_at=None).count() == asks


@pytest.mark.parametrize("lacking", ["contacted_on", "contacted_by", "contact_attempts"])
def test_contact_that_is_not_whole_is_refused(harbor: World, anybody: Caller, lacking: str) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    said = {name: value for name, value in SOUGHT.items() if name != lacking}

    answer = anybody.post("api_no_show_visit", visit.pk, body=said)

    visit.refresh_from_db()
    assert (answer.status_code, visit.state) == (422, "BOOKED")


@pytest.mark.parametrize("reason", ["x" * 201, None, ["snow"], "a\0b"])
def test_reason_that_cannot_be_kept_is_refused(harbor: World, anybody: Caller, reason: Any) -> None:
    visit = world.booked(harbor, world.authorization(harbor))

    answer = anybody.post("api_cancel_visit", visit.pk, body={"reason": reason})

    visit.refresh_from_db()
    assert (answer.status_code, answer.json()["error"]["field"], visit.state) == (422, "reason", "BOOKED")


@pytest.mark.parametrize("act", ["api_complete_visit", "api_undo_visit"])
def test_act_out_of_turn_is_refused(harbor: World, anybody: Caller, act: str) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    before = everything()

    answer = anybody.post(act, visit.pk)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "VISIT-05")
    assert everything() == before


def test_visit_is_not_checked_in_before_its_day(harbor: World, anybody: Caller) -> None:
    visit = world.booked(harbor, world.authorization(harbor), at=NOW + timedelta(days=1))

    assert anybody.post("api_check_in", visit.pk).json()["error"]["code"] == "VISIT-11"
