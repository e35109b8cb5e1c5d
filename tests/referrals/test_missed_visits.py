"""Visits that were missed or cancelled: what is asked, the task to tell VA, and the way to book again."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from referrals.domain.contact import Contact, ContactWay
from referrals.models import Authorization, Visit
from referrals.services import telling, visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.models import AuditEvent, Task
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

SOUGHT = {"reason": "snow", "attempts": "2", "last_on": "2024-04-11", "way": "PHONE", "va_told": "no"}
PAGES = ("no_show_visit", "cancel_visit")


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


@pytest.fixture
def client(harbor: World) -> Client:
    return world.signed_in(world.person(harbor, Role.ADMINISTRATOR))


def tasks() -> list[tuple[str, str]]:
    return list(Task.objects.filter(kind="tell_va").order_by("pk").values_list("headline", "proof"))


def said(visit: Visit) -> tuple[Any, ...]:
    visit.refresh_from_db()
    return visit.state, visit.contact_attempts, visit.contacted_on, visit.contacted_by, visit.va_told


@pytest.mark.parametrize(
    ("name", "state", "what"), [("no_show_visit", "NO_SHOW", "missed"), ("cancel_visit", "CANCELLED", "cancelled")]
)
def test_e16_page_keeps_how_the_veteran_was_sought_and_makes_a_task_to_tell_va(
    harbor: World, authorization: Authorization, client: Client, name: str, state: str, what: str
) -> None:
    visit = world.booked(harbor, authorization)

    answer = client.post(reverse(name, args=[visit.pk]), SOUGHT)

    number = authorization.referral.number
    assert (answer.status_code, said(visit)) == (302, (state, 2, TODAY, "PHONE", False))
    assert tasks() == [(f"{number}: tell VA that the visit of 11 Apr 2024 was {what}", "")]
    assert world.line(authorization).visits_held == 0


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"attempts": ""}, {"attempts"}),
        ({"attempts": "-1"}, {"attempts"}),
        ({"va_told": ""}, {"va_told"}),
        ({"last_on": ""}, {"last_on"}),
        ({"way": ""}, {"way"}),
        ({"last_on": "2024-04-12"}, {"last_on"}),
    ],
)
def test_page_asks_again_for_what_is_missing(
    harbor: World, authorization: Authorization, client: Client, name: str, changes: dict[str, str], wrong: set[str]
) -> None:
    visit = world.booked(harbor, authorization)

    answer: Any = client.post(reverse(name, args=[visit.pk]), SOUGHT | changes)

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, wrong)
    assert said(visit) == ("BOOKED", None, None, "", None)


def test_without_an_attempt_neither_day_nor_way_is_kept(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    visit = world.booked(harbor, authorization)

    client.post(reverse("no_show_visit", args=[visit.pk]), SOUGHT | {"attempts": "0", "va_told": "yes"})

    assert (said(visit), tasks()) == (("NO_SHOW", 0, None, "", True), [])


@pytest.mark.parametrize("name", PAGES)
def test_e16_page_says_with_its_source_that_the_veteran_is_never_charged(
    harbor: World, authorization: Authorization, client: Client, name: str
) -> None:
    visit = world.booked(harbor, authorization)

    text = client.get(reverse(name, args=[visit.pk])).content.decode()

    words = ("A Veteran is never charged for a visit that was missed or cancelled", "38 CFR 17.4110", "verify with VA")
    assert [one in text for one in words] == [True, True, True]


def test_undo_forgets_what_was_said_and_closes_the_task(harbor: World, authorization: Authorization) -> None:
    for deed in (visits.no_show, visits.cancel):
        visit = world.booked(harbor, authorization)
        deed(visit=visit, reason="", contact=Contact(1, TODAY, ContactWay.PHONE, False), by=harbor.by, at=NOW)
        visits.undo(visit=visit, by=harbor.by, at=NOW)

        assert said(visit) == ("BOOKED", None, None, "", None)
    assert [proof for _, proof in tasks()] == ["undone", "undone"]


def test_task_is_closed_by_saying_how_va_was_told(harbor: World, authorization: Authorization, client: Client) -> None:
    visit = world.booked(harbor, authorization)
    client.post(reverse("no_show_visit", args=[visit.pk]), SOUGHT)
    url = reverse("visit_va_told", args=[visit.pk])

    client.post(url, {"reason": " "})
    before = said(visit)[-1]
    for _ in range(2):
        client.post(url, {"reason": "Fax to VA Portland, T-17"})

    assert (before, said(visit)[-1], tasks()[0][1]) == (False, True, "Fax to VA Portland, T-17")
    assert AuditEvent.objects.filter(action="visit.va_told").count() == 1


def test_task_leads_to_the_authorization(harbor: World, authorization: Authorization, client: Client) -> None:
    visit = world.booked(harbor, authorization)
    client.post(reverse("no_show_visit", args=[visit.pk]), SOUGHT)

    assert reverse("authorization", args=[authorization.pk]) in client.get(reverse("tasks")).content.decode()


def test_nothing_is_told_of_a_visit_for_which_nobody_asked(harbor: World, authorization: Authorization) -> None:
    visit = world.booked(harbor, authorization)
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)

    assert (telling.told(visit=visit, how="x", by=harbor.by, at=NOW), said(visit)[-1], tasks()) == (False, None, [])


def test_visit_is_booked_again_with_its_services_filled_in(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    visit = world.booked(harbor, authorization, lines=(1, 1))

    answer = client.post(reverse("no_show_visit", args=[visit.pk]), SOUGHT | {"again": "again"})
    shown: Any = client.get(answer.headers["Location"])

    line = world.line(authorization).pk
    found = [(one["service"].value(), one["code"].value()) for one in shown.context["services"].forms]
    assert answer.headers["Location"] == f"{reverse('book_visit', args=[authorization.pk])}?again={visit.pk}"
    assert found[:2] == [(line, "96365"), (line, "96365")]


def test_visit_that_is_booked_again_is_a_new_one(harbor: World, authorization: Authorization, client: Client) -> None:
    visit = world.booked(harbor, authorization)
    visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW)
    url = f"{reverse('book_visit', args=[authorization.pk])}?again={visit.pk}"
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365", "units": 1}
    entered = {f"services-0-{name}": value for name, value in service.items()}
    where = {"location": harbor.location.pk, "on": "2024-04-12", "at": "10:00"}

    answer = client.post(url, where | entered | {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 1})

    assert answer.status_code == 302
    assert list(Visit.objects.order_by("pk").values_list("state", "on")) == [
        ("NO_SHOW", TODAY),
        ("BOOKED", date(2024, 4, 12)),
    ]


def test_visit_of_another_authorization_is_not_booked_again(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    other = world.booked(harbor, world.authorization(harbor))

    answer = client.get(f"{reverse('book_visit', args=[authorization.pk])}?again={other.pk}")

    assert answer.status_code == 404


def test_booking_is_undone_without_a_question(harbor: World, authorization: Authorization, client: Client) -> None:
    visit = world.booked(harbor, authorization)

    client.post(reverse("unbook_visit", args=[visit.pk]))

    assert (said(visit), visit.reason, tasks()) == (("CANCELLED", None, None, "", None), "booking undone", [])


@pytest.mark.parametrize(("sent", "goes_to"), [("/days/", "/days/"), ("https://elsewhere.example/", None), ("", None)])
def test_page_leads_back_to_where_it_was_opened_and_nowhere_else(
    harbor: World, authorization: Authorization, client: Client, sent: str, goes_to: str | None
) -> None:
    visit = world.booked(harbor, authorization)

    answer = client.post(reverse("no_show_visit", args=[visit.pk]), SOUGHT | {"back": sent})

    assert answer.headers["Location"] == (goes_to or reverse("authorization", args=[authorization.pk]))


def test_visit_that_cannot_be_missed_stays_and_the_page_says_why(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    visit = world.completed(harbor, authorization)

    answer = client.post(reverse("no_show_visit", args=[visit.pk]), SOUGHT)

    assert (answer.status_code, "VISIT-05" in answer.content.decode()) == (422, True)


def test_penciled_visit_asks_only_why(harbor: World, authorization: Authorization, client: Client) -> None:
    wanted = world.plan(harbor, authorization)
    visit = visits.pencil(plan=wanted, waits_for="VISIT-02", kept_until=TODAY, by=harbor.by, at=NOW)

    shown: Any = client.get(reverse("cancel_visit", args=[visit.pk]))
    client.post(reverse("cancel_visit", args=[visit.pk]), {"reason": "no longer wanted"})

    assert (list(shown.context["form"].fields), said(visit)) == (["reason"], ("CANCELLED", None, None, "", None))
