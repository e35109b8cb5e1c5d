"""The daily watch over agreements, licenses and DEA registrations, joined to the visits booked past them."""

from datetime import date, timedelta
from itertools import chain
from typing import Any

import pytest
import time_machine

from referrals.services import approvals, visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.models import Agreement, Alert, AuditEvent, Delivery, Job
from vca.core.services import practices
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KINDS = {"agreement": "agreement_ending", "license": "license_ending", "dea": "dea_ending"}


@pytest.fixture
def harbor() -> World:
    one = world.practice()
    world.person(one, Role.ADMINISTRATOR)
    return one


def ending(harbor: World, what: str, last: date) -> None:
    """Let that thing end on that day."""
    if what == "agreement":
        Agreement.objects.update(valid_through=last)
    elif what == "license":
        facts = {"state": "OR", "number": "MD-1", "valid_from": date(2022, 1, 1), "valid_through": last}
        practices.record_license(clinician=harbor.clinician, facts=facts, by=harbor.by)
    else:
        facts = {"location": harbor.location, "number": "BR1234563", "valid_through": last}
        practices.record_dea(clinician=harbor.clinician, facts=facts, by=harbor.by)


def due(harbor: World, *, on: date = TODAY) -> list[tuple[str, tuple[int, ...], str]]:
    found = list(chain(*approvals.due(harbor.by, today=on).values()))
    found += approvals.due_at(harbor.location, by=harbor.by, today=on)
    return [(one.kind, one.passed, one.headline) for one in found]


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize(
    ("days_left", "passed"),
    [(181, None), (180, (180,)), (91, (180,)), (90, (180, 90)), (60, (180, 90, 60)), (-30, (180, 90, 60)), (-31, None)],
)
def test_what_ends_is_told_at_its_thresholds(
    harbor: World, what: str, days_left: int, passed: tuple[int, ...] | None
) -> None:
    ending(harbor, what, TODAY + days_left * DAY)
    assert [(kind, reached) for kind, reached, _ in due(harbor)] == ([(KINDS[what], passed)] if passed else [])


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("agreement", "Agreement A-1 with VA Portland ends on 12 Apr 2024; 1 visit is booked after it"),
        ("license", "License of Ada Render in OR ends on 12 Apr 2024; 1 visit is booked after it"),
        ("dea", "DEA registration of Ada Render for Main ends on 12 Apr 2024; 1 visit is booked after it"),
    ],
)
def test_visits_booked_past_the_end_are_counted(harbor: World, what: str, words: str) -> None:
    authorization = world.authorization(harbor)
    for days in (0, 1, 2):
        world.booked(harbor, authorization, at=NOW + days * DAY)
    ending(harbor, what, TODAY + DAY)
    assert [headline for _, _, headline in due(harbor)] == [words]


@pytest.mark.parametrize("what", KINDS)
def test_visits_booked_past_an_old_end_are_still_told(harbor: World, what: str) -> None:
    """Without a booking it would be history: the control stands in the thresholds above."""
    world.booked(harbor, world.authorization(harbor), at=NOW + 40 * DAY)
    ending(harbor, what, TODAY)
    told = due(harbor, on=TODAY + 35 * DAY)
    assert [(kind, headline.rpartition("; ")[2]) for kind, _, headline in told] == [
        (KINDS[what], "1 visit is booked after it")
    ]


@pytest.mark.parametrize("what", KINDS)
def test_what_is_renewed_is_not_told(harbor: World, what: str) -> None:
    ending(harbor, what, TODAY + 5 * DAY)
    assert len(due(harbor)) == 1
    if what == "agreement":
        facts = {"number": "A-2", "va_facility": "VA PORTLAND", "valid_from": TODAY, "valid_through": date(2027, 1, 1)}
        practices.record_agreement(facts=facts, by=harbor.by, locations=[], clinicians=[])
    else:
        ending(harbor, what, TODAY + 400 * DAY)
    assert due(harbor) == []


def test_agreement_with_another_facility_does_not_renew(harbor: World) -> None:
    ending(harbor, "agreement", TODAY + 5 * DAY)
    facts = {"number": "B-1", "va_facility": "VA Seattle", "valid_from": TODAY, "valid_through": date(2027, 1, 1)}
    practices.record_agreement(facts=facts, by=harbor.by, locations=[], clinicians=[])
    assert [kind for kind, _, _ in due(harbor)] == ["agreement_ending"]


