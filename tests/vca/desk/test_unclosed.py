"""Visits of past days that nobody closed: Today lists them, the authorization's page says what they hold."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from referrals import queries
from referrals.models import Authorization, Visit
from referrals.services import visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.models import User
from vca.core.services import people, practices
from vca.core.vocabulary import Role
from vca.desk.queries import authorizations as desk
from vca.desk.queries.calendar import Calendar

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
TILE = re.compile(r'<span class="figure-large">(\d+)</span>\s*<span class="row"><a href="#not-closed">')


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


@pytest.fixture
def client(harbor: World) -> Client:
    user = User.objects.create_user("person@example.org", name="Person")
    people.give_role(user=user, role=Role.ADMINISTRATOR, by=harbor.by)
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: int) -> Any:
    answer: Any = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer


def unclosed(client: Client) -> list[Visit]:
    return [one["visit"] for one in page(client, "today").context["unclosed"]]


def arrived(harbor: World, visit: Visit) -> None:
    visits.check_in(visit=visit, by=harbor.by, at=NOW)


def completed(harbor: World, visit: Visit) -> None:
    arrived(harbor, visit)
    visits.complete(visit=visit, by=harbor.by, at=NOW)


def cancelled(harbor: World, visit: Visit) -> None:
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)


def missed(harbor: World, visit: Visit) -> None:
    visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW)


@pytest.mark.parametrize(
    ("days", "act", "shown"),
    [
        (-1, None, True),
        (-10, None, True),
        (0, None, False),
        (1, None, False),
        (-1, arrived, True),
        (-1, completed, False),
        (-1, cancelled, False),
        (-1, missed, False),
    ],
)
def test_visit_of_a_past_day_is_shown_until_it_is_closed(
    harbor: World, authorization: Authorization, client: Client, days: int, act: Any, shown: bool
) -> None:
    visit = world.booked(harbor, authorization, at=NOW + days * DAY)
    if act:
        act(harbor, visit)

    assert unclosed(client) == ([visit] if shown else [])


def test_unclosed_visits_come_with_the_oldest_first_and_are_counted_on_a_tile(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    late, early = (world.booked(harbor, authorization, at=NOW - number * DAY) for number in (1, 3))

    text = page(client, "today").content.decode()

    assert (unclosed(client), TILE.findall(text)) == ([early, late], ["2"])
    assert [text.count(reverse(name, args=[early.pk])) for name in ("check_in", "no_show_visit", "cancel_visit")] == [
        1,
        1,
        1,
    ]


def test_day_without_unclosed_visits_says_nothing_of_them(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    world.booked(harbor, authorization)

    assert "not-closed" not in page(client, "today").content.decode()


def test_visits_of_a_place_no_longer_in_use_are_still_shown(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    visit, past = (world.booked(harbor, authorization, at=NOW - number * DAY) for number in (0, 1))
    practices.record_location(facts={"is_active": False}, by=harbor.by, location=harbor.location)

    answer = page(client, "today")

    today = [one["visit"] for place in answer.context["places"] for one in place["open"]]
    assert (today, unclosed(client)) == ([visit], [past])


def test_unclosed_visits_are_those_of_one_practice(harbor: World, client: Client) -> None:
    lake = world.practice("lake")
    world.booked(lake, world.authorization(lake), at=NOW - DAY)

    assert unclosed(client) == []


def test_each_place_has_its_own_today(harbor: World, authorization: Authorization) -> None:
    facts = {"name": "Island", "time_zone": "Pacific/Guam"}
    island = practices.record_location(facts=facts, by=harbor.by)
    at = datetime(2024, 4, 11, 18, tzinfo=UTC)  # the 11th in Portland, the 12th in Guam
    days = {place.pk: place.civil_day(at) for place in (harbor.location, island)}
    here = world.booked(harbor, authorization, at=NOW)
    there = Visit.objects.get(pk=world.booked(harbor, authorization, at=NOW).pk)
    Visit.objects.filter(pk=there.pk).update(location=island)

    found = list(queries.unclosed(harbor.by, days=days))

    assert (here.on, found) == (date(2024, 4, 11), [there])


def test_next_visit_of_the_list_is_one_of_today_or_later(harbor: World, authorization: Authorization) -> None:
    world.booked(harbor, authorization, at=NOW - 2 * DAY)
    calendar = Calendar({harbor.location.pk: TODAY}, TODAY)

    def next_visit() -> date | None:
        (row,) = desk.authorization_page(harbor.by, desk.Choice("active"), after="", calendar=calendar).rows
        day: date | None = row["next_visit"]
        return day

    assert next_visit() is None
    world.booked(harbor, authorization, at=NOW + DAY)
    world.booked(harbor, authorization, at=NOW)
    assert next_visit() == TODAY


def test_page_says_which_holds_are_of_past_days(harbor: World, authorization: Authorization, client: Client) -> None:
    for days in (-2, -1, 0, 1):
        world.booked(harbor, authorization, at=NOW + days * DAY)
    arrived(harbor, Visit.objects.earliest("on"))

    answer = page(client, "authorization", authorization.pk)

    assert [(one["count"].held, one["unclosed"]) for one in answer.context["lines"]] == [(3, 1)]
    assert "1 of the held visits is of a day that has passed" in answer.content.decode()
    assert answer.content.decode().count("Not closed") == 2


def test_visit_with_two_services_on_a_line_holds_once(harbor: World, authorization: Authorization) -> None:
    world.booked(harbor, authorization, at=NOW - DAY, lines=(1, 1))

    found = queries.unclosed_holds(authorization, days={harbor.location.pk: TODAY})

    assert found == {world.line(authorization).pk: 1}


def test_services_of_somebody_who_has_left_can_still_be_corrected(
    harbor: World, authorization: Authorization, client: Client
) -> None:
    visit = world.completed(harbor, authorization, at=NOW - DAY)
    practices.record_clinician(facts={"is_active": False}, by=harbor.by, clinician=harbor.clinician)
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96366", "units": 2}
    form = {f"services-0-{name}": value for name, value in service.items()}
    formset = {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 1, "diagnoses": "F33.2"}

    answer = client.post(reverse("edit_visit", args=[visit.pk]), {**form, **formset})

    assert (answer.status_code, visit.services.get().code) == (302, "96366")


def test_correction_is_judged_by_the_approval_on_the_visits_day(harbor: World, authorization: Authorization) -> None:
    visit = world.completed(harbor, authorization, at=NOW - DAY)
    late = world.add_clinician(harbor.by, world.NPIS[2], last_name="Late", approved_on=TODAY)
    planned = [visits.Planned(world.line(authorization).pk, late.pk, code="96366")]

    with pytest.raises(visits.ClinicianNotApproved, match="VA's approval of Ada Late does not cover 10 Apr 2024"):
        visits.change_services(visit=visit, services=planned, diagnoses=[], by=harbor.by)


def test_nobody_who_has_left_is_booked(harbor: World, authorization: Authorization) -> None:
    practices.record_clinician(facts={"is_active": False}, by=harbor.by, clinician=harbor.clinician)

    with pytest.raises(visits.ClinicianNotApproved, match="a clinician who does not treat here"):
        world.booked(harbor, authorization)
