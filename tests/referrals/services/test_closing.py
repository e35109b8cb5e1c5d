"""Days that are over while visits of them are open: an alert for each place and day, until the last visit is closed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from referrals.models import OpenDay, Visit
from referrals.services import closing, visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.models import Alert, Delivery, Job
from vca.core.services import practices
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture
def harbor() -> World:
    harbor = world.practice()
    world.person(harbor, Role.FRONT_DESK)
    return harbor


def looked(harbor: World, *, on: date, place: Any = None) -> tuple[int, int]:
    """Look at a place as the daily job does; return how many alerts were raised and closed."""
    place, at = place or harbor.location, NOW + (on - TODAY)
    due = closing.due(place, by=harbor.by, today=on)
    raised = alerts.raise_each(due, by=harbor.by, at=at)
    return raised, closing.close_gone(due, location=place, by=harbor.by, at=at)


def told() -> list[tuple[str, str]]:
    rows = Alert.objects.filter(kind="day_not_closed").order_by("pk")
    return list(rows.values_list("basis", "state"))


def arrived(harbor: World, visit: Visit) -> None:
    visits.check_in(visit=visit, by=harbor.by, at=NOW)


def completed(harbor: World, visit: Visit) -> None:
    arrived(harbor, visit)
    visits.complete(visit=visit, by=harbor.by, at=NOW)


def cancelled(harbor: World, visit: Visit) -> None:
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)


def missed(harbor: World, visit: Visit) -> None:
    visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW)


def moved(harbor: World, visit: Visit) -> None:
    visits.move(visit=visit, location=harbor.location, starts_at=NOW + 9 * DAY, by=harbor.by, at=NOW)


@pytest.mark.parametrize(
    ("act", "is_told"),
    [(None, True), (arrived, True), (completed, False), (cancelled, False), (missed, False), (moved, False)],
)
def test_day_is_told_of_on_the_day_after_unless_each_visit_is_closed(harbor: World, act: Any, is_told: bool) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    if act:
        act(harbor, visit)

    on_the_day, day_after = looked(harbor, on=TODAY), looked(harbor, on=TODAY + DAY)

    assert (on_the_day, day_after) == ((0, 0), (int(is_told), 0))


def test_each_day_of_each_place_has_an_alert_of_its_own(harbor: World) -> None:
    island = practices.record_location(facts={"name": "Island", "time_zone": "Pacific/Guam"}, by=harbor.by)
    authorization = world.authorization(harbor)
    for days in (0, 0, 1):
        world.booked(harbor, authorization, at=NOW + days * DAY)
    there = world.booked(harbor, authorization)
    Visit.objects.filter(pk=there.pk).update(location=island)

    here, other = looked(harbor, on=TODAY + 2 * DAY), looked(harbor, on=TODAY + 2 * DAY, place=island)

    rows = Alert.objects.order_by("pk").values_list("headline", "due_on", "location_id")
    assert (here, other) == ((2, 0), (1, 0))
    assert list(rows) == [
        ("11 Apr 2024 at Main: 2 visits are not closed", TODAY + DAY, harbor.location.pk),
        ("12 Apr 2024 at Main: 1 visit is not closed", TODAY + 2 * DAY, harbor.location.pk),
        ("11 Apr 2024 at Island: 1 visit is not closed", TODAY + DAY, island.pk),
    ]


def test_alert_closes_itself_when_the_last_visit_is_closed_and_opens_when_that_is_undone(harbor: World) -> None:
    first, last = (world.booked(harbor, world.authorization(harbor)) for _ in range(2))
    looked(harbor, on=TODAY + DAY)

    missed(harbor, first)
    one_left = looked(harbor, on=TODAY + DAY)
    cancelled(harbor, last)
    none_left = looked(harbor, on=TODAY + DAY)
    visits.undo(visit=last, by=harbor.by, at=NOW)
    again = looked(harbor, on=TODAY + 2 * DAY)

    assert (one_left, none_left, again) == ((0, 0), (0, 1), (1, 0))
    assert told() == [("2024-04-11", "RESOLVED"), ("2024-04-11", "OPEN")]


def test_e41_days_without_a_look_are_told_once_each(harbor: World) -> None:
    world.booked(harbor, world.authorization(harbor))

    looks = [looked(harbor, on=TODAY + days * DAY) for days in (3, 4, 9)]

    assert (looks, Delivery.objects.count(), OpenDay.objects.count()) == ([(1, 0), (0, 0), (0, 0)], 1, 1)


def test_e02_day_is_over_by_the_calendar_of_its_place(harbor: World) -> None:
    late = datetime(2024, 4, 12, 5, tzinfo=UTC)  # the 12th in Greenwich, the evening of the 11th in Portland
    world.booked(harbor, world.authorization(harbor), at=late)

    assert closing.due(harbor.location, by=harbor.by, today=harbor.location.civil_day(late)) == []


def test_daily_job_tells_of_days_and_closes_what_is_gone(harbor: World) -> None:
    visit = world.booked(harbor, world.authorization(harbor))

    def watched(days: int) -> list[tuple[str, str]]:
        with time_machine.travel(NOW + days * DAY, tick=False):
            job = jobs.enqueue(
                kind="watch_authorizations", key=str(days), subject_ids=[harbor.location.pk], by=harbor.by
            )
            jobs.run(job.pk)
        assert Job.objects.get(pk=job.pk).state == "DONE"
        return told()

    before = watched(1)
    missed(harbor, visit)

    assert (before, watched(2)) == ([("2024-04-11", "OPEN")], [("2024-04-11", "RESOLVED")])


def test_penciled_visit_keeps_no_day_open(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    world.completed(harbor, authorization)
    wanted = world.plan(harbor, authorization, at=NOW + DAY)
    visits.pencil(plan=wanted, waits_for="VISIT-02", kept_until=TODAY, by=harbor.by, at=NOW)

    assert looked(harbor, on=TODAY + 5 * DAY) == (0, 0)
