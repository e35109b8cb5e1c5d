"""A form that is sent twice acts once, whoever is quick with the button; the second answer is the first one's."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from referrals.models import Authorization, Referral, Visit
from tests import world
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core import idempotency
from vca.core.models import Agreement, Clinician, IdempotencyKey, Invitation, ServiceLocation, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

KEY = re.compile(r'name="sent_once" value="(\w{32})"')
REFERRAL = {"number": "VA0000009001", "last_name": "Sample", "first_name": "Alex", "date_of_birth": "1960-01-02"}
PLACE = {"name": "Branch", "time_zone": "America/Denver", "place_of_service": "11"}


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


def signed_in(harbor: World, *roles: Role) -> Client:
    user = User.objects.create_user(f"person-{User.objects.count()}@example.org", name="Person")
    for role in roles or (Role.ADMINISTRATOR,):
        people.give_role(user=user, role=role, by=harbor.by)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(harbor: World) -> Client:
    return signed_in(harbor)


def visit_form(harbor: World, authorization: Authorization, **changes: Any) -> dict[str, Any]:
    """Return what a person enters for one visit, with the key of its form."""
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365", "units": 1}
    formset = {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0}
    # Ticked that a second visit at that time is meant: what stops it here is the key alone.
    entered = {"location": harbor.location.pk, "on": "2024-04-11", "at": "10:00", "twice": "on", "sent_once": "k1"}
    return {**entered, **formset, **{f"services-0-{name}": value for name, value in service.items()}, **changes}


def posting(client: Client, name: str, *args: int) -> Callable[[dict[str, Any]], HttpResponse]:
    """Return what sends a form, each time as a second press of the button does: before the first answer was seen."""

    def post(form: dict[str, Any]) -> HttpResponse:
        with time_machine.travel(NOW, tick=False):
            answer: Any = client.post(reverse(name, args=args), form)
        return answer

    return post


def told(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    """Return what an answer says: status, where it leads, and its messages with their tags."""
    words = [(str(one), one.extra_tags) for one in get_messages(answer.wsgi_request)]
    return answer.status_code, answer.headers.get("Location", ""), words


@pytest.mark.parametrize("name", ["book_visit", "walk_in"])
def test_visit_form_sent_twice_makes_one_visit(
    harbor: World, authorization: Authorization, client: Client, name: str
) -> None:
    send, form = posting(client, name, authorization.pk), visit_form(harbor, authorization)
    first = told(send(form))
    before = everything()

    again = told(send(form))

    assert (again, everything(), Visit.objects.count()) == (first, before, 1)
    assert first[:2] == (302, reverse("authorization", args=[authorization.pk]))


def test_visit_form_sent_twice_would_make_two_visits_without_its_key(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    send, form = posting(client, "book_visit", authorization.pk), visit_form(harbor, authorization, sent_once="")

    for _ in range(2):
        send(form)

    assert Visit.objects.count() == 2


CREATING: dict[str, tuple[dict[str, Any], Callable[[], int]]] = {
    "new_referral": ({**REFERRAL, "affiliation": "VCA", "line_limit_kind": "UNKNOWN"}, Referral.objects.count),
    "new_location": (PLACE, ServiceLocation.objects.count),
    "new_clinician": (
        {"first_name": "Ada", "last_name": "Other", "npi": world.NPIS[2], "taxonomy": "207L00000X"},
        Clinician.objects.count,
    ),
    "people": ({"email": "new@example.org", "role": "NURSE"}, Invitation.objects.count),
}


@pytest.mark.parametrize("name", CREATING)
def test_creating_form_sent_twice_creates_one(harbor: World, client: Client, name: str) -> None:
    form, count = CREATING[name]
    send, was = posting(client, name), count()
    send({**form, "sent_once": "k1"})
    before = everything()

    send({**form, "sent_once": "k1"})

    assert (everything(), count()) == (before, was + 1)


def test_agreement_form_sent_twice_makes_one(harbor: World, client: Client) -> None:
    days = {"valid_from": "2028-01-01", "valid_through": "2028-12-31"}
    covers = {"locations": harbor.location.pk, "clinicians": harbor.clinician.pk}
    form = {"number": "A-9", "va_facility": "VA Salem", **days, **covers, "sent_once": "k1"}

    answers = [told(posting(client, "new_agreement")(form)) for _ in range(2)]

    assert (answers[0], Agreement.objects.filter(number="A-9").count()) == (answers[1], 1)


def test_what_is_shown_once_is_not_kept_and_the_second_answer_says_so(client: Client) -> None:
    form = {**CREATING["people"][0], "sent_once": "k1"}
    first = posting(client, "people")(form)
    link = re.findall(r"/invitations/[\w-]+/", first.content.decode())[0]

    again = told(posting(client, "people")(form))

    assert again == (302, reverse("people"), [(idempotency.SHOWN_ONCE, "")])
    assert link not in str(everything())


def test_pages_give_each_form_a_key_of_its_own(client: Client, authorization: Authorization) -> None:
    keys = [
        KEY.findall(client.get(reverse(name, args=args)).content.decode())
        for name, *args in (("book_visit", authorization.pk), ("book_visit", authorization.pk), ("new_referral",))
    ]

    assert ([len(found) for found in keys], len({key for found in keys for key in found})) == ([1, 1, 1], 3)


@pytest.mark.parametrize("change", [{"at": "11:00"}, {"sent_once": "k2"}])
def test_form_with_another_key_or_content_is_another_request(
    harbor: World, authorization: Authorization, client: Client, change: dict[str, str]
) -> None:
    send = posting(client, "book_visit", authorization.pk)
    send(visit_form(harbor, authorization))

    send(visit_form(harbor, authorization, **change))

    assert Visit.objects.count() == 2


def test_key_is_of_one_person(harbor: World, authorization: Authorization, client: Client) -> None:
    form = visit_form(harbor, authorization)

    for one in (client, signed_in(harbor)):
        posting(one, "book_visit", authorization.pk)(form)

    assert Visit.objects.count() == 2


def test_key_is_of_one_practice(harbor: World, client: Client) -> None:
    lake = world.practice("lake")
    people.give_role(user=User.objects.get(), role=Role.ADMINISTRATOR, by=lake.by)
    form = {**PLACE, "sent_once": "k1"}

    for one in (harbor, lake):
        posting(client, "choose_practice")({"practice": one.practice.pk})
        posting(client, "new_location")(form)

    assert ServiceLocation.objects.filter(name="Branch").count() == 2


def test_form_with_an_error_can_be_mended_and_sent_again(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    send = posting(client, "book_visit", authorization.pk)
    wrong = visit_form(harbor, authorization, on="2024-06-30")

    refused = send(wrong)

    assert (refused.status_code, IdempotencyKey.objects.count()) == (422, 0)
    assert send(visit_form(harbor, authorization)).status_code == 302


def test_refused_form_leaves_no_key_and_is_judged_anew(harbor: World, client: Client) -> None:
    referral = world.receive(harbor).referral
    send = posting(client, "confirm_referral", referral.pk)
    before = everything()

    send({"sent_once": "k1"})

    assert everything() == before
    world.referrals.change_details(referral=referral, facts={"network": ""}, home=harbor.location, by=harbor.by)
    send({"sent_once": "k1"})
    referral.refresh_from_db()
    assert referral.state == "ACCEPTED"


def test_check_in_sent_twice_says_the_same_twice(harbor: World, authorization: Authorization, client: Client) -> None:
    send = posting(client, "check_in", world.booked(harbor, authorization).pk)

    answers = [told(send({"sent_once": "k1"})) for _ in range(2)]

    assert answers[0] == answers[1]
    assert [words for words, _ in answers[0][2]] == ["Checked in."]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_forms_at_once_make_one_visit(harbor: World, authorization: Authorization, client: Client) -> None:
    form, url = visit_form(harbor, authorization), reverse("book_visit", args=[authorization.pk])

    with time_machine.travel(NOW):
        answers = at_once(*[partial(client.post, url, form)] * 5)

    assert ({told(answer)[:2] for answer in answers}, Visit.objects.count()) == (
        {(302, reverse("authorization", args=[authorization.pk]))},
        1,
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_forms_at_once_would_make_a_visit_each_without_the_key(
    harbor: World, authorization: Authorization, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "earlier_answer", lambda **_: None)
    monkeypatch.setattr(idempotency, "remember", lambda **_: None)
    form, url = visit_form(harbor, authorization), reverse("book_visit", args=[authorization.pk])

    with time_machine.travel(NOW):
        at_once(*[partial(client.post, url, form)] * 5)

    assert Visit.objects.count() == 5
