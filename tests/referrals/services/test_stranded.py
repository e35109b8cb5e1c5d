"""Booked visits whose referral has ended, or whose day VA took away, are named, and a task waits for somebody."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from referrals.models import Authorization, Referral
from referrals.services import amendments, referrals, visits
from referrals.services.authorizations import Terms
from tests import world
from tests.world import NOW, World
from vca.core.models import Task
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

FIRST, LAST = date(2024, 3, 28), date(2024, 5, 27)
DAY = timedelta(days=1)


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


def tasks() -> list[tuple[str, str]]:
    stranding = Task.objects.filter(closed_at=None, kind__startswith="visits_").order_by("kind")
    return [(task.kind, task.headline.partition(" on ")[0].partition(" outside ")[0]) for task in stranding]


def ended(harbor: World, authorization: Authorization, act: str = "complete") -> Referral:
    referral: Referral = authorization.referral
    getattr(referrals, act)(referral=referral, reason="test", by=harbor.by, at=NOW)
    return referral


def amended(harbor: World, authorization: Authorization, first: date, last: date) -> None:
    terms = Terms(first, last)
    amendments.amend(authorization=authorization, terms=terms, reason="VA", by=harbor.by, at=NOW)


@pytest.mark.parametrize("act", ["complete", "cancel"])
def test_task_tells_of_visits_booked_on_a_referral_that_ends(
    harbor: World, authorization: Authorization, act: str
) -> None:
    for number in range(2):
        world.booked(harbor, authorization, at=NOW + number * DAY)

    ended(harbor, authorization, act)

    assert tasks() == [("visits_on_ended", "2 booked visits wait")]


@pytest.mark.parametrize("act", ["complete", "cancel", "suspend"])
def test_nothing_is_told_without_booked_visits_or_end(harbor: World, authorization: Authorization, act: str) -> None:
    world.completed(harbor, authorization)
    if act == "suspend":
        world.booked(harbor, authorization)

    ended(harbor, authorization, act)

    assert tasks() == []


def cancelled(harbor: World, visit: Any) -> None:
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)


def missed(harbor: World, visit: Any) -> None:
    visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW)


@pytest.mark.parametrize("give_up", [cancelled, missed])
def test_task_closes_with_the_last_visit(
    harbor: World, authorization: Authorization, give_up: Callable[..., None]
) -> None:
    both = [world.booked(harbor, authorization) for _ in range(2)]
    ended(harbor, authorization)

    give_up(harbor, both[0])
    waiting = len(tasks())
    give_up(harbor, both[1])

    assert (waiting, tasks()) == (1, [])


@pytest.mark.parametrize("act", ["complete", "cancel"])
def test_ended_referral_is_opened_again_and_confirmed_anew(
    harbor: World, authorization: Authorization, act: str
) -> None:
    visit = world.booked(harbor, authorization)
    referral = ended(harbor, authorization, act)

    referrals.reopen(referral=referral, reason="mistaken", by=harbor.by, at=NOW)

    assert (referral.state, tasks()) == ("HELD", [])
    assert Task.objects.filter(closed_at=None, kind="referral_held").count() == 1
    referrals.confirm(referral=referral, by=harbor.by, at=NOW)
    visits.check_in(visit=visit, by=harbor.by, at=NOW)
    assert (referral.state, visit.state) == ("ACCEPTED", "ARRIVED")


@pytest.mark.parametrize(
    ("first", "last", "outside"),
    [(FIRST, LAST, 0), (FIRST, date(2024, 4, 11), 1), (FIRST, date(2024, 4, 10), 2), (date(2024, 4, 12), LAST, 1)],
)
def test_task_tells_of_visits_outside_the_new_days(
    harbor: World, authorization: Authorization, first: date, last: date, outside: int
) -> None:
    for number in range(2):
        world.booked(harbor, authorization, at=NOW + number * DAY)

    amended(harbor, authorization, first, last)

    words = "1 booked visit waits" if outside == 1 else f"{outside} booked visits wait"
    assert tasks() == ([("visits_outside", words)] if outside else [])


def test_task_closes_when_va_gives_the_days_back(harbor: World, authorization: Authorization) -> None:
    world.booked(harbor, authorization)
    amended(harbor, authorization, FIRST, date(2024, 4, 10))

    amended(harbor, authorization, FIRST, LAST)

    assert tasks() == []


@pytest.fixture
def biller(harbor: World) -> Client:
    client = Client()
    client.force_login(world.person(harbor, Role.BILLER))
    return client


@pytest.mark.parametrize("name", ["complete_referral", "cancel_referral"])
def test_page_names_the_booked_visits_and_asks_before_it_ends_their_referral(
    harbor: World, authorization: Authorization, biller: Client, name: str
) -> None:
    world.booked(harbor, authorization)
    url, form = reverse(name, args=[authorization.referral_id]), {"reason": "over", "sent_once": "k1"}

    asked: Any = biller.post(url, form)

    authorization.referral.refresh_from_db()
    assert (asked.status_code, "11 Apr 2024" in asked.content.decode()) == (409, True)
    assert authorization.referral.state == "ACCEPTED"
    biller.post(url, {**form, "all_the_same": "yes"})
    authorization.referral.refresh_from_db()
    assert (authorization.referral.state, authorization.referral.state_reason) != ("ACCEPTED", "over")


def test_page_ends_a_referral_without_booked_visits_at_once(authorization: Authorization, biller: Client) -> None:
    biller.post(reverse("complete_referral", args=[authorization.referral_id]), {"reason": "over"})

    authorization.referral.refresh_from_db()
    assert authorization.referral.state == "COMPLETED"


def test_page_of_days_names_the_visits_that_they_leave_out(
    harbor: World, authorization: Authorization, biller: Client
) -> None:
    world.booked(harbor, authorization)
    form = {"valid_from": "2024-03-28", "valid_through": "2024-04-10", "reason": "amended"}

    answer: Any = biller.post(reverse("referral_terms", args=[authorization.referral_id]), form)

    words = [str(one) for one in get_messages(answer.wsgi_request)]
    assert words[1].startswith("A booked visit lies outside these days: 11 Apr 2024.")


def test_undone_check_in_on_an_ended_referral_is_told(harbor: World, authorization: Authorization) -> None:
    visit = world.booked(harbor, authorization)
    visits.check_in(visit=visit, by=harbor.by, at=NOW)
    ended(harbor, authorization)
    before = tasks()

    visits.undo(visit=visit, by=harbor.by, at=NOW)

    assert (before, tasks()) == ([], [("visits_on_ended", "1 booked visit waits")])
