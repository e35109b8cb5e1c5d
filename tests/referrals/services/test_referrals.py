"""Referrals: what they need before they are active, and which act leads from which state."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from referrals.domain.notice import StatedLine
from referrals.domain.states import REFERRAL_MOVES, Affiliation, LimitKind, ReferralState
from referrals.models import Referral, SeocLine, Veteran
from referrals.services import referrals
from referrals.services.referrals import MoveNotOffered, NotReady, Result
from tests import world
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core.models import Task

pytestmark = [pytest.mark.django_db, pytest.mark.both]

ICN = "1012999999V654321"
ACTS = ("confirm", "reject", "reopen", "suspend", "resume", "cancel", "complete")


@pytest.fixture
def harbor() -> World:
    return world.practice()


def act_on(harbor: World, referral: Referral, act: str) -> None:
    words = {} if act == "confirm" else {"reason": "test"}
    getattr(referrals, act)(referral=referral, by=harbor.by, at=NOW, **words)


def in_state(harbor: World, state: ReferralState) -> Referral:
    """Return a referral that lacks nothing, put into a state."""
    referral = world.authorization(harbor).referral
    Referral.objects.update(state=state)
    referral.refresh_from_db()
    return referral


def moves(*, offered: bool) -> Iterator[tuple[ReferralState, str]]:
    pairs = ((state, act) for state in ReferralState for act in ACTS)
    return ((state, act) for state, act in pairs if (REFERRAL_MOVES.target(act, state) is not None) is offered)


def details(harbor: World, referral: Referral, **facts: Any) -> None:
    referrals.change_details(referral=referral, facts={"network": "", **facts}, home=harbor.location, by=harbor.by)


@pytest.mark.parametrize(("state", "act"), [*moves(offered=True)])
def test_act_leads_to_its_state(harbor: World, state: ReferralState, act: str) -> None:
    referral = in_state(harbor, state)

    act_on(harbor, referral, act)

    assert referral.state == REFERRAL_MOVES.target(act, state)


@pytest.mark.parametrize(("state", "act"), [*moves(offered=False)])
def test_act_out_of_turn_is_refused_and_changes_nothing(harbor: World, state: ReferralState, act: str) -> None:
    referral = in_state(harbor, state)
    before = everything()

    with pytest.raises(MoveNotOffered, match="REFERRAL-06 the referral is"):
        act_on(harbor, referral, act)

    assert everything() == before


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"affiliation": Affiliation.UNKNOWN}, "REFERRAL-05"),
        ({"lines": ()}, "REFERRAL-02"),
        ({"lines": (StatedLine("Infusion", LimitKind.UNKNOWN),)}, "REFERRAL-02"),
        ({"referral_date": None}, "REFERRAL-03"),
        ({"expiration_date": None}, "REFERRAL-03"),
        ({"va_status": "I"}, "REFERRAL-04"),
        ({"first_name": ""}, "REFERRAL-10"),
        ({}, "REFERRAL-12"),
    ],
)
def test_referral_that_lacks_something_is_not_confirmed(harbor: World, stated: dict[str, Any], code: str) -> None:
    referral = world.receive(harbor, **stated).referral
    if stated:
        details(harbor, referral)
    before = everything()

    with pytest.raises(NotReady) as refusal:
        act_on(harbor, referral, "confirm")

    assert (refusal.value.code, len(refusal.value.reasons), everything()) == (code, 1, before)


def test_refusal_names_everything_that_is_missing(harbor: World) -> None:
    referral = world.receive(harbor, lines=(), expiration_date=None, va_status="I").referral

    with pytest.raises(NotReady) as refusal:
        act_on(harbor, referral, "confirm")

    assert [reason.name for reason in refusal.value.reasons] == ["LIMITS", "EXPIRATION", "STATUS", "LOCATION"]


def test_active_referral_keeps_what_made_it_active(harbor: World) -> None:
    referral = world.authorization(harbor).referral
    before = everything()

    with pytest.raises(NotReady, match="affiliation not entered"):
        details(harbor, referral, affiliation=Affiliation.UNKNOWN)

    assert everything() == before


def test_what_va_changed_is_taken_over_before_its_notice_is_settled(harbor: World) -> None:
    referral = world.authorization(harbor).referral
    world.receive(harbor, number=referral.number, station="999")

    details(harbor, referral, station="999")

    assert referral.station == "999"


def test_status_is_what_va_said_last_and_keeps_when_it_was_read(harbor: World) -> None:
    referral = world.receive(harbor).referral
    first = (referral.va_status, referral.va_status_read_at)

    world.receive(harbor, number=referral.number, va_status="ZZ")

    referral.refresh_from_db()
    assert (first, referral.va_status, referral.va_status_read_at) == (("AP", NOW), "ZZ", NOW)


def test_unknown_status_waits_until_somebody_has_asked_va(harbor: World) -> None:
    referral = world.receive(harbor, va_status="ZZ").referral
    details(harbor, referral)
    with pytest.raises(NotReady, match="REFERRAL-04"):
        act_on(harbor, referral, "confirm")

    details(harbor, referral, va_status_meaning="Active, says VA Portland")
    act_on(harbor, referral, "confirm")

    assert referral.state == "ACCEPTED"


def test_what_a_status_meant_says_nothing_about_the_next(harbor: World) -> None:
    referral = world.receive(harbor, va_status="ZZ").referral
    details(harbor, referral, va_status_meaning="Active, says VA Portland")

    world.receive(harbor, number=referral.number, va_status="YY")

    referral.refresh_from_db()
    assert (referral.va_status, referral.va_status_meaning) == ("YY", "")


def test_settled_notice_closes_its_task_and_lets_the_referral_be_confirmed(harbor: World) -> None:
    referral = world.receive(harbor).referral
    details(harbor, referral)
    for status in ("A", "D"):
        world.receive(harbor, number=referral.number, va_status=status)

    for notice in referral.notices.filter(pending=True):
        referrals.settle_notice(notice=notice, by=harbor.by, at=NOW)

    act_on(harbor, referral, "confirm")
    assert list(Task.objects.filter(closed_at=None)) == []


@pytest.mark.parametrize("again", [1, 2])
def test_same_notice_again_is_unchanged(harbor: World, again: int) -> None:
    said = world.notice()
    received = [world.Received(said, {}, derived_expiration=False)] * (again + 1)

    outcomes = [
        referrals.receive(one, source=world.FactSource.REFERRAL, by=harbor.by, at=NOW).result for one in received
    ]

    assert outcomes == [Result.CREATED, *[Result.UNCHANGED] * again]


def taking_in(harbor: World, **stated: Any) -> Callable[[], Any]:
    """Return what takes in one notice, always the same."""
    received = world.Received(world.notice(**stated), {}, derived_expiration=False)
    return partial(referrals.receive, received, source=world.FactSource.REFERRAL, by=harbor.by, at=NOW)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_same_referral_through_two_doors_at_once_is_one(harbor: World) -> None:
    found = at_once(*[taking_in(harbor)] * 4)

    assert sorted(str(one.result) for one in found) == ["created", *["unchanged"] * 3]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_referrals_of_a_new_veteran_at_once_are_of_one_veteran(harbor: World) -> None:
    person = {"icn": ICN, "last_name": "Sample", "first_name": "Alex"}

    found = at_once(*[taking_in(harbor, **person) for _ in range(4)])

    assert (sorted(str(one.result) for one in found), Veteran.objects.count()) == (["created"] * 4, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_referrals_of_one_seoc_version_confirmed_at_once_pin_it_once(harbor: World) -> None:
    both = [world.receive(harbor, seoc="MH_SAMPLE_1.0.1").referral for _ in range(2)]
    for referral in both:
        details(harbor, referral)

    found = at_once(*[partial(act_on, harbor, referral, "confirm") for referral in both])

    assert (found, SeocLine.objects.count()) == ([None, None], 1)
