"""Closed days and absences: what refuses a visit then, and what does not."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine

from referrals import queries
from referrals.models import Authorization, Visit
from referrals.services import bookable, closures, pencils, series, visits
from referrals.services.visits import Plan
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.models import AuditEvent, ServiceLocation
from vca.core.services import practices
from vca.domain.errors import RuleError

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
FIRST, LAST = date(2024, 4, 16), date(2024, 4, 18)


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


def shut(harbor: World, *, first: date = FIRST, last: date = LAST, place: ServiceLocation | None = None) -> Any:
    return closures.close(location=place, first=first, last=last, reason="Training", by=harbor.by)


def off(harbor: World, *, first: date = FIRST, last: date = LAST) -> Any:
    return closures.away(clinician=harbor.clinician, first=first, last=last, by=harbor.by)


def plan(harbor: World, authorization: Authorization, on: date) -> Plan:
    return world.plan(harbor, authorization, at=NOW + (on - TODAY))


def refused(deed: Callable[[], Any]) -> str:
    """Return the code of the rule that refuses, or nothing."""
    try:
        deed()
    except RuleError as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(("enter", "code"), [(shut, "VISIT-22"), (off, "VISIT-24")])
@pytest.mark.parametrize(
    ("on", "is_refused"), [(FIRST - DAY, False), (FIRST, True), (FIRST + DAY, True), (LAST, True), (LAST + DAY, False)]
)
def test_days_are_closed_from_the_first_through_the_last(
    harbor: World, authorization: Authorization, enter: Any, code: str, on: date, is_refused: bool
) -> None:
    enter(harbor)

    said = refused(lambda: visits.book(plan=plan(harbor, authorization, on), by=harbor.by, at=NOW))

    assert (said, Visit.objects.exists()) == ((code, False) if is_refused else ("", True))


def moving(harbor: World, authorization: Authorization) -> Any:
    visit = world.booked(harbor, authorization)
    return visits.move(visit=visit, location=harbor.location, starts_at=NOW + (FIRST - TODAY), by=harbor.by, at=NOW)


def walking_in(harbor: World, authorization: Authorization) -> Any:
    at = NOW + (FIRST - TODAY)
    return visits.walk_in(plan=plan(harbor, authorization, FIRST), by=harbor.by, at=at)


def penciling(harbor: World, authorization: Authorization) -> Any:
    return pencils.arrange(plan=plan(harbor, authorization, FIRST), by=harbor.by, at=NOW)


def undoing_a_cancellation(harbor: World, authorization: Authorization) -> Any:
    with patch.object(bookable, "refuse_closed"), patch.object(bookable, "refuse_away"):
        visit = world.booked(harbor, authorization, at=NOW + (FIRST - TODAY))
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)
    return visits.undo(visit=visit, by=harbor.by, at=NOW)


DEEDS = [moving, walking_in, penciling, undoing_a_cancellation]


@pytest.mark.parametrize(("enter", "code"), [(shut, "VISIT-22"), (off, "VISIT-24")])
@pytest.mark.parametrize("deed", DEEDS)
def test_whatever_puts_a_visit_there_is_refused(
    harbor: World, authorization: Authorization, deed: Any, enter: Any, code: str
) -> None:
    enter(harbor)

    assert refused(lambda: deed(harbor, authorization)) == code


@pytest.mark.parametrize("deed", DEEDS)
def test_without_the_guard_nothing_is_refused(harbor: World, authorization: Authorization, deed: Any) -> None:
    shut(harbor)
    off(harbor)

    with patch.object(bookable, "refuse_closed"), patch.object(bookable, "refuse_away"):
        assert refused(lambda: deed(harbor, authorization)) == ""


def test_visit_that_was_booked_before_may_still_be_given(harbor: World, authorization: Authorization) -> None:
    visit = world.booked(harbor, authorization)
    for enter in (shut, off):
        enter(harbor, first=TODAY, last=TODAY)

    visits.check_in(visit=visit, by=harbor.by, at=NOW)

    assert visit.state == "ARRIVED"


def test_series_names_the_visit_on_a_closed_day(harbor: World, authorization: Authorization) -> None:
    shut(harbor)
    plans = [plan(harbor, authorization, on) for on in (FIRST - DAY, FIRST, LAST + DAY)]

    found = series.conflicts_of(plans, by=harbor.by, at=NOW)

    assert {place: refusal.code for place, refusal in found.items()} == {1: "VISIT-22"}


def test_one_place_is_closed_and_the_others_are_not(harbor: World, authorization: Authorization) -> None:
    other = practices.record_location(
        facts={"name": "Other", "time_zone": "America/Los_Angeles", "state": "OR"}, by=harbor.by
    )
    world.cover(harbor)
    shut(harbor, place=other)
    here = plan(harbor, authorization, FIRST)
    there = Plan(authorization, other, here.starts_at, here.services)

    said = [refused(lambda one=one: visits.book(plan=one, by=harbor.by, at=NOW)) for one in (here, there)]

    assert said == ["", "VISIT-22"]


def test_refusal_says_where_when_and_why_but_not_why_somebody_is_away(
    harbor: World, authorization: Authorization
) -> None:
    closed = shut(harbor)
    with pytest.raises(bookable.Closed, match="the practice is closed on 16 Apr 2024: Training"):
        visits.book(plan=plan(harbor, authorization, FIRST), by=harbor.by, at=NOW)
    closures.reopen(closed=closed, by=harbor.by)
    off(harbor)
    with pytest.raises(bookable.ClinicianAway, match=r"Ada Render is away on 16 Apr 2024$"):
        visits.book(plan=plan(harbor, authorization, FIRST), by=harbor.by, at=NOW)


def test_what_is_taken_out_refuses_nothing_and_leaves_events(harbor: World, authorization: Authorization) -> None:
    closures.reopen(closed=shut(harbor), by=harbor.by)
    closures.back(absence=off(harbor), by=harbor.by)

    visits.book(plan=plan(harbor, authorization, FIRST), by=harbor.by, at=NOW)

    about = AuditEvent.objects.filter(action__regex="^(closed_days|absence)").order_by("pk")
    words = ["closed_days.entered", "closed_days.taken_out", "absence.entered", "absence.taken_out"]
    assert list(about.values_list("action", flat=True)) == words


def test_visits_that_are_touched_are_those_planned_then(harbor: World, authorization: Authorization) -> None:
    colleague = world.add_clinician(harbor.by, world.NPIS[2], last_name="Other")
    world.cover(harbor)
    mine = world.booked(harbor, authorization, at=NOW + (FIRST - TODAY), lines=(1, 1))
    world.booked(harbor, authorization, at=NOW + (LAST + DAY - TODAY))
    cancelled = world.booked(harbor, authorization, at=NOW + (LAST - TODAY))
    visits.cancel(visit=cancelled, reason="", by=harbor.by, at=NOW)
    wanted = plan(harbor, authorization, LAST)
    services = [visits.Planned(one.service_id, colleague.pk) for one in wanted.services]
    theirs = visits.book(plan=Plan(authorization, harbor.location, wanted.starts_at, services), by=harbor.by, at=NOW)

    touched = [queries.planned_on_closed(shut(harbor)), queries.planned_in_absence(off(harbor))]

    assert [list(rows) for rows in touched] == [[mine, theirs], [mine]]


def test_federal_holiday_refuses_nothing(harbor: World) -> None:
    authorization = world.authorization(harbor, expiration_date=date(2024, 6, 30))
    memorial_day = date(2024, 5, 27)

    visit = visits.book(plan=plan(harbor, authorization, memorial_day), by=harbor.by, at=NOW)

    assert (visit.state, visit.holiday) == ("BOOKED", "Memorial Day")
