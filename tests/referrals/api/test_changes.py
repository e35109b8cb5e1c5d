"""What changes by API after a referral has come: details, facts, days, lines, notices, states, visits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from referrals.models import Notice, Referral, Veteran
from tests import world
from tests.referrals.api.test_views import LINE, wanted
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core.models import Task
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

SAID_WHY = {"reason": "VA's letter"}


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def biller(harbor: World) -> Caller:
    return caller(harbor, Role.BILLER)


@pytest.fixture
def referral(harbor: World) -> Referral:
    """One that waits to be confirmed."""
    return world.receive(harbor).referral


def code(answer: Any) -> tuple[int, str]:
    told = answer.json()["error"]
    return answer.status_code, told["field"] if answer.status_code == 422 else told["code"]


def test_details_are_entered_in_part_and_the_rest_stays(harbor: World, biller: Caller, referral: Referral) -> None:
    first = biller.patch("api_referral", referral.pk, body={"home_location": harbor.location.pk, "network": "x"})
    second = biller.patch("api_referral", referral.pk, body={"provisional_diagnosis": "f33.2", "affiliation": "VCA"})

    referral.authorization.refresh_from_db()
    assert (first.status_code, referral.authorization.home_location_id) == (200, harbor.location.pk)
    body = second.json()
    assert (body["network"], body["provisional_diagnosis"], body["obstacles"]) == ("x", "F332", [])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, ""),
        ({"affiliation": "ME"}, "affiliation"),
        ({"provisional_diagnosis": "x"}, "provisional_diagnosis"),
        ({"referring_npi": "1234567890"}, "referring_npi"),
        ({"va_status_meaning": "go on"}, "va_status_meaning"),
        ({"home_location": "here"}, "home_location"),
    ],
)
def test_faulty_details_are_refused_by_their_field(
    biller: Caller, referral: Referral, wrong: dict[str, Any], field: str
) -> None:
    before = everything()

    assert code(biller.patch("api_referral", referral.pk, body=wrong)) == (422, field)
    assert everything() == before


def test_meaning_of_a_status_that_is_not_active_is_kept(harbor: World, biller: Caller) -> None:
    row = world.receive(harbor, va_status="X").referral

    body = biller.patch("api_referral", row.pk, body={"va_status_meaning": "active, says VA Portland"}).json()

    assert body["va_status_meaning"] == "active, says VA Portland"


def test_place_of_another_practice_is_no_home(harbor: World, biller: Caller, referral: Referral) -> None:
    lake = world.practice("lake")

    assert biller.patch("api_referral", referral.pk, body={"home_location": lake.location.pk}).status_code == 404


def test_active_referral_keeps_what_it_needs(harbor: World, biller: Caller) -> None:
    row = world.authorization(harbor).referral

    assert code(biller.patch("api_referral", row.pk, body={"affiliation": "UNKNOWN"})) == (409, "REFERRAL-05")


def test_facts_are_read_and_changed_as_a_new_version(biller: Caller, referral: Referral) -> None:
    veteran = referral.veteran
    body = biller.patch("api_veteran", veteran.pk, body={"state": "or", "phone": "(503) 555-0100", "icn": ""}).json()

    veteran.refresh_from_db()
    assert (body["state"], body["phone"], body["icn_ends_in"]) == ("OR", "5035550100", "3456")
    assert (veteran.versions.count(), veteran.facts.icn[-4:]) == (2, "3456")
    assert biller.get("api_veteran", veteran.pk).json() == body


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, ""),
        ({"last_name": ""}, "last_name"),
        ({"first_name": "--"}, "first_name"),
        ({"state": "ZZ"}, "state"),
        ({"phone": "555"}, "phone"),
        ({"zip_code": "1"}, "zip_code"),
        ({"ssn": "000"}, "ssn"),
        ({"date_of_birth": None}, "date_of_birth"),
    ],
)
def test_faulty_facts_are_refused_by_their_field(
    biller: Caller, referral: Referral, wrong: dict[str, Any], field: str
) -> None:
    before = everything()

    assert code(biller.patch("api_veteran", referral.veteran_id, body=wrong)) == (422, field)
    assert everything() == before


def test_icn_of_somebody_else_is_refused(harbor: World, biller: Caller, referral: Referral) -> None:
    taken = world.receive(harbor).referral.veteran.facts.icn

    assert code(biller.patch("api_veteran", referral.veteran_id, body={"icn": taken})) == (409, "RECORD-01")


def test_days_become_a_new_version(biller: Caller, referral: Referral) -> None:
    days = {"valid_from": "2024-04-01", "valid_through": "2024-06-30"}
    body = biller.post("api_days", referral.pk, body=days | SAID_WHY).json()
    backward = {"valid_from": "2024-06-30", "valid_through": "2024-04-01"}

    assert (body["valid_from"], body["valid_through"], body["version"]) == (*days.values(), 2)
    assert code(biller.post("api_days", referral.pk, body=backward | SAID_WHY)) == (409, "REFERRAL-08")
    far = {**days, "valid_through": "2999-01-01"} | SAID_WHY
    assert code(biller.post("api_days", referral.pk, body=far)) == (422, "valid_through")


def test_line_is_added_changed_in_part_and_given_its_opening_balance(biller: Caller, referral: Referral) -> None:
    line = biller.post("api_lines", referral.pk, body=LINE).json()
    cut = biller.patch("api_line", line["id"], body={"visits": 4, **SAID_WHY}).json()
    given = biller.post("api_opening_balance", line["id"], body={"visits": 3, "source": "other clinic"}).json()

    assert (line["number"], line["visits_authorized"], line["codes"]) == (2, 6, ["96365", "J3490"])
    assert cut == line | {"visits_authorized": 4, "visits_left": 4}
    assert given == cut | {"visits_before_us": 3, "visits_left": 1}
    assert code(biller.patch("api_line", line["id"], body={"limit_kind": "UNLIMITED"})) == (422, "visits")


def test_notice_is_read_and_settled(harbor: World, biller: Caller, referral: Referral) -> None:
    world.receive(harbor, number=referral.number, va_status="X")
    row = Notice.objects.get(pending=True)

    listed = biller.get("api_notices", referral.pk).json()["results"]
    read = biller.get("api_notice", row.pk).json()
    settled = biller.post("api_settle_notice", row.pk).json()

    assert [(one["id"], one["pending"]) for one in listed if one["pending"]] == [(row.pk, True)]
    status = next(one for one in read["compared"] if one["field"] == "va_status")
    assert (status["said"], status["to_compare"], settled["pending"]) == (["X"], True, False)


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        (["suspend"], "SUSPENDED"),
        (["suspend", "resume"], "ACCEPTED"),
        (["cancel"], "CANCELLED"),
        (["complete"], "COMPLETED"),
        (["complete", "reopen"], "HELD"),
    ],
)
def test_active_referral_moves_with_a_reason(harbor: World, biller: Caller, acts: list[str], state: str) -> None:
    row = world.authorization(harbor).referral

    *_, last = [biller.post(f"api_{act}_referral", row.pk, body=SAID_WHY) for act in acts]

    row.refresh_from_db()
    assert (last.status_code, last.json()["state"], row.state_reason) == (200, row.state, "VA's letter")
    assert row.state == state


def test_open_referral_is_rejected_and_no_other_move_is_offered(biller: Caller, referral: Referral) -> None:
    assert code(biller.post("api_suspend_referral", referral.pk, body=SAID_WHY)) == (409, "REFERRAL-06")
    assert code(biller.post("api_reject_referral", referral.pk)) == (422, "reason")
    assert biller.post("api_reject_referral", referral.pk, body=SAID_WHY).json()["state"] == "REJECTED"


def test_referral_is_moved_to_its_veteran(harbor: World, biller: Caller, referral: Referral) -> None:
    to: Veteran = world.receive(harbor).referral.veteran
    stranger = world.receive(world.practice("lake")).referral.veteran

    moved = biller.post("api_move_referral", referral.pk, body={"veteran": to.pk}).json()

    assert moved["veteran"] == to.pk
    assert code(biller.post("api_move_referral", referral.pk, body={"veteran": to.pk})) == (409, "REFERRAL-09")
    assert biller.post("api_move_referral", referral.pk, body={"veteran": stranger.pk}).status_code == 404


def test_walk_in_uses_a_visit_at_once(harbor: World) -> None:
    desk, authorization = caller(harbor, Role.FRONT_DESK), world.authorization(harbor)

    now = wanted(harbor, authorization, starts_at=NOW.isoformat())
    body = desk.post("api_walk_in", authorization.pk, body=now).json()
    later = wanted(harbor, authorization, starts_at=(NOW + timedelta(days=1)).isoformat())

    assert (body["state"], body["walk_in"], world.line(authorization).visits_used) == ("ARRIVED", True, 1)
    assert code(desk.post("api_walk_in", authorization.pk, body=later)) == (409, "VISIT-11")


def test_services_of_a_visit_are_corrected_and_their_lines_stay(harbor: World, biller: Caller) -> None:
    authorization = world.authorization(harbor)
    visit = world.completed(harbor, authorization)
    service = wanted(harbor, authorization)["services"][0] | {"code": "96366", "units": 2}

    body = biller.patch("api_visit", visit.pk, body={"services": [service]}).json()

    assert [(one["code"], one["units"]) for one in body["services"]] == [("96366", 2)]
    assert (body["diagnoses"], biller.get("api_visit", visit.pk).json()) == (["F332"], body)
    foreign = world.line(world.authorization(harbor)).pk
    refused = biller.patch("api_visit", visit.pk, body={"services": [service | {"service": foreign}]})
    assert code(refused) == (409, "VISIT-08")


def test_visit_that_never_was_is_struck_with_a_reason(harbor: World, biller: Caller) -> None:
    authorization = world.authorization(harbor)
    visit = world.completed(harbor, authorization)

    assert code(biller.post("api_void_visit", visit.pk)) == (422, "reason")
    assert biller.post("api_void_visit", visit.pk, body=SAID_WHY).json()["state"] == "VOIDED"
    assert world.line(authorization).visits_used == 0


def test_repeated_change_acts_once(biller: Caller, referral: Referral) -> None:
    days = {"valid_from": "2024-04-01", "valid_through": "2024-06-30"} | SAID_WHY
    answers = [biller.post("api_days", referral.pk, body=days, key="same").json() for _ in range(2)]
    patched = [biller.patch("api_veteran", referral.veteran_id, body={"city": city}, key="one") for city in "AB"]

    assert answers[0] == answers[1]
    assert referral.authorization.versions.count() == 2
    assert ([one.status_code for one in patched], code(patched[1])) == ([200, 409], (409, "API-01"))


def test_change_without_a_key_is_refused(biller: Caller, referral: Referral) -> None:
    answer = biller.patch("api_veteran", referral.veteran_id, body={"city": "Salem"}, key="")

    assert code(answer) == (422, "Idempotency-Key")
    assert referral.veteran.versions.count() == 1


@pytest.mark.parametrize(
    ("method", "name", "about", "may"),
    [
        ("patch", "api_referral", "referral", Role.BILLER),
        ("post", "api_days", "referral", Role.BILLER),
        ("post", "api_lines", "referral", Role.BILLER),
        ("post", "api_reject_referral", "referral", Role.BILLER),
        ("post", "api_move_referral", "referral", Role.BILLER),
        ("patch", "api_veteran", "veteran", Role.FRONT_DESK),
    ],
)
def test_change_is_for_these_roles(
    harbor: World, referral: Referral, method: str, name: str, about: str, may: Role
) -> None:
    row = referral.pk if about == "referral" else referral.veteran_id

    answers = [getattr(caller(harbor, role), method)(name, row) for role in (Role.NURSE, may)]

    assert [answer.status_code for answer in answers] == [403, 422]


def test_task_is_taken_and_given_back(harbor: World, biller: Caller, referral: Referral) -> None:
    task = Task.objects.get(kind="referral_held")

    assert [one["id"] for one in biller.get("api_tasks").json()["results"]] == [task.pk]
    taken = biller.post("api_take_task", task.pk).json()
    assert taken["owner"] is not None
    assert biller.post("api_give_back_task", task.pk).json()["owner"] is None
    assert caller(harbor, Role.NURSE).get("api_tasks").json()["results"] == []
    assert caller(harbor, Role.NURSE).post("api_take_task", task.pk).status_code == 403
