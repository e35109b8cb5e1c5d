"""API tokens: whom an administrator may cut off, what ends them besides, and what they may be called."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import world
from tests.world import NOW, PASSWORD, World
from vca.core.isolation import within
from vca.core.models import ApiToken, AuditEvent, User
from vca.core.services import passwords, people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

OTHER = "another sentence that is long enough"


@pytest.fixture
def harbor() -> World:
    return world.practice()


def token_of(user: User, where: World, name: str = "weekly copy") -> ApiToken:
    with within(where.practice.pk):
        return people.issue_token(user=user, name=name, by=where.by, at=timezone.now())[0]


def live() -> int:
    return ApiToken.objects.filter(revoked_at__isnull=True).count()


@pytest.mark.parametrize(("role", "status", "left"), [(Role.ADMINISTRATOR, 302, 0), (Role.BILLER, 404, 1)])
def test_token_of_somebody_else_is_ended_by_an_administrator_alone(
    harbor: World, role: Role, status: int, left: int
) -> None:
    token = token_of(world.person(harbor, Role.BILLER, email="owner@example.org"), harbor)
    client = world.signed_in(world.person(harbor, role, email="other@example.org"))

    shown = b"weekly copy" in client.get(reverse("tokens")).content
    answer = client.post(reverse("revoke_token", args=[token.pk]))

    assert (shown, answer.status_code, live()) == (role is Role.ADMINISTRATOR, status, left)


def test_ending_a_token_names_it_in_the_trail(harbor: World) -> None:
    boss = world.person(harbor, Role.ADMINISTRATOR)
    token = token_of(world.person(harbor, Role.BILLER, email="owner@example.org"), harbor)

    world.signed_in(boss).post(reverse("revoke_token", args=[token.pk]))

    events = AuditEvent.objects.filter(action="token.revoked").values_list("user_id", "subject_kind", "subject_id")
    assert list(events) == [(boss.pk, "apitoken", str(token.pk))]


def reset(user: User, where: World) -> None:
    _, link = people.offer_reset(user=user, by=where.by, at=NOW)
    people.accept(token=link, password=OTHER, at=NOW)


def drop(user: User, where: World) -> None:
    _, link = people.offer_new_factors(user=user, by=where.by, at=NOW)
    people.accept(token=link, password=PASSWORD, at=NOW)


def change(user: User, where: World) -> None:
    passwords.change(user=user, present=PASSWORD, new=OTHER, by=where.by, at=NOW)


@pytest.mark.parametrize("deed", [reset, drop, change])
def test_tokens_end_with_the_password_and_the_factors(harbor: World, deed: object) -> None:
    user = world.person(harbor, Role.BILLER)
    token = token_of(user, harbor)

    deed(user, harbor)  # type: ignore[operator]

    assert live() == 0
    revoked = AuditEvent.objects.filter(action="token.revoked").values_list("user_id", "subject_id")
    assert list(revoked) == [(user.pk, str(token.pk))]


def test_tokens_of_every_practice_end_and_nobody_elses(harbor: World) -> None:
    lake = world.practice("lake")
    user = world.person(harbor, Role.BILLER)
    with within(lake.practice.pk):
        people.give_role(user=user, role=Role.BILLER, by=lake.by)
    for where in (harbor, lake):
        token_of(user, where)
    others = token_of(world.person(harbor, Role.BILLER, email="other@example.org"), harbor)

    change(user, harbor)

    with within(None):
        assert [one.pk for one in ApiToken.objects.filter(revoked_at__isnull=True)] == [others.pk]
        events = AuditEvent.objects.filter(action="token.revoked").order_by("pk")
        assert [one.practice_id for one in events] == [harbor.practice.pk, lake.practice.pk]


def test_wrong_password_ends_no_token(harbor: World) -> None:
    user = world.person(harbor, Role.BILLER)
    token_of(user, harbor)

    with pytest.raises(passwords.NotThePresentPassword):
        passwords.change(user=user, present="wrong", new=OTHER, by=harbor.by, at=NOW + timedelta(hours=1))

    assert live() == 1


HIDDEN = ["two\nlines", "two\r\nlines", "bell\x07", "right to left \u202e", "two\u2028lines"]


@pytest.mark.parametrize("name", HIDDEN)
def test_name_with_hidden_signs_is_refused_by_page_and_command(harbor: World, name: str) -> None:
    client: Client = world.signed_in(world.person(harbor, Role.BILLER, email="owner@example.org"))
    asked = {"practice": harbor.practice.code, "email": "owner@example.org", "name": name}

    answer = client.post(reverse("tokens"), {"name": name})
    with pytest.raises(CommandError, match="one line"):
        call_command("issue_token", **asked, stdout=StringIO())

    assert (answer.status_code, list(answer.context["form"].errors), ApiToken.objects.count()) == (422, ["name"], 0)


@pytest.mark.parametrize("name", ["nightly export", "Überweisung O'Neil #2", "日本語"])
def test_name_in_one_line_is_taken(harbor: World, name: str) -> None:
    assert token_of(world.person(harbor, Role.BILLER), harbor, name).name == name
