"""The page that closes a day: its visits, earlier days that are open, and the way there."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from referrals.models import Visit
from referrals.services import closing, visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts
from vca.core.services import practices
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


@pytest.fixture
def client(harbor: World) -> Client:
    return world.signed_in(world.person(harbor, Role.ADMINISTRATOR))


def shown(client: Client, url: str) -> Any:
    answer: Any = client.get(url)
    assert answer.status_code == 200
    return answer


def told(client: Client, url: str) -> tuple[date, list[tuple[date, int]], list[str], list[str]]:
    """Return the day, the earlier days that are open, and the states of its open and closed visits."""
    said = shown(client, url).context
    kinds = ([one["visit"].state for one in said[kind]] for kind in ("open", "done"))
    return said["on"], said["earlier"], *kinds


def test_page_shows_today_with_earlier_open_days_first(harbor: World, client: Client) -> None:
    authorization = world.authorization(harbor)
    for days in (-3, -3, -1, 0, 1):
        world.booked(harbor, authorization, at=NOW + days * DAY)
    world.completed(harbor, authorization)

    text = shown(client, reverse("close_a_day")).content.decode()

    earlier = [(TODAY - 3 * DAY, 2), (TODAY - DAY, 1)]
    assert told(client, reverse("close_a_day")) == (TODAY, earlier, ["BOOKED"], ["COMPLETED"])
    assert '<a href="?on=2024-04-08">Mon 8 Apr 2024</a>: 2 visits' in text
    assert text.index("Earlier days") < text.index("What became of")


@pytest.mark.parametrize(
    ("asked", "on"),
    [("2024-04-08", date(2024, 4, 8)), ("2024-04-12", TODAY), ("nonsense", TODAY), ("", TODAY)],
)
def test_day_to_come_or_nonsense_is_today(harbor: World, client: Client, asked: str, on: date) -> None:
    assert told(client, f"{reverse('close_day', args=[harbor.location.pk])}?on={asked}")[0] == on


def test_visit_that_is_closed_stays_on_its_day_and_can_be_undone(harbor: World, client: Client) -> None:
    visit = world.booked(harbor, world.authorization(harbor), at=NOW - DAY)
    url = f"{reverse('close_day', args=[harbor.location.pk])}?on=2024-04-10"

    visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW)
    text = shown(client, url).content.decode()
    closed = told(client, url)
    answer = client.post(reverse("undo_visit", args=[visit.pk]), headers={"Referer": f"http://testserver{url}"})

    assert closed == (TODAY - DAY, [], [], ["NO_SHOW"])
    assert ("No visit up to this day is open" in text, reverse("undo_visit", args=[visit.pk]) in text) == (True, True)
    assert answer.headers["Location"] == f"http://testserver{url}"
    assert told(client, url) == (TODAY - DAY, [], ["BOOKED"], [])


def test_day_is_of_one_place(harbor: World, client: Client) -> None:
    island = practices.record_location(facts={"name": "Island", "time_zone": "Pacific/Guam"}, by=harbor.by)
    here, there = (world.booked(harbor, world.authorization(harbor)) for _ in range(2))
    Visit.objects.filter(pk=there.pk).update(location=island, on=TODAY)

    places = [told(client, reverse("close_day", args=[place.pk])) for place in (harbor.location, island)]

    assert here.state == "BOOKED"
    assert places == [(TODAY, [], ["BOOKED"], []), (TODAY + DAY, [(TODAY, 1)], [], [])]


def test_practice_without_a_place_is_told_so(client: Client, harbor: World) -> None:
    bare = practices.create(code="bare", name="Bare", test_data=True)
    by = world.access.acting_for(bare, what="test")
    other = world.signed_in(world.person(World(bare, harbor.location, harbor.clinician, by), Role.NURSE))

    assert "no location yet" in shown(other, reverse("close_a_day")).content.decode()


def test_alert_leads_to_its_day(harbor: World, client: Client) -> None:
    world.booked(harbor, world.authorization(harbor), at=NOW - 2 * DAY)
    due = closing.due(harbor.location, by=harbor.by, today=TODAY)
    alerts.raise_each(due, by=harbor.by, at=NOW)

    text = shown(client, reverse("alerts")).content.decode()

    assert f'href="{reverse("close_day", args=[harbor.location.pk])}?on=2024-04-09">Close the day<' in text
    assert ("Not closed" in text, "Expired" in text) == (True, False)


def test_authorization_and_today_lead_to_the_page(harbor: World, client: Client) -> None:
    authorization = world.authorization(harbor)
    world.booked(harbor, authorization, at=NOW - DAY)

    pages = [shown(client, url) for url in (reverse("today"), reverse("authorization", args=[authorization.pk]))]

    assert [reverse("close_a_day") in page.content.decode() for page in pages] == [True, True]
