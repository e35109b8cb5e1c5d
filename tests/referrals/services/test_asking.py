"""When VA must be asked for more: told before it is too late, once for the same limits, gone when VA has given more."""

from datetime import date, timedelta

import pytest

from referrals.domain.states import LimitKind
from referrals.models import Authorization
from referrals.services import amendments, asking, referrals, visits, watch
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts
from vca.core.models import Alert, Delivery
from vca.core.services import parameters
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LAST = date(2024, 5, 27)
ASK_BY = LAST - 28 * DAY  # 21 days of VA's turnaround and a margin of 7


@pytest.fixture
def harbor() -> World:
    harbor = world.practice()
    world.person(harbor, Role.BILLER)
    return harbor


def swept(harbor: World, on: date) -> tuple[int, int]:
    """Look as the job does; return how many alerts were raised and closed."""
    at = NOW + (on - TODAY)
    rows = watch.watched(harbor.location, by=harbor.by, today=on)
    due = asking.due(rows, today=on, by=harbor.by)
    raised = alerts.raise_each(due, by=harbor.by, at=at)
    return raised, asking.close_gone(due, location=harbor.location, by=harbor.by, at=at)


def weekly(harbor: World) -> Authorization:
    """Six visits through 27 May: one given a week ago, one today, one booked in a week; the last would be on 9 May."""
    made = world.authorization(harbor, visits=6)
    for at in (NOW - WEEK, NOW):
        world.completed(harbor, made, at=at)
    world.booked(harbor, made, at=NOW + WEEK)
    return made


@pytest.mark.parametrize(("days", "threshold"), [(8, None), (7, 7), (1, 7), (0, 0), (-1, 0), (-28, 0), (-29, None)])
def test_e05_last_day_is_warned_of_before_va_must_be_asked(harbor: World, days: int, threshold: int | None) -> None:
    world.authorization(harbor)

    swept(harbor, ASK_BY - days * DAY)

    found = list(Alert.objects.values_list("kind", "threshold", "due_on", "rule_code"))
    assert found == ([] if threshold is None else [("request_due", threshold, ASK_BY, "AUTH-04")])


@pytest.mark.parametrize(("days", "raised"), [(8, 0), (7, 1)])
def test_pace_is_warned_of_before_the_last_day_is(harbor: World, days: int, raised: int) -> None:
    """Visits run out on 9 May, so VA must be asked by 11 April, long before the authorization ends."""
    weekly(harbor)

    assert swept(harbor, TODAY)[0] == 1
    assert Alert.objects.get().headline.endswith("by 11 Apr 2024: visits run out at the present pace on 9 May 2024")


def test_same_limits_are_told_once_whatever_the_pace(harbor: World) -> None:
    authorization = weekly(harbor)
    first = swept(harbor, TODAY)
    world.booked(harbor, authorization, at=NOW + 2 * DAY)

    again = [swept(harbor, TODAY + days * DAY) for days in (0, 1, 2)]

    assert (first, again, Delivery.objects.count()) == ((1, 0), [(0, 0)] * 3, 2)
    assert Alert.objects.get().due_on < date(2024, 4, 11)


def test_alert_goes_when_va_gives_more_and_comes_again_for_the_new_limits(harbor: World) -> None:
    authorization = world.authorization(harbor)
    swept(harbor, ASK_BY)

    amendments.amend(
        authorization=authorization, terms=Terms(TODAY, LAST + 60 * DAY), reason="VA", by=harbor.by, at=NOW
    )
    gone = swept(harbor, ASK_BY + DAY)
    again = swept(harbor, ASK_BY + 60 * DAY)

    assert (gone, again) == ((0, 1), (1, 0))


def test_cut_below_the_pace_is_told_anew(harbor: World) -> None:
    authorization = weekly(harbor)
    swept(harbor, TODAY)
    limit = Limit("Ketamine infusion", LimitKind.COUNTED, 4)
    amendments.set_limit(service=world.line(authorization), limit=limit, reason="VA", by=harbor.by, at=NOW)

    swept(harbor, TODAY)

    assert Delivery.objects.values_list("basis").distinct().count() == 2


def test_nobody_is_asked_for_a_referral_that_has_ended(harbor: World) -> None:
    authorization = world.authorization(harbor)
    swept(harbor, ASK_BY)
    referrals.complete(referral=authorization.referral, reason="done", by=harbor.by, at=NOW)

    assert swept(harbor, ASK_BY) == (0, 1)


def test_day_follows_the_turnaround_of_the_practice(harbor: World) -> None:
    world.authorization(harbor)
    said = {"source": "our own letters", "verified_on": None}
    parameters.set_value(name="va-turnaround-days", value="30", valid_from=TODAY, by=harbor.by, **said)

    assert (swept(harbor, ASK_BY - 18 * DAY), swept(harbor, ASK_BY - 17 * DAY)) == ((0, 0), (1, 0))


def test_care_that_sends_no_request_is_not_told(harbor: World) -> None:
    world.person(harbor, Role.NURSE)
    world.authorization(harbor)

    swept(harbor, ASK_BY)

    assert set(Delivery.objects.values_list("recipient__role", flat=True)) == {"BILLER"}


def test_cancelled_booking_slows_the_pace_and_the_alert_goes(harbor: World) -> None:
    made = world.authorization(harbor, visits=6)
    world.completed(harbor, made, at=NOW)
    soon = world.booked(harbor, made, at=NOW + WEEK)
    raised = swept(harbor, TODAY)

    visits.cancel(visit=soon, reason="moved away", by=harbor.by, at=NOW)

    assert (raised, swept(harbor, TODAY)) == ((1, 0), (0, 1))
