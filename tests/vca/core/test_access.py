"""Who may do what: roles, the guard of pages, and what ends with a role or an account."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from tests import world
from tests.vca.core.kept import kept, put_back
from tests.world import World
from vca.core import access
from vca.core.access import Actor, NotPermitted
from vca.core.models import Clinician, Membership, User
from vca.core.pages import PRACTICE_KEY
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("harbor")]

# The whole of what each role may do; nothing else gives anybody anything.
EVERYBODY = {"see_day", "see_alerts", "see_practice", "see_referrals", "see_veterans", "book_visits"}
DESK = {"enter_referrals", "confirm_referrals", "change_limits", "change_veterans", "correct_visits", "void_visits"}
MONEY = {"see_claims", "draft_claims", "send_claims", "set_charges", "open_documents", "export_claims", "issue_tokens"}
PERMISSIONS = {
    Role.FRONT_DESK: EVERYBODY | {"change_veterans", "check_in_visits"},
    Role.NURSE: EVERYBODY | {"check_in_visits"},
    Role.CLINICIAN: EVERYBODY | {"check_in_visits", "complete_visits", "correct_visits"},
    Role.BILLER: EVERYBODY | DESK | MONEY,
    Role.ADMINISTRATOR: EVERYBODY
    | DESK
    | MONEY
    | {"check_in_visits", "complete_visits", "manage_practice", "manage_people", "see_dashboard"},
}
OPEN_TO_ALL = {"sign_in", "sign_out", "choose_practice", "accept_invitation", "change_password", "choose_digest"}

SIGN_IN = {"email": "biller@example.org", "password": world.PASSWORD}


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with kept(django_db_blocker) as one:
        yield one


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    with put_back(once):
        yield once


def member(harbor: World, *roles: Role, email: str = "person@example.org") -> User:
    """Return somebody with these roles who signs in without a password: hashing one takes longer than the test."""
    user = User.objects.create_user(email, name="Person")
    for role in roles:
        people.give_role(user=user, role=role, by=harbor.by)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def guarded_pages() -> Iterator[tuple[str, str, str]]:
    """Yield name, address and permission of every page but those that are open to all."""
    for pattern in patterns(get_resolver()):
        name, permission = pattern.name or "", getattr(pattern.callback, "permission", "")
        if name not in OPEN_TO_ALL and not name.startswith("api_"):
            yield name, address(pattern), permission


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        yield from patterns(one) if isinstance(one, URLResolver) else [one]


def address(pattern: URLPattern) -> str:
    """Return the address with something of the right kind in each place; no row has this id."""
    samples = {"id": 9, "uuid": "00000000-0000-4000-8000-000000000009", "slug": "payer-id", "str": "x"}
    kinds = {name: type(one).__name__.removesuffix("Converter") for name, one in pattern.pattern.converters.items()}
    wanted = {name: samples[{"String": "str"}.get(kind, kind.lower())] for name, kind in kinds.items()}
    return reverse(pattern.name, kwargs=wanted)


PAGES = sorted(guarded_pages())
LACKING = [
    (name, url, next(role for role in Role if permission not in PERMISSIONS[role]))
    for name, url, permission in PAGES
    if permission not in EVERYBODY
]


def asked(client: Client, url: str, **headers: str) -> HttpResponse:
    """Ask for a page by the method that it takes."""
    answer: Any = client.get(url, headers=headers)
    return client.post(url, headers=headers) if answer.status_code == 405 else answer


def test_scope_holds_the_rows_of_one_practice(harbor: World) -> None:
    lake = world.practice("lake")

    assert list(access.scope(Clinician.objects.all(), harbor.by)) == [harbor.clinician]
    assert list(Clinician.objects.order_by("pk")) == [harbor.clinician, lake.clinician]


@pytest.mark.parametrize("role", Role)
def test_role_may_do_this_and_nothing_else(harbor: World, role: Role) -> None:
    actor = access.person(member(harbor, role), harbor.practice)

    assert actor
    assert actor.permissions == PERMISSIONS[role]


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


def test_every_page_names_its_permission() -> None:
    declared = set().union(*PERMISSIONS.values())

    assert [name for name, _, permission in PAGES if permission not in declared] == []


@pytest.mark.parametrize(("name", "url", "permission"), PAGES, ids=[name for name, *_ in PAGES])
def test_page_sends_somebody_signed_out_to_the_sign_in_page(name: str, url: str, permission: str) -> None:
    client = Client()
    takes_forms_alone = client.get(url).status_code == 405

    answer = asked(client, url)

    back = "/" if takes_forms_alone else url
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={back}")


def test_form_sent_after_the_session_ended_leads_back_to_its_page(harbor: World) -> None:
    world.person(harbor, Role.BILLER, email="biller@example.org")
    client = Client()
    page = {"Referer": "http://testserver" + reverse("claims") + "?state=READY"}

    door = client.post(reverse("write_file"), headers=page, follow=True)
    answer = client.post(door.request["PATH_INFO"], SIGN_IN | {"next": door.context["next"]}, follow=True)

    assert b"nothing was saved" in door.content
    assert (answer.status_code, answer.redirect_chain) == (200, [(reverse("claims") + "?state=READY", 302)])


@pytest.mark.parametrize(("name", "url", "permission"), PAGES, ids=[name for name, *_ in PAGES])
def test_page_sends_the_whole_page_of_a_fragment_to_the_sign_in_page(name: str, url: str, permission: str) -> None:
    answer = asked(Client(), url, HX_Request="true")

    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (401, "/sign-in/", b"")


@pytest.mark.parametrize(("name", "url", "permission"), PAGES, ids=[name for name, *_ in PAGES])
def test_page_sends_somebody_without_a_role_to_choose_a_practice(name: str, url: str, permission: str) -> None:
    nobody = User.objects.create_user("nobody@example.org", name="Nobody")

    answer = asked(signed_in(nobody), url)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/choose-practice/")


@pytest.mark.parametrize(("name", "url", "role"), LACKING, ids=[name for name, *_ in LACKING])
def test_page_refuses_a_role_that_lacks_its_permission(name: str, url: str, role: Role, harbor: World) -> None:
    answer = asked(signed_in(member(harbor, role)), url)

    assert (answer.status_code, b"ACCESS-01" in answer.content) == (403, True)


def test_page_would_be_shown_to_anybody_without_the_check(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "require", lambda by, permission: None)

    assert signed_in(member(harbor, Role.NURSE)).get(reverse("charges")).status_code == 200


def test_somebody_with_one_practice_works_there(harbor: World) -> None:
    answer = signed_in(member(harbor, Role.NURSE)).get(reverse("practice"))

    assert (answer.status_code, answer.context["practice"]) == (200, harbor.practice)


def test_somebody_with_two_practices_works_where_they_chose(harbor: World) -> None:
    lake = world.practice("lake")
    user = member(harbor, Role.NURSE)
    people.give_role(user=user, role=Role.NURSE, by=lake.by)
    client = signed_in(user)

    before = client.get(reverse("practice"))
    client.post(reverse("choose_practice"), {"practice": lake.practice.pk})

    assert before.headers["Location"] == reverse("choose_practice")
    assert client.get(reverse("practice")).context["practice"] == lake.practice


def test_practice_of_others_cannot_be_chosen(harbor: World) -> None:
    lake = world.practice("lake")
    client = signed_in(member(harbor, Role.NURSE))

    answer = client.post(reverse("choose_practice"), {"practice": lake.practice.pk})

    assert (answer.status_code, client.session.get(PRACTICE_KEY)) == (404, None)


def test_practice_of_others_in_the_session_opens_nothing(harbor: World) -> None:
    lake = world.practice("lake")
    client = signed_in(member(harbor, Role.NURSE))
    session = client.session
    session[PRACTICE_KEY] = lake.practice.pk
    session.save()

    assert client.get(reverse("practice")).headers["Location"] == reverse("choose_practice")


def test_ended_role_works_no_more_on_the_next_request(harbor: World) -> None:
    user = member(harbor, Role.BILLER)
    client = signed_in(user)
    before = client.get(reverse("charges")).status_code

    people.end_role(membership=user.memberships.get(), by=harbor.by)

    answer = client.get(reverse("charges"))
    assert (before, answer.status_code, answer.headers["Location"]) == (200, 302, reverse("choose_practice"))


def test_one_of_two_roles_ended_leaves_the_other(harbor: World) -> None:
    user = member(harbor, Role.BILLER, Role.NURSE)
    client = signed_in(user)

    people.end_role(membership=user.memberships.get(role=Role.BILLER), by=harbor.by)

    assert [client.get(reverse(name)).status_code for name in ("charges", "practice")] == [403, 200]


def test_deactivated_person_is_signed_out_on_the_next_request(harbor: World) -> None:
    user = member(harbor, Role.BILLER)
    client = signed_in(user)
    before = client.get(reverse("charges")).status_code

    User.objects.update(is_active=False)

    answer = client.get(reverse("charges"))
    assert (before, answer.status_code, answer.headers["Location"]) == (200, 302, "/sign-in/?next=/practice/charges/")


def test_pages_with_a_person_are_not_stored(harbor: World) -> None:
    answer = signed_in(member(harbor, Role.NURSE)).get(reverse("practice"))

    names = ("Cache-Control", "Cross-Origin-Resource-Policy", "X-Frame-Options", "Referrer-Policy")
    assert [answer.headers[name] for name in names] == ["no-store", "same-origin", "DENY", "same-origin"]
