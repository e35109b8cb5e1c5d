"""The description of the API at /api/schema/: sound, whole, and true."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import JsonResponse
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from pytest_django import DjangoDbBlocker

from tests.access.scene import patterns
from tests.vca.core.api.caller import caller
from tests.vca.core.api.contract import breaches, promised
from tests.vca.core.kept import kept, put_back
from vca.core import vocabulary
from vca.core.vocabulary import Role
from vca.domain.rules import CATALOGUE

pytestmark = pytest.mark.both
UUID = "00000000-0000-4000-8000-000000000009"
UNDESCRIBED = ("api_unknown", "api_schema")
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    pytest.param(method.upper(), told, id=told["operationId"])
    for operations in promised()["paths"].values()
    for method, told in operations.items()
]
SENT = [
    pytest.param(
        method, re.sub(r"\{\w+\}", lambda place: UUID if "job" in place[0] else "9", path), id=told["operationId"]
    )
    for path, operations in promised()["paths"].items()
    for method, told in operations.items()
    if method in ("post", "patch")
]


def test_description_is_sound_openapi_and_nothing_in_it_was_guessed() -> None:
    GENERATOR_STATS.reset()

    made = SchemaGenerator().get_schema(request=None, public=True)

    validate_schema(promised())
    assert not GENERATOR_STATS
    assert made["openapi"].startswith("3.1")


@pytest.mark.django_db
def test_description_is_there_for_anybody() -> None:
    answer = Client().get("/api/schema/")

    assert (answer.status_code, answer.json()) == (200, promised())


def test_every_address_and_method_is_described() -> None:
    shown = {
        (one.name, method)
        for one in patterns()
        for method in METHODS
        if hasattr(getattr(one.callback, "cls", None), method) and one.name not in UNDESCRIBED
    }
    told = [(path, method) for path, operations in promised()["paths"].items() for method in operations]

    assert len(told) == len(shown)
    assert len({path for path, _ in told}) == len({name for name, _ in shown})


@pytest.mark.parametrize(("method", "told"), OPERATIONS)
def test_operation_names_permission_rules_and_key(method: str, told: dict[str, Any]) -> None:
    headers = {one["name"]: one["required"] for one in told.get("parameters", ()) if one["in"] == "header"}

    assert told["x-permission"] in vocabulary.permissions_of(frozenset(Role))
    assert set(told["x-rule-codes"]) <= set(CATALOGUE)
    assert ("409" in told["responses"]) == bool(told["x-rule-codes"])
    assert headers == ({} if method == "GET" else {"Idempotency-Key": True})
    assert told["security"] == [{"token": []}]
    assert told["description"].strip()


@pytest.fixture(scope="module")
def anybody(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Client]:
    """Somebody with every permission."""
    with kept(django_db_blocker) as one, put_back(one):
        yield caller(one, *Role).client


@pytest.mark.parametrize(("method", "path"), SENT)
def test_nothing_is_sent_without_a_key(anybody: Client, method: str, path: str) -> None:
    answer: Any = getattr(anybody, method)(path, {}, "application/json")

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")


def answered(status: int, body: Any, method: str = "GET", path: str = "/api/v1/tasks/") -> Any:
    answer: Any = JsonResponse(body, status=status)
    answer.json = lambda: body
    answer.request = {"REQUEST_METHOD": method, "PATH_INFO": path}
    return answer


@pytest.mark.parametrize(("code", "found"), [("CLAIM-17", 0), ("API-01", 0), ("VISIT-02", 1)])
def test_rule_that_the_description_does_not_name_is_found(code: str, found: int) -> None:
    problem = {"code": code, "message": "", "field": "", "source": "", "next_act": ""}

    assert len(breaches(answered(409, {"error": problem}, "POST", "/api/v1/claim-files/"))) == found


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, {"next": None, "previous": None, "results": []}, 0),
        (200, {"results": "none"}, 3),
        (200, {"next": None, "previous": None, "results": [], "more": 1}, 1),
        (200, {"next": None, "previous": None, "results": [{"id": 1}]}, 8),
        (418, {}, 1),
    ],
)
def test_answer_that_breaks_the_promise_is_found(status: int, body: Any, found: int) -> None:
    """The control of every test that calls the API."""
    assert len(breaches(answered(status, body))) == found
