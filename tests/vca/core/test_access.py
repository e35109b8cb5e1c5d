"""Roles, the practice to work in, and what ends with a role or an account. Who may do what: tests/access."""

from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests import world
from tests.access.table import PERMISSIONS
from tests.world import World
from vca.core import access
from vca.core.access import Actor, NotPermitted
from vca.core.models import ApiToken, Clinician, Membership, User
from vca.core.pages import PRACTICE_KEY
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("harbor")]

SIGN_IN = {"email": "biller@example.org", "password": world.PASSWORD}


def member(harbor: World, *roles: Role, email: str = "person@example.org") -> User:
    """Return somebody with these roles who signs in without a password: hashing one takes longer than the test."""
    user = User.objects.create_user(email, name="Person")
    for role in roles:
        people.give_role(user=user, role=role, by=harbor.by)
    return user


def test_scope_holds_the_rows_of_one_practice(harbor: World) -> None:
    lake = world.practice("lake")

    assert list(access.scope(Clinician.objects.all(), harbor.by)) == [harbor.clinician]
    assert list(Clinician.objects.order_by("pk")) == [harbor.clinician, lake.clinician]


def test_two_roles_may_do_what_either_may(harbor: World) -> None:
    actor = access.person(member(harbor, Role.NURSE, Role.BILLER), harbor.practice)

    assert actor
    assert actor.permissions == PERMISSIONS[Role.NURSE] | PERMISSIONS[Role.BILLER]


def test_nobody_without_a_role_acts_in_a_practice(harbor: World) -> None:
    lake = world.practice("lake")

    assert access.person(member(harbor, Role.BILLER), lake.practice) is None


@pytest.mark.parametrize("model", [User, Membership])
def test_nobody_inactive_acts(harbor: World, model: type[User | Membership]) -> None:
    user = member(harbor, Role.BILLER)
    model._default_manager.update(is_active=False)
    user.refresh_from_db()

    assert access.person(user, harbor.practice) is None


def test_lacking_permission_is_refused_by_its_name(harbor: World) -> None:
    by = Actor(harbor.practice.pk, None, "test", frozenset({Role.NURSE}))

    with pytest.raises(NotPermitted, match="ACCESS-01 your roles in this practice do not include: see claims"):
        access.require(by, "see_claims")


def test_form_sent_after_the_session_ended_leads_back_to_its_page(harbor: World) -> None:
    world.person(harbor, Role.BILLER, email="biller@example.org")
    client = Client()
    page = {"Referer": "http://testserver" + reverse("claims") + "?state=READY"}

    door = client.post(reverse("write_file"), headers=page, follow=True)
    answer = client.post(door.request["PATH_INFO"], SIGN_IN | {"next": door.context["next"]}, follow=True)

    assert b"nothing was saved" in door.content
    assert (answer.status_code, answer.redirect_chain) == (200, [(reverse("claims") + "?state=READY", 302)])


