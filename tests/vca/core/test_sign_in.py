"""The door: what a wrong password tells, what a right one begins, and what of both stands in the audit trail."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse

from tests import world
from tests.world import NOW, PASSWORD, World
from vca.core.models import AuditEvent, User
from vca.core.services import sign_ins
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("harbor")]

EMAIL = "biller@example.org"
WRONG = "not the password of anybody"
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def biller(harbor: World) -> User:
    return world.person(harbor, Role.BILLER, email=EMAIL)


def enter(client: Client, password: str, *, email: str = EMAIL, **request: Any) -> Any:
    return client.post(reverse("sign_in"), {"email": email, "password": password}, **request)


def events() -> list[tuple[str, int | None, dict[str, str]]]:
    rows = AuditEvent.objects.filter(action__startswith="sign_").order_by("pk")
    return list(rows.values_list("action", "user_id", "changes"))


def test_sign_in_is_recorded_with_its_address(biller: User) -> None:
    answer = enter(Client(REMOTE_ADDR="192.0.2.7"), PASSWORD)

    assert answer.status_code == 302
    assert events() == [("sign_in.done", biller.pk, {"how": "password", "address": "192.0.2.7"})]


def test_failure_is_recorded_and_names_nobody_unknown(biller: User) -> None:
    for email in (EMAIL.upper(), "mistyped-password@example.org"):
        enter(Client(), WRONG, email=email)

    said = {"how": "password", "address": "127.0.0.1"}
    assert events() == [("sign_in.failed", biller.pk, said), ("sign_in.failed", None, said)]
    assert "mistyped" not in str(list(AuditEvent.objects.values_list()))


def test_sign_out_is_recorded(biller: User) -> None:
    client = Client()
    enter(client, PASSWORD)
    client.post(reverse("sign_out"))
    client.post(reverse("sign_out"))

    assert [action for action, *_ in events()] == ["sign_in.done", "sign_out.done"]


def test_failure_without_its_event_is_not_answered(biller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ins.audit, "record", lambda **_: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        enter(Client(), WRONG)


@pytest.mark.parametrize("tries", range(1, 8))
def test_answer_is_the_same_whether_the_address_is_known(biller: User, tries: int) -> None:
    def said(email: str) -> tuple[int, bytes]:
        answers = [
            enter(Client(), WRONG, email=email, REMOTE_ADDR="::1" if email == EMAIL else "::2") for _ in "x" * tries
        ]
        return answers[-1].status_code, TOKEN.sub(b"", answers[-1].content).replace(email.encode(), b"")

    assert said(EMAIL) == said("nobody@example.org")


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "invited@example.org", "closed@example.org"])
def test_one_password_is_hashed_whether_the_address_is_known(
    biller: User, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user("invited@example.org", name="No password yet")
    User.objects.create_user("closed@example.org", name="Closed", password=PASSWORD)
    User.objects.filter(email="closed@example.org").update(is_active=False)
    hashed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given))

    answer = enter(Client(), WRONG, email=email)

    assert (answer.status_code, len(hashed)) == (422, 1)


def test_after_five_failures_the_right_password_waits_too_and_then_opens(biller: User) -> None:
    for _ in range(5):
        enter(Client(), WRONG)

    early = enter(Client(), PASSWORD)
    with time_machine.travel(NOW.replace(second=2), tick=False):
        later = enter(Client(), PASSWORD)

    assert (early.status_code, b"ACCESS-07" in early.content, b"wait about 2 seconds" in early.content) == (
        422,
        True,
        True,
    )
    assert later.status_code == 302


def test_two_hundred_failures_leave_the_owner_a_way_in_from_another_address(biller: User) -> None:
    for _ in range(200):
        enter(Client(), WRONG, REMOTE_ADDR="203.0.113.5")

    assert enter(Client(), PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


@pytest.mark.parametrize(
    ("behind", "forwarded", "peer", "address"),
    [
        (True, "198.51.100.1, 192.0.2.7", "172.18.0.1", "192.0.2.7"),
        (True, "", "172.18.0.1", "172.18.0.1"),
        (True, "<script>", "172.18.0.1", "unknown"),
        (False, "192.0.2.7", "198.51.100.3", "198.51.100.3"),
        (True, "2001:db8:1:2:3:4:5:6", "172.18.0.1", "2001:db8:1:2::/64"),
    ],
)
def test_address_is_the_one_that_the_proxy_saw(
    biller: User, settings: Any, behind: bool, forwarded: str, peer: str, address: str
) -> None:
    settings.BEHIND_PROXY = behind
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    enter(Client(REMOTE_ADDR=peer), WRONG, headers=headers)

    assert [changes["address"] for *_, changes in events()] == [address]


def test_session_key_rotates_at_sign_in(biller: User) -> None:
    client = Client()
    session = client.session
    session["was"] = "here"
    session.save()
    before = session.session_key

    enter(client, PASSWORD)

    assert client.session.session_key not in (None, before)
