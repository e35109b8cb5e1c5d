"""When cover ends stands with the authorization: true after every act and each morning."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from referrals import queries
from referrals.domain.states import LimitKind
from referrals.models import Authorization
from referrals.services import amendments, forecasts, visits
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import jobs
from vca.core.models import Job
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

DAY, WEEK = timedelta(days=1), timedelta(days=7)
Act = Callable[[World, Authorization], Any]


@pytest.fixture
def harbor(clock: time_machine.Traveller) -> World:
    """Return a practice whose acts are committed: what is foretold is kept then."""
    return world.practice()


@pytest.fixture
def weekly(harbor: World) -> Authorization:
    """Six visits, through 27 May: given a week ago and today, booked in a week; at that pace the last is on 9 May."""
    made = world.authorization(harbor, visits=6)
    for at in (NOW - WEEK, NOW):
        world.completed(harbor, made, at=at)
    world.booked(harbor, made, at=NOW + WEEK)
    return made


def kept(authorization: Authorization) -> date | None:
    return Authorization.objects.get(pk=authorization.pk).runs_out_on


def foretold(harbor: World, authorization: Authorization, today: date = TODAY) -> date:
    row = Authorization.objects.select_related("current").get(pk=authorization.pk)
    running = queries.Running(row.pk, row.terms.valid_through, today)
    return queries.foretold([running], harbor.by)[row.pk].runs_out_on


def limit(harbor: World, authorization: Authorization, visits: int) -> None:
    said = Limit("Ketamine infusion", LimitKind.COUNTED, visits)
    amendments.set_limit(service=world.line(authorization), limit=said, reason="VA", by=harbor.by, at=NOW)


def shorten(harbor: World, authorization: Authorization) -> None:
    terms = Terms(date(2024, 3, 28), date(2024, 5, 1))
    amendments.amend(authorization=authorization, terms=terms, reason="VA", by=harbor.by, at=NOW)


def given_before(harbor: World, authorization: Authorization) -> None:
    said = {"visits": 1, "source": "paper", "by": harbor.by, "at": NOW}
    amendments.set_opening_balance(service=world.line(authorization), **said)


def moved(harbor: World, authorization: Authorization) -> None:
    booked, to = authorization.visits.get(state="BOOKED"), NOW + 2 * DAY
    visits.move(visit=booked, location=harbor.location, starts_at=to, by=harbor.by, at=NOW)


def voided(harbor: World, authorization: Authorization) -> None:
    given = authorization.visits.filter(state="COMPLETED").earliest("pk")
    visits.void(visit=given, reason="test", by=harbor.by, at=NOW)


def test_new_authorization_ends_on_its_last_day(harbor: World) -> None:
    assert kept(world.authorization(harbor)) == date(2024, 5, 27)


def test_visits_that_run_out_before_the_last_day_are_what_counts(weekly: Authorization) -> None:
    assert kept(weekly) == date(2024, 5, 9)


@pytest.mark.parametrize(
    "act",
    [
        lambda harbor, one: world.booked(harbor, one, at=NOW + 2 * DAY),
        lambda harbor, one: world.completed(harbor, one, at=NOW - DAY),
        lambda harbor, one: limit(harbor, one, 9),
        lambda harbor, one: limit(harbor, one, 4),
        shorten,
        given_before,
        moved,
        voided,
    ],
)
def test_every_act_leaves_what_is_foretold(harbor: World, weekly: Authorization, act: Act) -> None:
    before = kept(weekly)

    act(harbor, weekly)

    assert kept(weekly) == foretold(harbor, weekly) != before


def test_act_would_leave_what_is_past_without_it(
    harbor: World, weekly: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "keep_one", lambda *_, **__: None)

    limit(harbor, weekly, 9)

    assert kept(weekly) != foretold(harbor, weekly)


def test_each_morning_foretells_anew(harbor: World, weekly: Authorization) -> None:
    """Nobody came for four weeks, so what is left goes on later."""
    later = NOW + 4 * WEEK

    with time_machine.travel(later):
        Job.objects.filter(kind="watch_authorizations").delete()
        jobs.plan_daily(later)
        jobs.run(Job.objects.get(kind="watch_authorizations").pk)

    assert kept(weekly) == foretold(harbor, weekly, TODAY + 4 * WEEK) > date(2024, 5, 9)


def test_list_shows_what_runs_out_first(harbor: World, weekly: Authorization) -> None:
    """The other one ends earlier by the calendar and is not used, the third is weekly too but ends before."""
    late = world.authorization(harbor, visits=6, expiration_date=date(2024, 5, 20))
    soon = world.authorization(harbor, visits=6, expiration_date=date(2024, 5, 1))
    client = world.signed_in(world.person(harbor, Role.BILLER))

    shown = client.get(reverse("authorizations"), {"view": "next"}).context["page"].rows

    assert [row["authorization_id"] for row in shown] == [soon.pk, weekly.pk, late.pk]


def test_list_goes_on_where_a_page_ended(harbor: World, weekly: Authorization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vca.core.pages.keyset_by_day.__kwdefaults__", {"after": "", "size": 1})
    late = world.authorization(harbor, visits=6)
    client = world.signed_in(world.person(harbor, Role.BILLER))

    first = client.get(reverse("authorizations"), {"view": "next"}).context["page"]
    second = client.get(reverse("authorizations"), {"view": "next", "after": first.older}).context["page"]

    assert [row["authorization_id"] for page in (first, second) for row in page.rows] == [weekly.pk, late.pk]
