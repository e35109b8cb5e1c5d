"""The pages of closed days and absences, and the warning of a federal holiday at booking."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from referrals.models import Absence, ClosedDays
from tests import world
from tests.world import NOW, World
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAYS = {"valid_from": "2024-04-11", "valid_through": "2024-04-12"}
PAGES = ("closed_days", "absences")


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


@pytest.fixture
def client(harbor: World) -> Client:
    return world.signed_in(world.person(harbor, Role.ADMINISTRATOR))


def entered(harbor: World, name: str, **changes: Any) -> dict[str, Any]:
    return DAYS | ({"reason": "Training"} if name == "closed_days" else {"clinician": harbor.clinician.pk}) | changes


def said(answer: Any) -> list[str]:
    return [str(one) for one in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize("name", PAGES)
def test_entry_lists_the_booked_visits_that_it_touches_with_the_way_to_move_them(
    harbor: World, client: Client, name: str
) -> None:
    visit = world.booked(harbor, world.authorization(harbor))

    answer = client.post(reverse(name), entered(harbor, name))
    text = client.get(reverse(name)).content.decode()

    assert said(answer)[0].endswith("1 visit is booked then: move or cancel.")
    assert [words in text for words in (reverse("move_visit", args=[visit.pk]), "1 visit booked then")] == [True, True]


@pytest.mark.parametrize("name", PAGES)
def test_entry_that_touches_nothing_says_so(harbor: World, client: Client, name: str) -> None:
    answer = client.post(reverse(name), entered(harbor, name))

    assert said(answer)[0].endswith("No visit is booked then.")


@pytest.mark.parametrize(("name", "model", "out"), [
    ("closed_days", ClosedDays, "reopen_days"), ("absences", Absence, "end_absence")
])  # fmt: skip
def test_entry_is_taken_out(harbor: World, client: Client, name: str, model: Any, out: str) -> None:
    client.post(reverse(name), entered(harbor, name))
    row = model.objects.get()

    answer = client.post(reverse(out, args=[row.pk]))

    assert (answer.headers["Location"], model.objects.exists()) == (reverse(name), False)


@pytest.mark.parametrize("name", PAGES)
def test_days_run_forward(harbor: World, client: Client, name: str) -> None:
    answer: Any = client.post(reverse(name), entered(harbor, name, valid_through="2024-04-10"))

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"valid_through"})


def test_days_that_are_over_are_not_shown(harbor: World, client: Client) -> None:
    over = {"valid_from": "2024-04-01", "valid_through": "2024-04-10"}
    for name in PAGES:
        client.post(reverse(name), entered(harbor, name, **over))

    assert [list(client.get(reverse(name)).context["entries"]) for name in PAGES] == [[], []]


def test_absence_asks_no_reason(harbor: World, client: Client) -> None:
    shown: Any = client.get(reverse("absences"))

    assert list(shown.context["form"].fields) == ["clinician", "valid_from", "valid_through"]


@pytest.mark.parametrize(("on", "warns"), [("2024-05-27", True), ("2024-05-24", False)])
def test_booking_on_a_federal_holiday_is_booked_with_a_warning(
    harbor: World, client: Client, on: str, warns: bool
) -> None:
    authorization = world.authorization(harbor)
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365", "units": 1}
    form = {f"services-0-{name}": value for name, value in service.items()}
    where = {"location": harbor.location.pk, "on": on, "at": "10:00"}

    url = reverse("book_visit", args=[authorization.pk])
    answer = client.post(url, form | where | {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0})

    assert authorization.visits.get().on == date.fromisoformat(on)
    assert [("VISIT-23" in words, "Memorial Day" in words) for words in said(answer)[1:]] == [(True, True)] * warns


def test_move_to_a_federal_holiday_warns(harbor: World, client: Client) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    where = {"location": harbor.location.pk, "on": "2024-05-27", "at": "10:00"}

    answer = client.post(reverse("move_visit", args=[visit.pk]), where)

    assert ["VISIT-23" in words for words in said(answer)] == [False, True]


def test_series_shows_which_day_is_a_federal_holiday(harbor: World, client: Client) -> None:
    authorization = world.authorization(harbor)
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365", "units": 1}
    form = {f"services-0-{name}": value for name, value in service.items()}
    pattern = {"location": harbor.location.pk, "on": "2024-05-20", "at": "10:00", "count": 2}

    url = reverse("book_series", args=[authorization.pk])
    shown: Any = client.post(url, form | pattern | {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0})

    assert [holiday for *_, holiday in shown.context["rows"]] == ["", "Memorial Day"]
    assert "Memorial Day: a federal holiday" in shown.content.decode()


def test_working_day_is_no_holiday(harbor: World) -> None:
    assert world.booked(harbor, world.authorization(harbor)).holiday == ""
