"""Daily work of each location: at once the first time, then every morning at 06:00 on its own clocks, missed or not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from unittest.mock import Mock

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from tests.vca.core.at_once import at_once
from vca.core import jobs, vocabulary
from vca.core.access import acting_for
from vca.core.models import Job, JobState, Practice, ServiceLocation

pytestmark = [pytest.mark.django_db, pytest.mark.both]

KIND = "watch_authorizations"
NEW_YORK, PHOENIX = "America/New_York", "America/Phoenix"
NOON = datetime(2026, 3, 5, 17, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    monkeypatch.setattr(vocabulary, "_daily", {KIND})
    monkeypatch.setitem(jobs._handlers, KIND, Mock())
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def place(zone: str = NEW_YORK, name: str = "Main") -> ServiceLocation:
    practice, _ = Practice.objects.get_or_create(code="harbor", defaults={"name": "Harbor"})
    return ServiceLocation.objects.create(practice=practice, name=name, time_zone=zone)


def planned() -> list[datetime]:
    jobs.plan_daily(datetime.now(UTC))
    return [job.due_at for job in Job.objects.filter(state=JobState.QUEUED).order_by("due_at")]


def swept() -> int:
    """Sweep once; return the number of jobs that this did."""
    before = Job.objects.filter(state=JobState.DONE).count()
    jobs.sweep(jobs.run)
    return Job.objects.filter(state=JobState.DONE).count() - before


def test_first_run_is_at_once() -> None:
    place()

    assert planned() == [NOON]


def test_next_run_is_the_next_morning() -> None:
    place()
    swept()

    assert planned() == [datetime(2026, 3, 6, 11, tzinfo=UTC)]


def test_planning_again_changes_nothing() -> None:
    place()
    first = planned()

    assert (planned(), Job.objects.count()) == (first, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_planning_at_once_plans_once() -> None:
    place()

    at_once(*[planned] * 6)

    assert Job.objects.count() == 1


def test_every_place_has_its_own_morning_closed_ones_too() -> None:
    for name, zone in {"East": NEW_YORK, "West": PHOENIX}.items():
        place(zone, name)
    ServiceLocation.objects.filter(name="West").update(is_active=False)
    swept()

    assert planned() == [datetime(2026, 3, 6, 11, tzinfo=UTC), datetime(2026, 3, 6, 13, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("zone", "now", "morning"),
    [
        (NEW_YORK, datetime(2026, 3, 5, 10, 59, 59, tzinfo=UTC), datetime(2026, 3, 5, 11, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 5, 11, tzinfo=UTC), datetime(2026, 3, 6, 11, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 7, 11, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 8, 6, 59, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 8, 7, 1, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 10, 31, 10, tzinfo=UTC), datetime(2026, 11, 1, 11, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 11, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 11, tzinfo=UTC)),
        (PHOENIX, datetime(2026, 3, 7, 13, tzinfo=UTC), datetime(2026, 3, 8, 13, tzinfo=UTC)),
        (PHOENIX, datetime(2026, 10, 31, 13, tzinfo=UTC), datetime(2026, 11, 1, 13, tzinfo=UTC)),
        ("Pacific/Guam", datetime(2026, 3, 5, 20, tzinfo=UTC), datetime(2026, 3, 6, 20, tzinfo=UTC)),
    ],
)
def test_morning_is_six_on_the_clocks_of_the_place(zone: str, now: datetime, morning: datetime) -> None:
    assert jobs.next_morning(place(zone), now) == morning


@pytest.mark.parametrize(("zone", "first"), [(NEW_YORK, date(2026, 3, 5)), (NEW_YORK, date(2026, 10, 29))])
def test_every_day_of_a_week_in_which_clocks_change_has_one_run(
    clock: time_machine.Traveller, zone: str, first: date
) -> None:
    here = place(zone)
    clock.move_to(datetime.combine(first, jobs.DAILY_AT, here.zone))
    runs = []

    for _ in range(7):
        swept()
        runs.append(datetime.now(here.zone).replace(tzinfo=None))
        clock.move_to(planned()[0])

    assert runs == [datetime.combine(first + number * DAY, jobs.DAILY_AT) for number in range(7)]


def test_worker_that_was_down_for_days_catches_up_once(clock: time_machine.Traveller) -> None:
    place()
    swept()
    planned()
    clock.shift(5 * DAY)

    done = [swept() for _ in range(3)]

    assert (done, planned()) == ([1, 0, 0], [datetime(2026, 3, 11, 10, tzinfo=UTC)])


def test_parked_run_does_not_stop_the_next_morning(clock: time_machine.Traveller) -> None:
    place()
    planned()
    Job.objects.update(state=JobState.PARKED, started_at=NOON)

    assert planned() == [datetime(2026, 3, 6, 11, tzinfo=UTC)]


def test_old_run_tried_again_days_later_plans_the_next_morning(clock: time_machine.Traveller) -> None:
    here = place()
    planned()
    Job.objects.update(state=JobState.PARKED, started_at=NOON)
    parked = Job.objects.get()
    clock.shift(3 * DAY)
    by = acting_for(here.practice, what="test")
    jobs.retry(job=parked, by=by)

    done = [swept() for _ in range(3)]

    assert (done, planned()) == ([1, 0, 0], [datetime(2026, 3, 9, 10, tzinfo=UTC)])


def test_cancelled_run_is_left_out_for_that_day() -> None:
    place()
    swept()
    planned()
    Job.objects.filter(state=JobState.QUEUED).update(state=JobState.CANCELLED)

    assert planned() == [datetime(2026, 3, 7, 11, tzinfo=UTC)]


def test_planning_asks_the_same_number_of_questions_however_many_places(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        place(name=str(number))
    jobs.plan_daily(NOON)

    with django_assert_num_queries(1 + 2):  # the practices, and two of each
        jobs.plan_daily(NOON)
