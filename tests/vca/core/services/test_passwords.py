"""One's own password: who knows the present one changes it, and every other session ends."""

import pytest
import time_machine
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests import world
from tests.world import NOW, PASSWORD, World
from vca.core.models import AuditEvent, User
from vca.core.services import passwords, people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

OTHER = "another sentence that is long enough"


@pytest.fixture
def harbor() -> World:
    return world.practice()


def change(client: Client, present: str = PASSWORD, new: str = OTHER) -> object:
    return client.post(reverse("change_password"), {"present": present, "new": new})


def test_change_keeps_this_session_and_ends_the_others(harbor: World) -> None:
    user = world.person(harbor, Role.NURSE)
    here, there = world.signed_in(user), world.signed_in(user)

    change(here)

    user.refresh_from_db()
    assert user.check_password(OTHER)
    assert [client.get(reverse("practice")).status_code for client in (here, there)] == [200, 302]


def test_change_is_in_the_trail_also_of_somebody_without_a_practice(harbor: World) -> None:
    people_ = [world.person(harbor, Role.NURSE), User.objects.create_user("x@example.org", name="X", password=PASSWORD)]

    for user in people_:
        change(world.signed_in(user))

    events = AuditEvent.objects.filter(action="password.changed").order_by("pk").values_list("user_id", "practice_id")
    assert list(events) == [(people_[0].pk, harbor.practice.pk), (people_[1].pk, None)]


@pytest.mark.parametrize(
    ("present", "new", "field"), [("wrong", OTHER, "present"), (PASSWORD, "short", "new"), (PASSWORD, "", "new")]
)
def test_change_is_refused_beside_the_field(harbor: World, present: str, new: str, field: str) -> None:
    user = world.person(harbor, Role.NURSE)

    answer = change(world.signed_in(user), present, new)

    user.refresh_from_db()
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert user.check_password(PASSWORD)


def test_weak_password_changes_nothing(harbor: World) -> None:
    user = world.person(harbor, Role.NURSE)

    with pytest.raises(ValidationError):
        passwords.change(user=user, present=PASSWORD, new="short", by=harbor.by, at=NOW)

    assert check_password(PASSWORD, User.objects.get(pk=user.pk).password)


def test_administrator_gives_somebody_a_link_that_sets_a_new_password(harbor: World) -> None:
    nurse = world.person(harbor, Role.NURSE)
    page = world.signed_in(world.person(harbor, Role.ADMINISTRATOR))

    link = page.post(reverse("offer_reset", args=[nurse.memberships.get().pk])).context["link"]
    answer = Client().post(link, {"password": OTHER})

    nurse.refresh_from_db()
    assert (answer.headers["Location"], nurse.check_password(OTHER)) == (reverse("sign_in"), True)


@pytest.mark.parametrize("act", ["invite_again", "withdraw_invitation"])
def test_waiting_invitation_is_listed_with_its_acts(harbor: World, act: str) -> None:
    page = world.signed_in(world.person(harbor, Role.ADMINISTRATOR))
    row, _ = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)
    address = reverse(act, args=[row.pk])
    before = page.get(reverse("people")).content.decode()

    after = page.post(address, follow=True).content.decode()

    assert (address in before, address in after) == (True, act == "invite_again")


@pytest.mark.parametrize("known", [True, False])
def test_invited_person_is_asked_for_the_present_password_or_a_name(harbor: World, known: bool) -> None:
    if known:
        world.person(world.practice("lake"), Role.NURSE, email="new@example.org")
    _, token = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=harbor.practice.created_at)

    form = Client().get(reverse("accept_invitation", args=[token])).context["form"]

    assert list(form.fields) == (["password"] if known else ["name", "password"])


def guess(client: Client, url: str, times: int, **words: str) -> list[bool]:
    """Send wrong passwords; tell of each answer whether it says to wait."""
    return [b"ACCESS-07" in client.post(url, words).content for _ in range(times)]


def test_changing_the_password_is_no_way_to_guess_it(harbor: World) -> None:
    with time_machine.travel(NOW, tick=False):
        client = world.signed_in(world.person(harbor, Role.NURSE))
        waits = guess(client, reverse("change_password"), 6, present="wrong", new=OTHER)

    assert waits == [False] * 5 + [True]
    assert AuditEvent.objects.filter(action="sign_in.failed").count() == 5


@pytest.mark.parametrize("kind", ["join", "drop factors"])
def test_link_is_no_way_to_guess_a_password(harbor: World, kind: str) -> None:
    """Whoever may invite holds the link, and could else try the password of somebody who works elsewhere."""
    victim = world.person(harbor, Role.BILLER, email="known@example.org")
    if kind == "join":
        _, token = people.invite(email=victim.email, role=Role.NURSE, by=world.practice("lake").by, at=NOW)
    else:
        _, token = people.offer_new_factors(user=victim, by=harbor.by, at=NOW)
    url = reverse("accept_invitation", args=[token])

    with time_machine.travel(NOW, tick=False):
        waits = guess(Client(), url, 6, password="wrong")
        too_early = b"ACCESS-07" in Client().post(url, {"password": PASSWORD}).content

    assert (waits, too_early) == ([False] * 5 + [True], True)


@pytest.mark.parametrize(
    "password",
    [
        "Veterans-Affairs-2026!",
        "my VA clinic password",
        "welcome welcome welcome",
        "passwordpassword",
        "1234567890 Qwerty",
        "123456789012345",
        "12345678901234567890",
    ],
)
def test_password_that_everybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        passwords.HardToGuess().validate(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "lantern-over-the-harbor", "valley of the veteran ponies", "7" * 16 + "日本語"],
)
def test_password_of_any_make_up_is_taken(password: str) -> None:
    """No rule of composition: words alone, small letters alone, signs of any script."""
    passwords.HardToGuess().validate(password)


def test_short_list_alone_takes_what_everybody_would_try() -> None:
    """The control: Django's own validator, on whose list few passwords are as long as ours must be."""
    for password in ("Veterans-Affairs-2026!", "passwordpassword", "1234567890 Qwerty"):
        CommonPasswordValidator().validate(password)
