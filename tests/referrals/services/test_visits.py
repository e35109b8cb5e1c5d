"""Visits: which act leads from which state, and what refuses a visit before it counts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from referrals.domain.states import VISIT_MOVES, Affiliation, ReferralState, VisitState
from referrals.models import Authorization, LedgerEntry, Referral, Visit
from referrals.services import visits
from referrals.services.bookable import NoAgreement
from referrals.services.visits import (
    ClinicianNotApproved,
    ForeignLine,
    MoveNotOffered,
    NothingToCount,
    Plan,
    ReferralNotActive,
    TooEarly,
)
from tests import world
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY, World
from vca.core.access import Actor, NotPermitted
from vca.core.models import Agreement, Clinician
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
Act = Callable[[World, Visit], None]


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


ACTS: dict[str, Act] = {
    "check_in": lambda harbor, visit: visits.check_in(visit=visit, by=harbor.by, at=NOW),
    "complete": lambda harbor, visit: visits.complete(visit=visit, by=harbor.by, at=NOW),
    "cancel": lambda harbor, visit: visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW),
    "no_show": lambda harbor, visit: visits.no_show(visit=visit, reason="", by=harbor.by, at=NOW),
    "void": lambda harbor, visit: visits.void(visit=visit, reason="", by=harbor.by, at=NOW),
    "undo": lambda harbor, visit: visits.undo(visit=visit, by=harbor.by, at=NOW),
}
# How a visit comes into a state.
WAYS: dict[VisitState, tuple[str, ...]] = {
    VisitState.BOOKED: (),
    VisitState.ARRIVED: ("check_in",),
    VisitState.COMPLETED: ("check_in", "complete"),
    VisitState.NO_SHOW: ("no_show",),
    VisitState.CANCELLED: ("cancel",),
    VisitState.VOIDED: ("check_in", "void"),
}
UNDONE = {
    VisitState.ARRIVED: VisitState.BOOKED,
    VisitState.COMPLETED: VisitState.ARRIVED,
    VisitState.CANCELLED: VisitState.BOOKED,
    VisitState.NO_SHOW: VisitState.BOOKED,
}


def target(act: str, state: VisitState) -> VisitState | None:
    return UNDONE.get(state) if act == "undo" else VISIT_MOVES.target(act, state)


def moves(*, offered: bool) -> Iterator[tuple[VisitState, str]]:
    pairs = ((state, act) for state in WAYS for act in ACTS)
    return ((state, act) for state, act in pairs if (target(act, state) is not None) is offered)


def in_state(harbor: World, authorization: Authorization, state: VisitState) -> Visit:
    visit = world.booked(harbor, authorization)
    for act in WAYS[state]:
        ACTS[act](harbor, visit)
    return visit


@pytest.mark.parametrize(("state", "act"), [*moves(offered=True)])
def test_act_leads_to_its_state(harbor: World, authorization: Authorization, state: VisitState, act: str) -> None:
    visit = in_state(harbor, authorization, state)

    ACTS[act](harbor, visit)

    assert visit.state == target(act, state)


@pytest.mark.parametrize(("state", "act"), [*moves(offered=False)])
def test_act_out_of_turn_is_refused_and_changes_nothing(
    harbor: World, authorization: Authorization, state: VisitState, act: str
) -> None:
    visit = in_state(harbor, authorization, state)
    before = everything()

    with pytest.raises(MoveNotOffered, match="VISIT-05"):
        ACTS[act](harbor, visit)

    assert everything() == before


@pytest.mark.parametrize(
    ("state", "role"),
    [
        (VisitState.ARRIVED, Role.BILLER),
        (VisitState.COMPLETED, Role.NURSE),
        (VisitState.NO_SHOW, Role.BILLER),
    ],
)
def test_act_is_undone_by_somebody_who_may_do_it(
    harbor: World, authorization: Authorization, state: VisitState, role: Role
) -> None:
    visit = in_state(harbor, authorization, state)
    by = Actor(harbor.practice.pk, None, "test", frozenset({role}))

    with pytest.raises(NotPermitted):
        visits.undo(visit=visit, by=by, at=NOW)

    visit.refresh_from_db()
    assert visit.state == state


@pytest.mark.parametrize("state", [state for state in ReferralState if state != ReferralState.ACCEPTED])
def test_visit_needs_an_active_referral(harbor: World, authorization: Authorization, state: ReferralState) -> None:
    Referral.objects.update(state=state)

    with pytest.raises(ReferralNotActive, match="VISIT-01"):
        world.booked(harbor, authorization)

    assert (Visit.objects.count(), LedgerEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("act", ["check_in", "undo"])
def test_cover_is_judged_again_when_a_visit_begins_to_count(
    harbor: World, authorization: Authorization, act: str
) -> None:
    visit = in_state(harbor, authorization, VisitState.BOOKED if act == "check_in" else VisitState.CANCELLED)
    Referral.objects.update(state=ReferralState.SUSPENDED)

    with pytest.raises(ReferralNotActive):
        ACTS[act](harbor, visit)


@pytest.mark.parametrize(
    ("affiliation", "refused"), [(Affiliation.VCA, True), (Affiliation.OTHER_VA, False), (Affiliation.CCN, False)]
)
def test_visit_under_an_agreement_needs_one_in_force(harbor: World, affiliation: Affiliation, refused: bool) -> None:
    authorization = world.authorization(harbor, affiliation=affiliation)
    Agreement.objects.update(valid_through=TODAY - DAY)

    if refused:
        with pytest.raises(NoAgreement, match="VISIT-06 no agreement with VA is in force on 11 Apr 2024"):
            world.booked(harbor, authorization)
    else:
        assert world.booked(harbor, authorization).state == "BOOKED"


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        ({"approved_on": None}, True),
        ({"approved_on": TODAY}, False),
        ({"approved_on": TODAY + DAY}, True),
        ({"approval_ended_on": TODAY}, False),
        ({"approval_ended_on": TODAY - DAY}, True),
        ({"is_active": False}, True),
    ],
)
def test_clinician_is_approved_on_the_day(
    harbor: World, authorization: Authorization, facts: dict[str, Any], refused: bool
) -> None:
    Clinician.objects.update(**facts)

    if refused:
        with pytest.raises(ClinicianNotApproved, match="VISIT-10"):
            world.booked(harbor, authorization)
    else:
        assert world.booked(harbor, authorization).state == "BOOKED"


def planned(harbor: World, authorization: Authorization, **changes: Any) -> Plan:
    plan = world.plan(harbor, authorization)
    return replace(plan, services=[replace(plan.services[0], **changes)])


def test_clinician_of_another_practice_does_not_treat_here(harbor: World, authorization: Authorization) -> None:
    stranger = world.practice("lake").clinician

    with pytest.raises(ClinicianNotApproved):
        visits.book(plan=planned(harbor, authorization, clinician_id=stranger.pk), by=harbor.by, at=NOW)


def test_visit_counts_on_lines_of_its_own_authorization(harbor: World, authorization: Authorization) -> None:
    other = world.line(world.authorization(harbor))

    with pytest.raises(ForeignLine, match="VISIT-08"):
        visits.book(plan=planned(harbor, authorization, service_id=other.pk), by=harbor.by, at=NOW)


def test_visit_counts_on_a_line(harbor: World, authorization: Authorization) -> None:
    with pytest.raises(NothingToCount, match="VISIT-09"):
        visits.book(plan=replace(world.plan(harbor, authorization), services=[]), by=harbor.by, at=NOW)


@pytest.mark.parametrize("act", ["check_in", "no_show"])
def test_nothing_happens_to_a_visit_before_its_day(harbor: World, authorization: Authorization, act: str) -> None:
    visit = world.booked(harbor, authorization, at=NOW + DAY)

    with pytest.raises(TooEarly, match="VISIT-11 the visit is on 12 Apr 2024"):
        ACTS[act](harbor, visit)


def test_nobody_walks_in_tomorrow(harbor: World, authorization: Authorization) -> None:
    plan = world.plan(harbor, authorization, at=NOW + DAY)

    with pytest.raises(TooEarly):
        visits.walk_in(plan=plan, by=harbor.by, at=NOW)


def test_day_of_a_visit_is_that_of_its_place(harbor: World, authorization: Authorization) -> None:
    eleven_in_the_evening = NOW.replace(day=12, hour=6)

    visit = world.booked(harbor, authorization, at=eleven_in_the_evening)

    assert (visit.on, visit.starts_at) == (date(2024, 4, 11), eleven_in_the_evening)