def test_agreement_that_is_ended_early_is_told_by_its_new_last_day(harbor: World) -> None:
    Agreement.objects.update(ended_on=TODAY + 45 * DAY, ended_by="VA")
    assert [passed for _, passed, _ in due(harbor)] == [(180, 90, 60)]


def test_clinician_who_left_is_not_told_of(harbor: World) -> None:
    ending(harbor, "license", TODAY)
    ending(harbor, "dea", TODAY)
    practices.record_clinician(facts={"is_active": False}, by=harbor.by, clinician=harbor.clinician)
    assert due(harbor) == []


def test_visit_of_another_clinician_is_not_counted(harbor: World) -> None:
    other = world.add_clinician(harbor.by, world.NPIS[2], last_name="Other")
    world.cover(harbor)
    plan = world.plan(harbor, world.authorization(harbor), at=NOW + 3 * DAY)
    services: list[Any] = [visits.Planned(service_id=one.service_id, clinician_id=other.pk) for one in plan.services]
    visits.book(plan=visits.Plan(plan.authorization, plan.location, plan.starts_at, services), by=harbor.by, at=NOW)
    ending(harbor, "license", TODAY + DAY)
    assert [headline for _, _, headline in due(harbor)] == ["License of Ada Render in OR ends on 12 Apr 2024"]


def test_job_raises_once_and_closes_when_it_is_renewed(harbor: World) -> None:
    ending(harbor, "dea", TODAY + 70 * DAY)
    for day in range(3):
        with time_machine.travel(NOW + day * DAY):
            jobs.sweep(jobs.run)
    mine = Alert.objects.filter(kind="dea_ending")
    assert list(mine.values_list("state", "threshold")) == [("OPEN", 90)]
    told = Delivery.objects.filter(kind="dea_ending", channel="IN_PRODUCT")
    assert told.count() == 2  # 180, passed, and 90
    ending(harbor, "dea", TODAY + 500 * DAY)
    with time_machine.travel(NOW + 4 * DAY):
        jobs.sweep(jobs.run)
    assert list(mine.values_list("state", "closed_reason")) == [("RESOLVED", "the cause is gone")]
    assert AuditEvent.objects.filter(action="approvals.swept").count() == 4


def test_other_practice_is_told_nothing(harbor: World) -> None:
    ridge = world.practice("ridge")
    ending(harbor, "dea", TODAY)
    assert due(ridge) == []
    assert approvals.bring_up_to_date(harbor.location, by=harbor.by, at=NOW) == (1, 0)
    assert approvals.bring_up_to_date(ridge.location, by=ridge.by, at=NOW) == (0, 0)
    assert alerts.open_alerts(harbor.by).count() == 1


@pytest.mark.parametrize("what", KINDS)
def test_a_place_where_it_is_still_yesterday_closes_nothing(harbor: World, what: str) -> None:
    """At the first morning after some nights that were slept through, all places look at the same instant."""
    ending(harbor, what, TODAY + 180 * DAY)
    honolulu = practices.record_location(facts={"name": "West", "time_zone": "Pacific/Honolulu"}, by=harbor.by)
    just_today = NOW - 9 * HOUR  # one in the morning in Portland, ten in the evening of the day before in Honolulu
    changed = [approvals.bring_up_to_date(place, by=harbor.by, at=just_today) for place in (harbor.location, honolulu)]
    assert (changed, honolulu.civil_day(just_today)) == ([(1, 0), (0, 0)], TODAY - DAY)


def test_worker_that_lost_the_job_keeps_its_chunks_and_raises_nothing_more(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for what in KINDS:
        ending(harbor, what, TODAY + 30 * DAY)
    raise_alert = alerts.raise_alert

    def raise_and_be_overtaken(*args: Any, **options: Any) -> Alert | None:
        Job.objects.update(fence=99)
        return raise_alert(*args, **options)

    monkeypatch.setattr(alerts, "raise_alert", raise_and_be_overtaken)
    with time_machine.travel(NOW):
        jobs.plan_daily(NOW)
        jobs.run(Job.objects.get(kind="watch_approvals").pk)

    assert list(Alert.objects.values_list("kind", flat=True)) == ["agreement_ending"]
    assert AuditEvent.objects.filter(action="approvals.swept").count() == 0
