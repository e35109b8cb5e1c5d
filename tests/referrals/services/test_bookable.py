"""What the clinic itself refuses: sites and clinicians that no agreement covers on the day, however a visit comes."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from referrals.domain.states import Affiliation, VisitState
from referrals.models import Authorization, LedgerEntry, Visit
from referrals.services import series, visits
from referrals.services.bookable import ClinicianNotCovered, PlaceNotCovered
from referrals.services.visits import MoveNotOffered
from tests import world
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY, World
from vca.core.models import Agreement, AgreementClinician, AgreementLocation
from vca.core.services import practices
from vca.domain.errors import RuleError

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
TOMORROW = TODAY + DAY


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


def book(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    return lambda: visits.book(plan=world.plan(harbor, authorization), by=harbor.by, at=NOW)


def walk_in(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    return lambda: visits.walk_in(plan=world.plan(harbor, authorization), by=harbor.by, at=NOW)


def move(harbor: World, authorization: Authorization) -> Callable[[], Any]:
    visit = world.booked(harbor, authorization, at=NOW + DAY)
    return lambda: visits.move(visit=visit, location=harbor.location, starts_at=NOW, by=harbor.by, at=NOW)


WAYS = pytest.mark.parametrize("way", [book, walk_in, move])
Way = Callable[[World, Authorization], Callable[[], Any]]


def only(model: Any, **days: date) -> None:
    """Let the cover of the one site or clinician be of these days only."""
    model.objects.update(**days)


@WAYS
@pytest.mark.parametrize("days", [{"valid_from": TOMORROW}, {"valid_through": TODAY - DAY}])
def test_site_that_no_agreement_covers_that_day_is_refused(
    harbor: World, authorization: Authorization, way: Way, days: dict[str, date]
) -> None:
    deed = way(harbor, authorization)
    only(AgreementLocation, **days)
    before = everything()

    with pytest.raises(PlaceNotCovered, match="VISIT-20 agreement A-1 does not cover Main on 11 Apr 2024"):
        deed()

    assert everything() == before


@WAYS
@pytest.mark.parametrize("days", [{"valid_from": TOMORROW}, {"valid_through": TODAY - DAY}])
def test_clinician_whom_no_agreement_covers_that_day_is_refused(
    harbor: World, authorization: Authorization, way: Way, days: dict[str, date]
) -> None:
    deed = way(harbor, authorization)
    only(AgreementClinician, **days)
    before = everything()

    with pytest.raises(ClinicianNotCovered, match="VISIT-21 agreement A-1 does not cover Ada Render on 11 Apr 2024"):
        deed()

    assert everything() == before


@WAYS
def test_first_and_last_day_of_cover_count(harbor: World, authorization: Authorization, way: Way) -> None:
    deed = way(harbor, authorization)
    for model in (AgreementLocation, AgreementClinician):
        only(model, valid_from=TODAY, valid_through=TODAY)

    deed()

    assert Visit.objects.get().on == TODAY


def test_agreement_that_names_nobody_covers_nobody(harbor: World, authorization: Authorization) -> None:
    AgreementClinician.objects.all().delete()

    with pytest.raises(ClinicianNotCovered):
        book(harbor, authorization)()


def test_clinician_is_covered_where_the_agreement_covers_the_site(harbor: World, authorization: Authorization) -> None:
    """One agreement for the site and another for the clinician are none for the visit."""
    AgreementClinician.objects.all().delete()
    facts = {"number": "A-2", "va_facility": "VA", "valid_from": TODAY, "valid_through": TODAY}
    practices.record_agreement(facts=facts, by=harbor.by, locations=[], clinicians=[harbor.clinician])

    with pytest.raises(ClinicianNotCovered, match="agreement A-1 does not cover Ada Render"):
        book(harbor, authorization)()

    both = {"locations": [harbor.location], "clinicians": [harbor.clinician]}
    practices.record_agreement(facts={}, by=harbor.by, agreement=Agreement.objects.get(number="A-2"), **both)
    assert book(harbor, authorization)().state == VisitState.BOOKED


def test_network_visit_asks_no_agreement(harbor: World) -> None:
    network = world.authorization(harbor, affiliation=Affiliation.CCN)
    AgreementLocation.objects.all().delete()

    assert book(harbor, network)().state == VisitState.BOOKED


def test_each_visit_of_a_series_is_asked(harbor: World, authorization: Authorization) -> None:
    only(AgreementClinician, valid_through=TODAY)
    plans = [world.plan(harbor, authorization, at=NOW + days * DAY) for days in range(2)]

    conflicts = series.conflicts_of(plans, by=harbor.by, at=NOW)

    assert {place: type(refusal) for place, refusal in conflicts.items()} == {1: ClinicianNotCovered}


def test_visit_moves_with_what_it_holds(harbor: World, authorization: Authorization) -> None:
    visit = world.booked(harbor, authorization)

    visits.move(visit=visit, location=harbor.location, starts_at=NOW + DAY, by=harbor.by, at=NOW)

    entries = LedgerEntry.objects.order_by("pk").values_list("kind", "on")
    assert list(entries) == [("HOLD", TODAY), ("RELEASE", TODAY), ("HOLD", TOMORROW)]
    assert (visit.on, visit.state, world.line(authorization).visits_held) == (TOMORROW, VisitState.BOOKED, 1)


@pytest.mark.parametrize(("days", "code"), [(60, "VISIT-03"), (-60, "VISIT-03"), (2000, "VISIT-03")])
def test_refused_move_leaves_the_visit_as_it_was(
    harbor: World, authorization: Authorization, days: int, code: str
) -> None:
    visit = world.booked(harbor, authorization)
    before = everything()

    with pytest.raises(RuleError, match=code):
        visits.move(visit=visit, location=harbor.location, starts_at=NOW + days * DAY, by=harbor.by, at=NOW)

    assert everything() == before


def test_only_a_booked_visit_moves(harbor: World, authorization: Authorization) -> None:
    visit = world.booked(harbor, authorization)
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)

    with pytest.raises(MoveNotOffered, match="VISIT-05 the visit is cancelled"):
        visits.move(visit=visit, location=harbor.location, starts_at=NOW + DAY, by=harbor.by, at=NOW)
