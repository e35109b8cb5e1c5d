"""Where somebody is signed in is shown to them alone, and ended by them with fresh proof.

Source: OWASP ASVS 5.0.0, 7.5.2.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests import world
from tests.world import NOW, World
from vca.core import sessions
from vca.core.models import AuditEvent, User
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.django_db]


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def harbor(clock: Any) -> World:
    return world.practice()


@pytest.fixture
def biller(harbor: World) -> User:
    return world.person(harbor, Role.BILLER)


def device(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(client: Client) -> list[tuple[bool, Any]]:
    page = client.get(reverse("factors"))
    return [(one.is_this, one.began_at - NOW) for one in page.context["open_sessions"]]


def marks(client: Client) -> list[str]:
    return [one.mark for one in client.get(reverse("factors")).context["open_sessions"]]


def is_in(client: Client) -> bool:
    return client.get(reverse("today")).status_code == 200


def test_own_sessions_are_shown_and_nobody_elses(harbor: World, biller: User, clock: Any) -> None:
    first, colleague = device(biller), device(world.person(harbor, Role.NURSE))
    clock.shift(timedelta(minutes=5))
    second = device(biller)
    device(biller).post(reverse("sign_out"))

    minutes = timedelta(minutes=5)
    assert shown(first) == [(True, timedelta()), (False, minutes)]
    assert shown(second) == [(True, minutes), (False, timedelta())]
    assert shown(colleague) == [(True, timedelta())]


def test_session_that_time_has_ended_is_not_shown(biller: User, clock: Any) -> None:
    device(biller)
    clock.shift(timedelta(minutes=15))

    assert shown(device(biller)) == [(True, timedelta(minutes=15))]


def test_one_is_ended_and_the_others_go_on(biller: User) -> None:
    here, one, other = (device(biller) for _ in range(3))
    mark = next(mark for mark in marks(here) if mark == marks(one)[0])

    answer = here.post(reverse("end_sessions"), {"session": [mark]}, follow=True)

    assert (is_in(here), is_in(one), is_in(other)) == (True, False, True)
    assert "Signed out on 1 other device." in answer.content.decode()
    assert AuditEvent.objects.latest("pk").changes == {"how": "another device"}


def test_all_others_are_ended_and_this_one_never(biller: User) -> None:
    here, one, other = (device(biller) for _ in range(3))

    here.post(reverse("end_sessions"), {"session": marks(here)})

    assert (is_in(here), is_in(one), is_in(other)) == (True, False, False)


def test_session_of_somebody_else_is_not_ended(harbor: World, biller: User) -> None:
    here, colleague = device(biller), device(world.person(harbor, Role.NURSE))

    here.post(reverse("end_sessions"), {"session": marks(colleague)})

    assert is_in(colleague)


def test_to_end_one_asks_for_fresh_proof(biller: User, clock: Any) -> None:
    here, one = device(biller), device(biller)
    named = marks(here)
    clock.shift(sessions.FRESH_FOR + timedelta(seconds=1))

    answer = here.post(reverse("end_sessions"), {"session": named})

    assert (answer.headers["Location"].startswith(reverse("prove")), is_in(one)) == (True, True)


def test_page_holds_no_key_of_a_session(biller: User) -> None:
    here, other = device(biller), device(biller)

    page = here.get(reverse("factors")).content.decode()

    assert [one.session.session_key in page for one in (here, other)] == [False, False]
    assert marks(other)[0] in page
