"""Every error of the API has one shape, and tells a rule, the field, the source and what to do next."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.exceptions import ErrorDetail

from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.world import World
from vca.core.api.errors import first_fault
from vca.core.vocabulary import Role
from vca.domain.rules import CATALOGUE

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("harbor")]

SHAPE = ["code", "message", "field", "source", "next_act"]


@pytest.fixture
def biller(harbor: World) -> Caller:
    return caller(harbor, Role.BILLER)


def error(answer: Any) -> dict[str, Any]:
    body: dict[str, dict[str, Any]] = answer.json()
    assert list(body) == ["error"]
    return body["error"]


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
@pytest.mark.parametrize("path", ["", "v1/", "v1/nothing/", "v1/referrals/x/", "v1/referrals", "v2/referrals/"])
def test_unknown_address_has_the_one_shape(method: str, path: str) -> None:
    answer = getattr(Client(), method)(f"/api/{path}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert error(answer) == dict.fromkeys(SHAPE, "") | {
        "code": "NOT-FOUND",
        "message": "There is no such address."
        + " Every address of the API ends with a slash." * (path[-1:] not in "/"),
    }


def test_rule_that_refuses_names_source_and_next_act(harbor: World, biller: Caller) -> None:
    referral = world.receive(harbor).referral

    answer = biller.post("api_confirm_referral", referral.pk)

    assert (answer.status_code, error(answer)) == (
        409,
        {
            "code": "REFERRAL-12",
            "message": "not yet: home location not chosen",
            "field": "",
            "source": "This product's own rule",
            "next_act": "Choose the location where most of the visits will happen.",
        },
    )


def test_input_names_the_first_faulty_field_and_all_of_them(biller: Caller) -> None:
    answer = biller.post("api_referrals", body={"number": "VA1", "last_name": "Sample", "icn": "1"})

    told = error(answer)
    assert (answer.status_code, told["code"], told["field"]) == (422, "INPUT", "number")
    assert (list(told), list(told["details"])) == ([*SHAPE, "details"], ["number", "icn"])


@pytest.mark.parametrize(
    ("detail", "path", "message"),
    [
        ({"a": [ErrorDetail("x")]}, "a", "x"),
        ({"a": {"b": [ErrorDetail("x")]}}, "a.b", "x"),
        ({"a": [{}, {"b": [ErrorDetail("x")]}]}, "a[1].b", "x"),
        ({"a": {2: {"b": [ErrorDetail("x")]}}}, "a[2].b", "x"),
        ({"a": {2: [ErrorDetail("x")]}}, "a[2]", "x"),
        ({"a": {"non_field_errors": [ErrorDetail("x")]}}, "a", "x"),
        ({"non_field_errors": [ErrorDetail("x")]}, "", "x"),
        ([ErrorDetail("x")], "", "x"),
        (ErrorDetail("x"), "", "x"),
    ],
)
def test_faulty_field_is_named_by_its_path(detail: Any, path: str, message: str) -> None:
    assert first_fault(detail) == (path, message)


def test_missing_row_is_not_found(biller: Caller) -> None:
    answer = biller.get("api_referral", 10**30)

    assert (answer.status_code, error(answer)["code"], list(error(answer))) == (404, "NOT-FOUND", SHAPE)


def test_missing_token_is_not_signed_in() -> None:
    answer = Caller().get("api_referrals")

    assert (answer.status_code, error(answer)["code"], list(error(answer))) == (401, "NOT-SIGNED-IN", SHAPE)


def test_missing_permission_is_the_access_rule(harbor: World) -> None:
    answer = caller(harbor, Role.NURSE).post("api_referrals")

    told = error(answer)
    assert (answer.status_code, told["code"], list(told)) == (403, "ACCESS-01", SHAPE)
    rule = CATALOGUE["ACCESS-01"]
    assert (told["source"], told["next_act"]) == (rule.source, rule.next_act)


def test_wrong_method_is_named(biller: Caller) -> None:
    answer = biller.client.delete("/api/v1/referrals/")

    assert (answer.status_code, error(answer)["code"], list(error(answer))) == (405, "METHOD", SHAPE)
    assert error(answer)["message"] == 'Method "DELETE" not allowed.'


@pytest.mark.parametrize(("body", "kind", "status"), [("{", "application/json", 400), ("a=b", "text/plain", 415)])
def test_unreadable_body_is_an_input_error(biller: Caller, body: str, kind: str, status: int) -> None:
    answer = biller.client.post("/api/v1/referrals/", body, kind, headers={"Idempotency-Key": "1"})

    assert (answer.status_code, error(answer)["code"], list(error(answer))) == (status, "INPUT", SHAPE)


@pytest.mark.parametrize("name", ["api_referrals", "api_check_in"])
@pytest.mark.parametrize("body", [[1], '"text"', 7, [{"number": "VA0000000001"}]])
def test_body_that_is_no_object_is_an_input_error(harbor: World, name: str, body: Any) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    ids = [visit.pk] if name == "api_check_in" else []

    answer = caller(harbor, Role.ADMINISTRATOR).post(name, *ids, body=body)

    assert (answer.status_code, error(answer)["code"]) == (422, "INPUT")


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "cD0nOw==", "bz0tMQ=="])
def test_cursor_that_no_page_gave_is_not_found(biller: Caller, cursor: str) -> None:
    answer = biller.get("api_referrals", cursor=cursor)

    assert (answer.status_code, error(answer)["code"]) == (404, "NOT-FOUND")


def test_body_above_the_limit_has_the_one_shape(biller: Caller, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    answer = biller.post("api_make_all_ready", body={"a": "more than ten"})

    assert (answer.status_code, list(error(answer)), error(answer)["code"]) == (400, SHAPE, "INPUT")
