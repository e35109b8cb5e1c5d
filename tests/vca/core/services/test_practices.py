"""The practice: agreements in force by day, and what they cover from when to when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests import world
from tests.world import World
from vca.core.models import Agreement, AgreementClinician, AuditEvent, EndedBy, Practice, ServiceLocation
from vca.core.services import practices

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
FIRST, LAST, MARCH, JUNE = date(2023, 1, 1), date(2027, 12, 31), date(2024, 3, 1), date(2024, 6, 1)


@pytest.fixture
def harbor() -> World:
    return world.practice()


def covering(harbor: World, *clinicians: Any, since: date | None = None, **facts: Any) -> Agreement:
    """Let the practice's agreement cover these clinicians."""
    agreement = Agreement.objects.get()
    return practices.record_agreement(
        facts=facts,
        by=harbor.by,
        locations=[harbor.location],
        clinicians=list(clinicians),
        agreement=agreement,
        cover_from=since,
    )


def cover(clinician: Any) -> list[tuple[date, date | None]]:
    rows = AgreementClinician.objects.filter(clinician=clinician).order_by("valid_from")
    return list(rows.values_list("valid_from", "valid_through"))


@pytest.mark.parametrize(
    ("facts", "on", "in_force"),
    [
        ({}, FIRST - DAY, False),
        ({}, FIRST, True),
        ({}, LAST, True),
        ({}, LAST + DAY, False),
        ({"ended_on": MARCH, "ended_by": EndedBy.VA}, MARCH, True),
        ({"ended_on": MARCH, "ended_by": EndedBy.VA}, MARCH + DAY, False),
    ],
)
def test_agreement_is_in_force_through_its_last_day(
    harbor: World, facts: dict[str, Any], on: date, in_force: bool
) -> None:
    covering(harbor, harbor.clinician, **facts)

    assert practices.agreements_in_force(harbor.by, on=on).exists() is in_force


def test_agreement_of_another_practice_is_not_in_force(harbor: World) -> None:
    lake = practices.create(code="lake", name="Lake", test_data=True)

    assert list(practices.agreements_in_force(practices.access.acting_for(lake, what="test"), on=MARCH)) == []


def test_clinician_is_covered_from_the_first_day(harbor: World) -> None:
    assert cover(harbor.clinician) == [(FIRST, None)]


def test_clinician_added_later_is_covered_from_that_day(harbor: World) -> None:
    other = world.add_clinician(harbor.by, world.NPIS[2], last_name="Other")

    covering(harbor, harbor.clinician, other, since=MARCH)

    assert (cover(harbor.clinician), cover(other)) == ([(FIRST, None)], [(MARCH, None)])


def test_clinician_taken_away_stays_covered_through_the_day_before(harbor: World) -> None:
    covering(harbor, since=MARCH)

    assert cover(harbor.clinician) == [(FIRST, MARCH - DAY)]


def test_clinician_who_comes_back_is_covered_again(harbor: World) -> None:
    covering(harbor, since=MARCH)

    covering(harbor, harbor.clinician, since=JUNE)

    assert cover(harbor.clinician) == [(FIRST, MARCH - DAY), (JUNE, None)]


def test_clinician_who_comes_back_on_the_first_day_was_never_away(harbor: World) -> None:
    covering(harbor, since=MARCH)

    covering(harbor, harbor.clinician)

    assert cover(harbor.clinician) == [(FIRST, None)]


def test_cover_that_never_began_leaves_nothing(harbor: World) -> None:
    other = world.add_clinician(harbor.by, world.NPIS[2], last_name="Other")
    covering(harbor, harbor.clinician, other, since=MARCH)

    covering(harbor, harbor.clinician, since=MARCH)

    assert cover(other) == []


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Guam", date(2024, 4, 12)), ("America/Los_Angeles", date(2024, 4, 11)), ("", None)]
)
def test_civil_day_of_the_practice_is_that_of_its_first_active_place(zone: str, day: date | None) -> None:
    practice = practices.create(code="harbor", name="Harbor", test_data=True)
    by = practices.access.acting_for(practice, what="test")
    closed = {"name": "Closed", "time_zone": "Pacific/Pago_Pago", "is_active": False}
    practices.record_location(facts=closed, by=by)
    if zone:
        practices.record_location(facts={"name": "Main", "time_zone": zone}, by=by)
    at = datetime(2024, 4, 11, 20, tzinfo=UTC)

    assert practices.civil_day(by, at=at) == (day or at.date())


def test_location_is_changed_in_place(harbor: World) -> None:
    practices.record_location(facts={"city": "Salem"}, by=harbor.by, location=harbor.location)

    assert list(ServiceLocation.objects.values_list("name", "city")) == [("Main", "Salem")]


def test_two_people_who_change_different_fields_keep_both(harbor: World) -> None:
    mine, theirs = (Practice.objects.get(pk=harbor.practice.pk) for _ in range(2))
    shown = {"city": mine.city, "street": mine.street}

    practices.change(practice=mine, facts=shown | {"city": "Salem"}, by=harbor.by)
    practices.change(practice=theirs, facts={"street": "9 Elm St"}, by=harbor.by)

    kept = Practice.objects.get(pk=harbor.practice.pk)
    events = AuditEvent.objects.filter(action="practice.changed").order_by("pk")
    assert (kept.city, kept.street) == ("Salem", "9 Elm St")
    assert [event.changes for event in events][-2:] == [{"fields": ["city"]}, {"fields": ["street"]}]


def test_form_that_changed_nothing_writes_nothing(harbor: World) -> None:
    practices.change(practice=harbor.practice, facts={"city": harbor.practice.city}, by=harbor.by)

    assert AuditEvent.objects.filter(action="practice.changed").latest("pk").changes == {"fields": []}