def test_page_sends_the_whole_page_of_a_fragment_to_the_sign_in_page() -> None:
    answer = Client().get(reverse("claims"), headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (401, "/sign-in/", b"")


def test_page_would_be_shown_to_anybody_without_the_check(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "require", lambda by, permission: None)

    assert world.signed_in(member(harbor, Role.NURSE)).get(reverse("charges")).status_code == 200


def test_somebody_with_one_practice_works_there(harbor: World) -> None:
    answer = world.signed_in(member(harbor, Role.NURSE)).get(reverse("practice"))

    assert (answer.status_code, answer.context["practice"]) == (200, harbor.practice)


def test_somebody_with_two_practices_works_where_they_chose(harbor: World) -> None:
    lake = world.practice("lake")
    user = member(harbor, Role.NURSE)
    people.give_role(user=user, role=Role.NURSE, by=lake.by)
    client = world.signed_in(user)

    before = client.get(reverse("practice"))
    client.post(reverse("choose_practice"), {"practice": lake.practice.pk})

    assert before.headers["Location"] == reverse("choose_practice")
    assert client.get(reverse("practice")).context["practice"] == lake.practice


def test_practice_of_others_cannot_be_chosen(harbor: World) -> None:
    lake = world.practice("lake")
    client = world.signed_in(member(harbor, Role.NURSE))

    answer = client.post(reverse("choose_practice"), {"practice": lake.practice.pk})

    assert (answer.status_code, client.session.get(PRACTICE_KEY)) == (404, None)


def test_practice_of_others_in_the_session_opens_nothing(harbor: World) -> None:
    lake = world.practice("lake")
    client = world.signed_in(member(harbor, Role.NURSE))
    session = client.session
    session[PRACTICE_KEY] = lake.practice.pk
    session.save()

    assert client.get(reverse("practice")).headers["Location"] == reverse("choose_practice")


def test_ended_role_works_no_more_on_the_next_request(harbor: World) -> None:
    user = member(harbor, Role.BILLER)
    client = world.signed_in(user)
    before = client.get(reverse("charges")).status_code

    people.end_role(membership=user.memberships.get(), by=harbor.by)

    answer = client.get(reverse("charges"))
    assert (before, answer.status_code, answer.headers["Location"]) == (200, 302, reverse("choose_practice"))


def test_one_of_two_roles_ended_leaves_the_other(harbor: World) -> None:
    user = member(harbor, Role.BILLER, Role.NURSE)
    client = world.signed_in(user)

    people.end_role(membership=user.memberships.get(role=Role.BILLER), by=harbor.by)

    assert [client.get(reverse(name)).status_code for name in ("charges", "practice")] == [403, 200]


def test_deactivated_person_is_signed_out_on_the_next_request(harbor: World) -> None:
    user = member(harbor, Role.BILLER)
    client = world.signed_in(user)
    before = client.get(reverse("charges")).status_code

    User.objects.update(is_active=False)

    answer = client.get(reverse("charges"))
    assert (before, answer.status_code, answer.headers["Location"]) == (200, 302, "/sign-in/?next=/practice/charges/")


def test_pages_with_a_person_are_not_stored(harbor: World) -> None:
    answer = world.signed_in(member(harbor, Role.NURSE)).get(reverse("practice"))

    names = ("Cache-Control", "Cross-Origin-Resource-Policy", "X-Frame-Options", "Referrer-Policy")
    assert [answer.headers[name] for name in names] == ["no-store", "same-origin", "DENY", "same-origin"]


@pytest.mark.parametrize("name", ["practice", "factors", "change_password", "choose_practice"])
def test_page_of_somebody_signed_in_leads_out(harbor: World, name: str) -> None:
    """Also before a practice is chosen."""
    page = world.signed_in(member(harbor, Role.NURSE)).get(reverse(name))

    assert (page.status_code, page.content.count(f'action="{reverse("sign_out")}"'.encode())) == (200, 1)


def test_signing_out_kills_the_session(harbor: World) -> None:
    client = world.signed_in(member(harbor, Role.NURSE))
    stolen = client.cookies[settings.SESSION_COOKIE_NAME].value

    client.post(reverse("sign_out"))

    client.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert client.get(reverse("practice")).status_code == 302


def test_signing_out_clears_the_browser(harbor: World) -> None:
    answer: Any = world.signed_in(member(harbor, Role.NURSE)).post(reverse("sign_out"))

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_refusal_is_logged_with_who_and_where(harbor: World, caplog: pytest.LogCaptureFixture) -> None:
    """By page and by API, by a permission that lacks and by a rule; no sentence, which may name a Veteran."""
    nurse, biller = member(harbor, Role.NURSE), member(harbor, Role.BILLER, email="other@example.org")
    _, token = people.issue_token(user=nurse, name="test", by=harbor.by, at=world.NOW)
    api = Client(headers={"Authorization": f"Bearer {token}"})

    with caplog.at_level("WARNING", "vca.core.access"), time_machine.travel(world.NOW):
        world.signed_in(nurse).get(reverse("charges"))
        world.signed_in(biller).post(reverse("write_file"))
        api.get(reverse("api:api_claims"))

    said = [one.getMessage() for one in caplog.records if one.name == "vca.core.access"]
    here = f"in practice {harbor.practice.pk}"
    assert said == [
        f"refused by ACCESS-01: person {nurse.pk} {here}, GET /practice/charges/",
        f"refused by CLAIM-28: person {biller.pk} {here}, POST {reverse('write_file')}",
        f"refused by ACCESS-01: token {ApiToken.objects.get().pk} of person {nurse.pk} {here}, GET /api/v1/claims/",
    ]
