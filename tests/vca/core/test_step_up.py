"""What matters most is left to who has proved within five minutes who they are. Source: OWASP ASVS 5.0.0, 7.5.1."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests import world
from tests.access.scene import PLACES, Id, address
from tests.access.table import DOORS, TABLE
from tests.vca.core.rows import everything
from tests.vca.core.test_factors import answered, with_app, with_passkey
from tests.world import NOW, PASSWORD, World
from vca.core import kept_forms, sessions
from vca.core.models import AuditEvent, Invitation, User
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock", "harbor")]

FRESH = {name for name, cells in TABLE.items() if any(one.fresh for one in cells.values())}
OWN = {name for name in FRESH if TABLE[name]["POST"].needs[0] in DOORS}
PAGES = FRESH - OWN
NO_ROW: dict[str, Id] = {place: 9 for places in PLACES.values() for place in places}
FIVE_MINUTES, SECOND = timedelta(minutes=5), timedelta(seconds=1)
INVITED = {"email": "new@example.org", "role": Role.NURSE.value}
EXPORT = {"state": "READY"}


@pytest.fixture
def boss(harbor: World) -> User:
    return world.person(harbor, Role.ADMINISTRATOR, email="biller@example.org")


def invite(client: Client) -> Any:
    page = reverse("people")
    return client.post(page, INVITED, headers={"Referer": f"http://testserver{page}"})


@pytest.mark.parametrize("name", sorted(PAGES))
def test_stale_form_changes_nothing_and_asks_for_proof(boss: User, clock: Any, name: str) -> None:
    client = world.signed_in(boss)
    clock.shift(FIVE_MINUTES + SECOND)
    before = everything()

    answer: Any = client.post(address(name, NO_ROW), headers={"Referer": "http://testserver/alerts/"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/prove/?next=%2Falerts%2F")
    assert everything() == before


@pytest.mark.parametrize("name", sorted(OWN))
def test_stale_page_of_ones_own_asks_for_proof(boss: User, clock: Any, name: str) -> None:
    client = world.signed_in(boss)
    clock.shift(FIVE_MINUTES + SECOND)

    answer: Any = client.post(address(name, NO_ROW), headers={"Referer": "http://testserver/factors/"})

    assert answer.headers["Location"] == "/sign-in/prove/?next=%2Ffactors%2F"


@pytest.mark.parametrize(("later", "done"), [(FIVE_MINUTES, True), (FIVE_MINUTES + SECOND, False)])
def test_proof_is_fresh_for_five_minutes(boss: User, clock: Any, later: timedelta, done: bool) -> None:
    client = world.signed_in(boss)
    clock.shift(later)

    invite(client)

    assert Invitation.objects.exists() is done


def test_stale_form_would_act_without_the_check(boss: User, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "is_fresh", lambda *_, **__: True)
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))

    invite(client)

    assert Invitation.objects.exists()


def test_work_does_not_keep_the_proof_fresh(boss: User, clock: Any) -> None:
    client = world.signed_in(boss)
    for _ in range(6):
        clock.shift(timedelta(minutes=1))
        client.get(reverse("people"))

    assert invite(client).headers["Location"].startswith("/sign-in/prove/")


def test_stale_page_is_shown_all_the_same(boss: User, clock: Any) -> None:
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))

    assert client.get(reverse("people")).status_code == 200


def test_password_proves_it_and_the_form_is_there_again(boss: User, clock: Any) -> None:
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))
    to = invite(client).headers["Location"]
    before = client.session.session_key

    page = client.post(to, {"password": PASSWORD, "next": "/practice/people/"}, follow=True).content.decode()

    assert ('value="new@example.org"' in page, kept_forms.HERE_AGAIN in page) == (True, True)
    assert client.session.session_key != before
    invite(client)
    assert Invitation.objects.get().email == "new@example.org"
    assert AuditEvent.objects.filter(action="sign_in.proved", user=boss).count() == 1


def test_wrong_password_proves_nothing_and_is_recorded(boss: User, clock: Any) -> None:
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))

    answers = [client.post(reverse("prove"), {"password": "not it"}).status_code for _ in range(6)]
    waits = b"ACCESS-07" in client.post(reverse("prove"), {"password": PASSWORD}).content

    assert (answers, waits, invite(client).headers["Location"].startswith("/sign-in/prove/")) == ([422] * 6, True, True)
    assert AuditEvent.objects.filter(action="sign_in.failed", user=boss).count() == 5


def test_who_has_an_app_proves_it_by_code_and_not_by_password(harbor: World, boss: User, clock: Any) -> None:
    codes = with_app(boss, harbor.by)
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))

    refused = client.post(reverse("prove"), {"password": PASSWORD})
    client.post(reverse("prove"), {"code": codes[0]})

    assert (refused.status_code, invite(client).status_code) == (422, 200)


def test_code_that_proved_it_does_not_sign_in(harbor: World, boss: User, clock: Any) -> None:
    with_app(boss, harbor.by)
    client = world.signed_in(boss)
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        secret = boss.authenticator_app.secret
        code = {"code": pyotp.TOTP(secret).now()}
        first, second = (client.post(reverse("prove"), code).status_code for _ in range(2))

    assert (first, second) == (302, 422)


def test_passkey_proves_it_for_its_own_person_alone(harbor: World, boss: User, clock: Any) -> None:
    mine, other = with_passkey(boss, harbor.by), with_passkey(world.person(harbor, Role.NURSE), harbor.by)
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))

    def proved(device: Any) -> int:
        asked = client.post(reverse("passkey_challenge")).json()
        return client.post(reverse("prove"), {"passkey": device.get(asked, "http://testserver")}).status_code

    assert (proved(other), proved(mine), invite(client).status_code) == (422, 302, 200)


def test_signing_in_proves_it_too(harbor: World, boss: User) -> None:
    device, client = with_passkey(boss, harbor.by), Client()
    answered(client, device)

    assert invite(client).status_code == 200


def test_export_goes_on_after_the_proof(harbor: World, boss: User, clock: Any) -> None:
    client = world.signed_in(boss)
    clock.shift(timedelta(minutes=10))
    claims = {"Referer": "http://testserver/claims/"}
    asked = client.post(reverse("export_claims"), EXPORT, headers=claims)
    client.post(asked.headers["Location"], {"password": PASSWORD})

    assert client.post(reverse("export_claims"), EXPORT, headers=claims).headers["Content-Type"].startswith("text/csv")
