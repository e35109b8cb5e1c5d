"""The two commands: when they act, when they refuse, when they are silent."""

import ast
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import world
from vca.core.models import Practice, User
from vca.core.services import practices
from vca.demo.management.commands import seed_demo
from vca.demo.people import PASSWORD, SIGN_INS, make_users

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ROOM = Path(seed_demo.__file__).parents[2]


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Seed nothing, and keep number and password of each time that it was asked for."""
    asked: list[tuple[int, str]] = []

    def seed(*, now: datetime, number: int, password: str) -> tuple[Practice, ...]:
        assert now.utcoffset() is not None
        asked.append((number, password))
        return ()

    monkeypatch.setattr(seed_demo, "seed", seed)
    return asked


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_an_empty_database_is_seeded(seeds: list[tuple[int, str]], settings: Any) -> None:
    settings.DEBUG = True
    said("seed_demo", "--if-empty")
    said("seed_demo", "--seed", "7")
    assert seeds == [(seed_demo.SEED, PASSWORD), (7, PASSWORD)]


def test_if_empty_leaves_a_practice_alone(seeds: list[tuple[int, str]], settings: Any) -> None:
    settings.DEBUG = True
    world.real_practice("harbor", name="Harbor")
    assert (said("seed_demo", "--if-empty"), seeds) == ("", [])


def test_the_demo_is_not_made_twice(seeds: list[tuple[int, str]], settings: Any) -> None:
    settings.DEBUG = True
    practices.create(code="second", name="Ridge", test_data=True)
    with pytest.raises(CommandError, match="there already"):
        said("seed_demo")
    assert seeds == []


def test_without_debug_the_public_password_is_not_used(seeds: list[tuple[int, str]], settings: Any) -> None:
    settings.DEBUG = False
    assert said("seed_demo", "--if-empty") == ""
    with pytest.raises(CommandError, match="DEBUG is off"):
        said("seed_demo")
    assert seeds == []


def test_even_in_production_has_a_random_password_which_is_shown(seeds: list[tuple[int, str]], settings: Any) -> None:
    settings.DEBUG = False
    shown = [said("seed_demo", "--even-in-production") for _ in range(2)]
    passwords = [password for _, password in seeds]
    assert len({PASSWORD, *passwords}) == 3
    assert [line.split()[-1] for line in shown] == passwords
    assert min(map(len, passwords)) >= 15


def test_the_demo_is_not_made_beside_a_real_practice(seeds: list[tuple[int, str]], settings: Any) -> None:
    settings.DEBUG = True
    world.real_practice("harbor", name="Harbor")
    with pytest.raises(CommandError, match="nobody could sign in"):
        said("seed_demo")
    assert seeds == []


def test_sign_ins_that_open_nothing_any_more_are_not_told() -> None:
    practices.create(code="demo", name="Harbor", test_data=True)
    make_users(PASSWORD)
    world.real_practice("harbor", name="Harbor")
    assert said("demo_sign_ins") == ""
    assert not User.objects.filter(is_active=True).exists()


def test_without_a_demo_there_are_no_sign_ins() -> None:
    world.real_practice("demo", name="A real one")
    assert said("demo_sign_ins") == ""


@pytest.mark.parametrize(("password", "shown"), [(PASSWORD, True), ("changed-by-somebody", False)])
def test_the_sign_ins_name_everybody_and_only_a_password_that_works(password: str, shown: bool) -> None:
    practices.create(code="demo", name="Harbor", test_data=True)
    make_users(password)

    lines = said("demo_sign_ins").splitlines()

    assert [line.split()[0] for line in lines[1:]] == [one.email for one in SIGN_INS]
    assert (PASSWORD in lines[0]) is shown


def calls() -> Iterator[str]:
    """Yield the name of every method that the demo calls."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield ast.unparse(node.func)


def test_the_demo_makes_no_row_but_users_without_a_service() -> None:
    writing = ("create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "save", "delete")
    assert [call for call in calls() if ".objects" in call and call.rpartition(".")[2] in writing] == []
    assert [call for call in calls() if call.endswith((".save", ".delete"))] == []
    assert [call for call in calls() if call.endswith(".update")] == [
        "User.objects.filter(email__in=users).update",
    ]
