"""The daily watch over the filing limit."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from billing.services import claims, filing, submissions
from referrals.domain.states import Affiliation
from referrals.models import Authorization, Referral, Visit
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import jobs
from vca.core.models import Alert
from vca.core.services import parameters
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
LAST = TODAY + 180 * DAY


@pytest.fixture
def harbor() -> World:
    one = world.practice()
    world.person(one, Role.BILLER)
    return one


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


@pytest.fixture
def visit(harbor: World, authorization: Authorization) -> Visit:
    return world.completed(harbor, authorization)


def due(harbor: World, days_left: int) -> list[tuple[tuple[int, ...], str]]:
    return [(one.passed, one.headline) for one in filing.due(harbor.by, at=NOW + (180 - days_left) * DAY)]


@pytest.mark.parametrize(
    ("days_left", "passed"),
    [
        (151, None),
        (150, (150,)),
        (91, (150,)),
        (90, (150, 90)),
        (30, (150, 90, 30)),
        (10, (150, 90, 30, 10)),
        (0, (150, 90, 30, 10)),
        (-30, (150, 90, 30, 10)),
        (-31, None),
    ],
)
def test_unbilled_visit_is_told_at_its_thresholds(
    harbor: World, visit: Visit, days_left: int, passed: tuple[int, ...] | None
) -> None:
    assert [reached for reached, _ in due(harbor, days_left)] == ([passed] if passed else [])


def test_headline_says_the_day_and_what_is_missing(harbor: World, authorization: Authorization, visit: Visit) -> None:
    number = authorization.referral.number
    said = f"{number}: visit of 11 Apr 2024 must be filed by 8 Oct 2024; "
    assert due(harbor, 20)[0][1] == f"{said}no claim yet"
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    assert due(harbor, 20)[0][1] == f"{said}claim {claim.control_number} is not sent"
    assert " had to be filed by 8 Oct 2024; " in due(harbor, -1)[0][1]


def test_sent_claim_ends_the_watch_and_a_closed_one_does_not(harbor: World, visit: Visit) -> None:
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.close(claim=claim, reason="entered twice", by=harbor.by, at=NOW)
    assert len(due(harbor, 20)) == 1
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    assert len(due(harbor, 20)) == 1
    with time_machine.travel(NOW):
        submissions.ask(by=harbor.by)
        jobs.sweep(jobs.run)
    assert due(harbor, 20) == []


def test_limit_is_that_of_the_day_of_service(harbor: World, visit: Visit) -> None:
    """The bill that would make it a year changes nothing for visits before it."""
    facts = {"name": "filing-limit-days", "value": "365", "source": "a later law", "verified_on": None}
    parameters.set_value(valid_from=TODAY + DAY, by=harbor.by, **facts)
    assert len(due(harbor, 150)) == 1
    parameters.set_value(valid_from=TODAY, by=harbor.by, **facts)
    assert due(harbor, 150) == []


@pytest.mark.parametrize(
    ("affiliation", "told"), [(Affiliation.VCA, 1), (Affiliation.OTHER_VA, 1), (Affiliation.CCN, 0)]
)
def test_only_what_va_is_billed_for_is_watched(
    harbor: World, visit: Visit, affiliation: Affiliation, told: int
) -> None:
    Referral.objects.update(affiliation=affiliation)
    assert len(due(harbor, 20)) == told


def test_day_is_that_of_the_place(visit: Visit, harbor: World) -> None:
    """At one in the morning in Greenwich it is still the day before in Portland."""
    moment = datetime.combine(LAST - 10 * DAY, datetime.min.time(), UTC) + timedelta(hours=1)
    assert [one.passed[-1] for one in filing.due(harbor.by, at=moment)] == [30]
    assert [one.passed[-1] for one in filing.due(harbor.by, at=moment + timedelta(hours=8))] == [10]


def test_job_raises_once_and_closes_when_it_is_billed(harbor: World, visit: Visit) -> None:
    for days in (40, 41, 95):
        with time_machine.travel(NOW + days * DAY):
            jobs.sweep(jobs.run)
    mine = Alert.objects.filter(kind="filing_limit")
    assert list(mine.values_list("state", "threshold", "due_on")) == [("OPEN", 90, date(2024, 10, 8))]
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    with time_machine.travel(NOW + 96 * DAY):
        submissions.ask(by=harbor.by)
    for days in (96, 97):
        with time_machine.travel(NOW + days * DAY):
            jobs.sweep(jobs.run)
    assert list(mine.values_list("state", flat=True)) == ["RESOLVED"]
