"""What another practice has is not recorded here, and what an agreement covered before is on record."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist

from tests import world
from tests.vca.core.rows import everything
from tests.world import TODAY, World
from vca.core.models import Agreement, AuditEvent
from vca.core.services import practices

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LICENSE = {"state": "OR", "number": "1", "valid_from": TODAY, "valid_through": TODAY}
PERIOD = {"number": "A-2", "va_facility": "VA Salem", "valid_from": TODAY, "valid_through": TODAY}


@pytest.fixture
def harbor() -> World:
    return world.practice()


def covering(by: Any, **covers: Any) -> Agreement:
    return practices.record_agreement(facts=PERIOD, by=by, **({"locations": [], "clinicians": []} | covers))


def dea(clinician: World, location: World, by: Any) -> Any:
    facts = {"location": location.location, "number": "1", "valid_through": TODAY}
    return practices.record_dea(clinician=clinician.clinician, facts=facts, by=by)


# What somebody of one practice does with what is whose.
DEEDS: dict[str, Callable[[World, World], Any]] = {
    "practice": lambda by, of: practices.change(practice=of.practice, facts={"city": "Salem"}, by=by.by),
    "location": lambda by, of: practices.record_location(facts={"city": "X"}, by=by.by, location=of.location),
    "clinician": lambda by, of: practices.record_clinician(
        facts={"credentials": "X"}, by=by.by, clinician=of.clinician
    ),
    "license": lambda by, of: practices.record_license(clinician=of.clinician, facts=LICENSE, by=by.by),
    "DEA of a clinician": lambda by, of: dea(of, by, by.by),
    "DEA at a place": lambda by, of: dea(by, of, by.by),
    "agreement": lambda by, of: covering(by.by, agreement=of.practice.agreements.get()),
    "agreement for a place": lambda by, of: covering(by.by, locations=[of.location]),
    "agreement for a clinician": lambda by, of: covering(by.by, clinicians=[of.clinician]),
}


@pytest.mark.parametrize("name", DEEDS)
def test_what_is_another_practices_is_not_recorded(harbor: World, name: str) -> None:
    lake = world.practice("lake")
    before = everything()

    with pytest.raises(ObjectDoesNotExist):
        DEEDS[name](lake, harbor)

    assert everything() == before


@pytest.mark.parametrize("name", DEEDS)
def test_what_is_ones_own_is_recorded(harbor: World, name: str) -> None:
    before = everything()

    DEEDS[name](harbor, harbor)

    assert everything() != before


def test_event_says_what_an_agreement_covered_and_covers(harbor: World) -> None:
    agreement, here = harbor.practice.agreements.get(), harbor.location
    branch = practices.record_location(facts={"name": "Branch", "time_zone": "America/Denver"}, by=harbor.by)

    for locations, clinicians in (([here, branch], [harbor.clinician]), ([branch], []), ([branch], [])):
        practices.record_agreement(
            facts={}, by=harbor.by, agreement=agreement, locations=locations, clinicians=clinicians
        )

    said = AuditEvent.objects.filter(action="agreement.changed").order_by("pk").values_list("changes", flat=True)
    both = sorted([here.pk, branch.pk])
    assert list(said) == [
        {"fields": [], "locations": {"before": [here.pk], "after": both}},
        {
            "fields": [],
            "locations": {"before": both, "after": [branch.pk]},
            "clinicians": {"before": [harbor.clinician.pk], "after": []},
        },
        {"fields": []},
    ]
