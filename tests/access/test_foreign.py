"""Another practice's row is not there: whoever names it is answered as if the id had never been given.

In an address, in a form, in the body or the query of a request, and in every list. Sources: OWASP ASVS 5.0.0, 8.2.2
and 8.4.1; 45 CFR 164.312(a)(1).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from pytest_django import DjangoDbBlocker

from tests.access.scene import EACH_TIME, LISTS, NO_ROWS, PLACES, Id, Keys, Scene, is_api, listed, methods, standing
from tests.vca.core.rows import everything
from vca.core import access, isolation, vocabulary
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

BOSS = Role.ADMINISTRATOR
BEYOND = (2**63, 10**30)  # ids that no database can hold
NAMED = [name for name in sorted(PLACES) if set(PLACES[name]) - NO_ROWS]


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


@dataclass(frozen=True, slots=True)
class Said:
    """All that an answer tells: also by how much the database was asked for it."""

    status: int
    headers: dict[str, str]
    body: bytes
    queries: int


def count(counted: list[str], execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    counted.append(sql)
    return execute(sql, *rest)


def said(keys: Keys, name: str, method: str, ids: dict[str, Id]) -> Said:
    counted: list[str] = []
    with connection.execute_wrapper(partial(count, counted)):
        answer = keys.ask(name, method, ids)
    headers = {header: value for header, value in answer.headers.items() if header != "Content-Length"}
    return Said(answer.status_code, headers, EACH_TIME.sub(b"", answer.content), len(counted))


def never_given(ids: dict[str, Id]) -> dict[str, Id]:
    """Return ids that no row has; what is none of a practice's rows stays."""
    return {place: known if place in NO_ROWS else other(known) for place, known in ids.items()}


def other(known: Id) -> Id:
    return uuid4() if isinstance(known, UUID) else int(known) + 1_000_000


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", NAMED)
def test_foreign_row_answers_as_one_that_never_was(scene: Scene, name: str, role: Role) -> None:
    keys, ids = scene.theirs.keys[role], scene.ours.ids
    before = everything() if role == BOSS else {}

    foreign = {method: said(keys, name, method, ids) for method in methods(name)}

    assert role != BOSS or everything() == before
    assert foreign == {method: said(keys, name, method, never_given(ids)) for method in methods(name)}
    assert {one.status for one in foreign.values()} <= {403, 404, 405}


@pytest.mark.parametrize("number", BEYOND)
@pytest.mark.parametrize("name", [name for name in NAMED if PLACES[name] not in (("job_id",), ("series_id",))])
def test_id_beyond_any_row_is_not_found(scene: Scene, name: str, number: int) -> None:
    beyond: dict[str, Id] = dict.fromkeys(scene.ours.ids, number)

    answers = [scene.ours.keys[BOSS].ask(name, method, beyond) for method in methods(name)]

    assert {answer.status_code for answer in answers} == {404}
    assert {kind_of(answer) for answer in answers} == {"application/json" if is_api(name) else "text/html"}


def kind_of(answer: HttpResponse) -> str:
    return answer.headers["Content-Type"].partition(";")[0]


@pytest.mark.parametrize(("name", "method"), LISTS)
def test_list_says_the_same_whether_or_not_there_is_another_practice(scene: Scene, name: str, method: str) -> None:
    assert listed(scene.theirs, name, method) == scene.lists_before[name, method]


def but_for_the_trail() -> dict[str, list[Any]]:
    """Return every row but those that are only added to: that somebody has looked may be written down."""
    return {label: rows for label, rows in everything().items() if label not in vocabulary.append_only()}


@pytest.mark.parametrize("name", NAMED)
def test_looking_changes_nothing(scene: Scene, name: str) -> None:
    """GET and HEAD act on nothing, so that no link and no picture on another site does. Source: OWASP ASVS 3.5.3."""
    before = but_for_the_trail()

    for method in ("GET", "HEAD", "OPTIONS"):
        scene.ours.keys[BOSS].ask(name, method, scene.ours.ids)

    assert but_for_the_trail() == before


@pytest.fixture
def without_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget to ask whose row it is."""
    monkeypatch.setattr(access, "scope", lambda rows, by: rows)
    monkeypatch.setattr(access, "own", lambda row, by: row)  # documents ask a second time


OPENED = ["claim", "authorization", "veteran", "document", "api_referral"]


@pytest.mark.parametrize("name", OPENED)
def test_foreign_row_would_be_shown_without_scope_and_isolation(
    scene: Scene, without_scope: None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "_tell", lambda connection: None)

    assert scene.theirs.keys[BOSS].ask(name, "GET", scene.ours.ids).status_code == 200


@pytest.mark.parametrize("name", ["claims", "referrals", "authorizations", "api_claims", "api_referrals"])
def test_list_would_say_more_without_scope_and_isolation(
    scene: Scene, without_scope: None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "_tell", lambda connection: None)

    assert listed(scene.theirs, name, "GET") != scene.lists_before[name, "GET"]


@pytest.mark.postgres
@pytest.mark.parametrize("name", OPENED)
def test_foreign_row_is_kept_back_by_the_database_alone(scene: Scene, without_scope: None, name: str) -> None:
    asked = [side.keys[BOSS].ask(name, "GET", scene.ours.ids).status_code for side in (scene.theirs, scene.ours)]

    assert asked == [404, 200]
