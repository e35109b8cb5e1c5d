"""Caps of a line at work: whatever books, moves, walks in or brings back a visit is held to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from referrals.domain.caps import CapReached, Caps
from referrals.domain.states import LimitKind, VisitState
from referrals.models import Authorization, AuthorizedService, Visit
from referrals.services import amendments, series, visits
from referrals.services.amendments import Limit
from tests import world
from tests.vca.core.api.caller import caller
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
Way = Callable[[World, Authorization], Callable[[], Any]]


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


def capped(harbor: World, authorization: Authorization, caps: Caps | None) -> AuthorizedService:
    limit = Limit("Ketamine infusion", LimitKind.COUNTED, 6, ("96365",), caps)
    return amendments.set_limit(service=world.line(authorization), limit=limit, reason="10-7080", by=harbor.by, at=NOW)


def book(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    return lambda: visits.book(plan=world.plan(harbor, authorization, at=NOW), by=harbor.by, at=NOW)


def walk_in(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    return lambda: visits.walk_in(plan=world.plan(harbor, authorization, at=NOW), by=harbor.by, at=NOW)


def move(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    visit = world.booked(harbor, authorization, at=NOW + 14 * DAY)
    return lambda: visits.move(visit=visit, location=harbor.location, starts_at=NOW, by=harbor.by, at=NOW)


def bring_back(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    visit = world.booked(harbor, authorization, at=NOW)
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)
    return lambda: visits.undo(visit=visit, by=harbor.by, at=NOW)


def unmiss(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    visit = world.booked(harbor, authorization, at=NOW)
    visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW)
    return lambda: visits.undo(visit=visit, by=harbor.by, at=NOW)


WAYS = pytest.mark.parametrize("way", [book, walk_in, move, bring_back, unmiss])


@WAYS
def test_visit_beyond_a_cap_is_refused_and_changes_nothing(
    harbor: World, authorization: Authorization, way: Way
) -> None:
    deed = way(harbor, authorization)
    world.booked(harbor, authorization, at=NOW + 3 * DAY)
    capped(harbor, authorization, Caps(week=1))
    before = everything()

    with pytest.raises(CapReached, match=r"1 visit a week .Monday to Sunday.; these count: 14 Apr 2024"):
        deed()

    assert everything() == before


@WAYS
def test_visit_within_the_caps_is_taken(harbor: World, authorization: Authorization, way: Way) -> None:
    deed = way(harbor, authorization)
    world.booked(harbor, authorization, at=NOW + 3 * DAY)
    capped(harbor, authorization, Caps(day=1, week=2, month=3))

    deed()

    there = Visit.objects.filter(on=NOW.date()).values_list("state", flat=True)
    assert list(there) == [VisitState.ARRIVED if way is walk_in else VisitState.BOOKED]


def test_visit_that_moves_within_its_week_does_not_count_against_itself(
    harbor: World, authorization: Authorization
) -> None:
    visit = world.booked(harbor, authorization)
    capped(harbor, authorization, Caps(day=1, week=1, month=1))

    visits.move(visit=visit, location=harbor.location, starts_at=NOW + HOUR, by=harbor.by, at=NOW)

    assert visit.starts_at == NOW + HOUR


@pytest.mark.parametrize(("state", "counts"), [("NO_SHOW", False), ("CANCELLED", False), ("COMPLETED", True)])
def test_what_was_given_counts_and_what_was_freed_does_not(
    harbor: World, authorization: Authorization, state: str, counts: bool
) -> None:
    visit = world.booked(harbor, authorization)
    acts: dict[str, list[Callable[..., None]]] = {
        "NO_SHOW": [visits.no_show],
        "CANCELLED": [visits.cancel],
        "COMPLETED": [visits.check_in, visits.complete],
    }
    for act in acts[state]:
        act(visit=visit, by=harbor.by, at=NOW, **({} if state == "COMPLETED" else {"reason": ""}))
    capped(harbor, authorization, Caps(day=1))

    def refused() -> bool:
        try:
            book(harbor, authorization)()
        except CapReached:
            return True
        return False

    assert refused() is counts


def test_each_visit_of_a_series_is_held_to_the_caps(harbor: World, authorization: Authorization) -> None:
    capped(harbor, authorization, Caps(week=2))
    plans = [world.plan(harbor, authorization, at=NOW + days * DAY) for days in range(3)]

    conflicts = series.conflicts_of(plans, by=harbor.by, at=NOW)

    assert {place: type(refusal) for place, refusal in conflicts.items()} == {2: CapReached}


def test_caps_stay_when_nothing_is_said_of_them(harbor: World, authorization: Authorization) -> None:
    capped(harbor, authorization, Caps(1, 2, 3))

    kept = capped(harbor, authorization, None)

    assert kept.caps == Caps(1, 2, 3)
    assert authorization.versions.latest("number").lines[0]["most_per_week"] == 2


def test_caps_are_entered_shown_and_taken_away_on_the_page(harbor: World, authorization: Authorization) -> None:
    client, line = world.signed_in(world.person(harbor, Role.BILLER)), world.line(authorization)
    said = {"description": "Infusion", "limit_kind": "COUNTED", "visits": 6}

    def saved(**caps: int) -> tuple[str, Caps]:
        client.post(reverse("edit_line", args=[line.pk]), said | caps)
        text = client.get(reverse("authorization", args=[authorization.pk])).content.decode()
        return text.partition("at most")[2].partition("</span>")[0], world.line(authorization).caps

    assert saved(most_per_day=1, most_per_week=2) == (" 1 a day, 2 a week (Monday to Sunday)", Caps(1, 2, None))
    assert client.get(reverse("edit_line", args=[line.pk])).context["form"]["most_per_week"].value() == 2
    assert saved() == ("", Caps())


def test_caps_are_set_by_api_and_the_rest_stays(harbor: World, authorization: Authorization) -> None:
    biller, line = caller(harbor, Role.BILLER), world.line(authorization)
    why = {"reason": "10-7080"}

    first = biller.patch("api_line", line.pk, body={"most_per_week": 2, **why}).json()
    second = biller.patch("api_line", line.pk, body={"visits": 8, **why}).json()
    wrong = biller.patch("api_line", line.pk, body={"most_per_week": 0, **why})

    assert [(one["most_per_week"], one["visits_authorized"]) for one in (first, second)] == [(2, 6), (2, 8)]
    assert wrong.status_code == 422
