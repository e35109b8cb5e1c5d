"""What is still booked at a place or with a clinician is named before and after it goes out of use."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from referrals.services import visits
from tests import world
from tests.world import NOW, World
from vca.core.signals import what_hangs_on
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture
def harbor() -> World:
    return world.practice()


def words(one: World, row: Any) -> list[str]:
    return [hanging.words for hanging in what_hangs_on(row, by=one.by)]


@pytest.mark.parametrize("row", ["location", "clinician"])
def test_booked_visits_hang_on_place_and_clinician_in_their_order(harbor: World, row: str) -> None:
    authorization = world.authorization(harbor, number="VA0000000099")
    late, early = (world.booked(harbor, authorization, at=NOW + days * DAY) for days in (9, 2))

    assert words(harbor, getattr(harbor, row)) == [
        f"Visit on {visit.on.day} Apr 2024, referral VA0000000099" for visit in (early, late)
    ]


def nothing(visit: Any, one: World) -> None:
    visits.cancel(visit=visit, reason="test", by=one.by, at=NOW)


def done(visit: Any, one: World) -> None:
    visits.check_in(visit=visit, by=one.by, at=NOW)
    visits.complete(visit=visit, by=one.by, at=NOW)


@pytest.mark.parametrize("end", [nothing, done])
def test_visit_that_is_over_hangs_on_nothing(harbor: World, end: Callable[[Any, World], None]) -> None:
    end(world.booked(harbor, world.authorization(harbor)), harbor)

    assert words(harbor, harbor.location) == []


def test_visits_elsewhere_do_not_count(harbor: World) -> None:
    world.booked(harbor, world.authorization(harbor))
    other = world.add_clinician(harbor.by, world.NPIS[2], last_name="Other")
    lake = world.practice("lake")

    assert [words(harbor, other), words(lake, harbor.location), words(lake, lake.location)] == [[], [], []]


@pytest.mark.parametrize("booked", [1, 0])
def test_page_names_what_hangs_on_a_clinician_before_and_after(harbor: World, booked: int) -> None:
    authorization = world.authorization(harbor)
    for _ in range(booked):
        world.booked(harbor, authorization)
    client = Client()
    client.force_login(world.person(harbor, Role.ADMINISTRATOR))
    page = reverse("edit_clinician", args=[harbor.clinician.pk])
    names = ("first_name", "last_name", "npi", "taxonomy", "approved_on")
    form = {name: getattr(harbor.clinician, name) for name in names}

    before = client.get(page).content.decode()
    after = client.post(page, form, follow=True)

    harbor.clinician.refresh_from_db()
    link = reverse("authorization", args=[authorization.pk])
    assert (harbor.clinician.is_active, after.request["PATH_INFO"]) == (False, page if booked else reverse("practice"))
    assert [link in text for text in (before, after.content.decode())] == [bool(booked)] * 2
