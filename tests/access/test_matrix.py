"""Every address, every method, everybody: each cell of the table (tests/access/table.py) is asked for.

An address that the table does not name, or a method that it does not name, turns the suite red: the matrix grows by
itself. Sources: OWASP ASVS 5.0.0, 8.2.1, 8.2.2 and 8.4.1; 45 CFR 164.312(a)(1), access control.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tests.access.scene import PLACES, Keys, Scene, is_api, methods, standing
from tests.access.table import DOORS, NO_ADDRESS, PERMISSIONS, SEEN, TABLE, Cell
from vca.core import access, sessions
from vca.core.models import RealData
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

LET_IN = "let in"
# One word for each way not to be let in.
AWAY = {
    "/sign-in/?": "sign in",
    "/choose-practice/": "choose a practice",
    "/factors/": "second factor",
    "/sign-in/prove/": "prove",
}
# Pages that lead back to the factors when they have done their deed, as others lead there who lack one.
LEAD_TO_FACTORS = ("remove_app", "rename_passkey", "remove_passkey", "end_sessions")
REFUSED = {401: "no token", 403: "refused", 404: "no such row", 405: "not a method"}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def outcome(name: str, answer: HttpResponse) -> str:
    """Return in a word what an answer says of the door."""
    if answer.status_code != 302:
        return REFUSED.get(answer.status_code, LET_IN)
    to = answer.headers["Location"]
    # A deed on the factors leads there too, with a word for whoever did it; the door itself leads where it likes.
    is_deed = name in LEAD_TO_FACTORS and to == "/factors/" and get_messages(answer.wsgi_request).added_new
    if is_deed or Cell(("anyone",)) in TABLE[name].values():
        return LET_IN
    return next((word for start, word in AWAY.items() if to.startswith(start)), LET_IN)


def asked(scene: Scene, keys: Keys, name: str) -> dict[str, str]:
    """Ask an address of ours by each method, each from where things stood."""
    got = {}
    for method in methods(name):
        with scene.as_it_was():
            body = {"practice": scene.ours.world.practice.pk} if name == "choose_practice" else None
            got[method] = outcome(name, keys.ask(name, method, scene.ours.ids, body))
    return got


def table_says(name: str, *, page: str, api: str) -> dict[str, str]:
    """Return what somebody gets who is stopped at the door: this on pages, that at the API."""
    if name == NO_ADDRESS:
        return dict.fromkeys(methods(name), "no such row")
    stopped, said = api if is_api(name) else page, dict.fromkeys(methods(name), "not a method")
    if is_api(name) and api == "no token" and name != "api_schema":
        said = dict.fromkeys(methods(name), api)  # who calls is asked before what they call
    return said | {method: LET_IN if one.needs == ("anyone",) else stopped for method, one in TABLE[name].items()}


def role_gets(role: Role, one: Cell) -> str:
    """Return what a role gets for a row of its own practice."""
    first, *more = one.needs
    if first not in DOORS and first not in PERMISSIONS[role]:
        return "refused"
    if one.seen and role not in SEEN[one.seen]:
        return "no such row"
    return LET_IN if set(more) <= PERMISSIONS[role] else "refused"


def role_says(role: Role, name: str) -> dict[str, str]:
    """Return what the table says of a role, by method."""
    if name == NO_ADDRESS:
        return dict.fromkeys(methods(name), "no such row")
    cells = TABLE[name]
    return {method: role_gets(role, cells[method]) if method in cells else "not a method" for method in methods(name)}


NAMES = sorted(PLACES)


def gaps(table: dict[str, dict[str, Cell]]) -> set[str]:
    """Return the addresses that the table does not name, or that are none."""
    return (table.keys() | {NO_ADDRESS}) ^ PLACES.keys()


def test_table_names_every_address() -> None:
    assert gaps(TABLE) == set()


def test_address_that_the_table_does_not_name_is_found() -> None:
    assert gaps({name: cells for name, cells in TABLE.items() if name != "export_claims"}) == {"export_claims"}


def test_table_names_no_permission_that_nobody_has() -> None:
    held = set().union(*PERMISSIONS.values())
    named = {need for cells in TABLE.values() for one in cells.values() for need in one.needs}

    assert named - set(DOORS) - held == set()
    assert {one.seen for cells in TABLE.values() for one in cells.values()} == {"", *SEEN}


def test_scene_has_a_row_for_every_place_in_an_address(scene: Scene) -> None:
    assert {place for places in PLACES.values() for place in places} == scene.ours.ids.keys()


@pytest.mark.parametrize("role", Role)
def test_role_may_do_this_and_nothing_else(scene: Scene, role: Role) -> None:
    actor = access.person(scene.ours.people[role], scene.ours.world.practice)

    assert actor
    assert actor.permissions == PERMISSIONS[role]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", NAMES)
def test_role_gets_what_the_table_says(scene: Scene, name: str, role: Role) -> None:
    assert asked(scene, scene.ours.keys[role], name) == role_says(role, name)


@pytest.mark.parametrize("name", NAMES)
def test_roles_in_another_practice_give_nothing_here(scene: Scene, name: str) -> None:
    """A nurse of ours, who is an administrator of theirs."""
    assert asked(scene, scene.others["of two practices"], name) == role_says(Role.NURSE, name)


@pytest.mark.parametrize("who", ["stranger", "deactivated"])
@pytest.mark.parametrize("name", NAMES)
def test_who_has_no_key_gets_to_the_door(scene: Scene, name: str, who: str) -> None:
    assert asked(scene, scene.others[who], name) == table_says(name, page="sign in", api="no token")


@pytest.mark.parametrize("name", NAMES)
def test_key_of_the_other_door_opens_nothing(scene: Scene, name: str) -> None:
    """A session is none at the API, a token none on a page."""
    known = scene.ours.keys[Role.ADMINISTRATOR]
    keys = Keys(session=known.session) if is_api(name) else Keys(token=known.token)

    assert asked(scene, keys, name) == table_says(name, page="sign in", api="no token")


@pytest.mark.parametrize("name", NAMES)
def test_who_has_no_role_gets_to_the_choice_of_a_practice(scene: Scene, name: str) -> None:
    expected = table_says(name, page="choose a practice", api="refused")
    for method, one in TABLE.get(name, {}).items():
        if one.needs[0] in DOORS:
            expected[method] = "no such row" if one.seen else LET_IN

    assert asked(scene, scene.others["without a role"], name) == expected


@pytest.mark.parametrize("name", [name for name in NAMES if not is_api(name)])
def test_who_lacks_a_second_factor_that_is_a_must_gets_to_add_one(scene: Scene, name: str) -> None:
    RealData.objects.create(since=timezone.now())
    expected = table_says(name, page="second factor", api="")
    for method, one in TABLE[name].items():
        if one.needs == ("beginner",):
            expected[method] = LET_IN

    assert asked(scene, scene.ours.keys[Role.ADMINISTRATOR], name) == expected


PROVED = [name for name, cells in TABLE.items() if any(one.fresh for one in cells.values())]


@pytest.mark.parametrize("name", PROVED)
def test_who_proved_it_long_ago_is_asked_again(scene: Scene, name: str) -> None:
    keys, expected = scene.ours.keys[Role.ADMINISTRATOR], role_says(Role.ADMINISTRATOR, name)
    said = SessionStore(keys.session)
    long_ago = timezone.now() - sessions.FRESH_FOR - timedelta(seconds=1)
    said[sessions.KEY] |= {"proved": int(long_ago.timestamp())}
    said.save()

    assert asked(scene, keys, name) == expected | {method: "prove" for method, one in TABLE[name].items() if one.fresh}


@pytest.mark.parametrize("name", NAMES)
def test_other_methods_are_none(scene: Scene, name: str) -> None:
    keys = scene.ours.keys[Role.ADMINISTRATOR]
    others = {"OPTIONS", "PUT", "DELETE", "TRACE", "PATCH"} - set(methods(name))

    got = {method: outcome(name, keys.ask(name, method, scene.ours.ids)) for method in others}

    none = dict.fromkeys(others, "no such row" if name == NO_ADDRESS else "not a method")
    assert got == none | {"TRACE": "not a method"}  # which nothing here answers


@pytest.mark.parametrize("name", NAMES)
def test_head_is_get_without_a_body(scene: Scene, name: str) -> None:
    keys = scene.ours.keys[Role.ADMINISTRATOR]

    head = keys.ask(name, "HEAD", scene.ours.ids)

    assert (outcome(name, head), head.content) == (role_says(Role.ADMINISTRATOR, name)["GET"], b"")
