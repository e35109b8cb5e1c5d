"""How long cover lasts, as the pages say it: Today, the authorization, the Veteran, the list."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from referrals import queries
from referrals.domain.forecast import Limit
from referrals.models import Authorization
from referrals.services import referrals, visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.services import parameters
from vca.core.vocabulary import Role
from vca.desk.queries import forecasts
from vca.desk.queries.calendar import today_at

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock")]

WEEK = timedelta(days=7)
AT_PACE = "Visits run out about 9 May 2024 at the present pace. Send the request for more by 11 Apr 2024."


@pytest.fixture
def weekly(harbor: World) -> Authorization:
    """Six visits, through 27 May: given a week ago and today, booked in a week; at that pace the last is on 9 May."""
    made = world.authorization(harbor, referral_date=date(2024, 3, 28))
    for at in (NOW - WEEK, NOW):
        world.completed(harbor, made, at=at)
    world.booked(harbor, made, at=NOW + WEEK)
    return made


def told(harbor: World, authorization: Authorization) -> forecasts.Forecast | None:
    authorization = Authorization.objects.select_related("referral", "current").get(pk=authorization.pk)
    return forecasts.of_authorizations([authorization], harbor.by, today_at(harbor.by, NOW)).get(authorization.pk)


def set_days(harbor: World, name: str, days: int) -> None:
    said = {"source": "our own letters", "verified_on": None}
    parameters.set_value(name=name, value=str(days), valid_from=TODAY, by=harbor.by, **said)


def test_forecast_follows_from_visits_given_and_booked(harbor: World, weekly: Authorization) -> None:
    known = told(harbor, weekly)

    assert known
    assert (known.runs_out_on, known.first, known.ask_by) == (date(2024, 5, 9), Limit.VISITS, date(2024, 4, 11))
    assert (known.days_between, known.last_visit_on) == (7, date(2024, 5, 9))


def test_what_was_cancelled_is_of_no_pace(harbor: World, weekly: Authorization) -> None:
    soon = world.booked(harbor, weekly, at=NOW + timedelta(days=2))

    before = told(harbor, weekly)
    visits.cancel(visit=soon, reason="moved", by=harbor.by, at=NOW)
    after = told(harbor, weekly)

    assert [one and one.days_between for one in (before, after)] == [Fraction(14, 3), 7]


@pytest.mark.parametrize(("days", "pace"), [(1, 7), (3, 5)])
def test_visits_given_before_that_tell_no_pace(harbor: World, days: int, pace: int) -> None:
    set_days(harbor, "pace-days", days)
    made = world.authorization(harbor, referral_date=date(2024, 3, 28))
    for at in (NOW - timedelta(days=3), NOW):
        world.completed(harbor, made, at=at)
    world.booked(harbor, made, at=NOW + WEEK)

    known = told(harbor, made)

    assert known
    assert known.days_between == pace


def test_vas_turnaround_and_the_margin_are_the_practices_own(harbor: World, weekly: Authorization) -> None:
    set_days(harbor, "va-turnaround-days", 14)
    set_days(harbor, "request-margin-days", 3)

    known = told(harbor, weekly)

    assert known
    assert known.ask_by == date(2024, 5, 9) - timedelta(days=17)


def test_two_services_on_one_line_are_one_visit(harbor: World) -> None:
    made = world.authorization(harbor, visits=6)
    for at in (NOW, NOW + WEEK):
        world.booked(harbor, made, at=at, lines=(1, 1))

    known = told(harbor, made)

    assert known
    assert known.last_visit_on == TODAY + 5 * WEEK


def test_nothing_is_foretold_of_a_referral_that_is_not_active(harbor: World, weekly: Authorization) -> None:
    referrals.suspend(referral=weekly.referral, reason="asked VA", by=harbor.by, at=NOW)

    assert told(harbor, weekly) is None


def page(harbor: World, name: str, *args: int) -> str:
    answer = world.signed_in(world.person(harbor, Role.NURSE)).get(reverse(name, args=args))
    return " ".join(strip_tags(answer.content.decode()).split())


def test_pages_say_it(harbor: World, weekly: Authorization) -> None:
    world.booked(harbor, world.authorization(harbor))  # of which there is no pace: the date alone

    pages = [page(harbor, "authorizations"), page(harbor, "veteran", weekly.veteran_id)]
    one = page(harbor, "authorization", weekly.pk)

    assert [AT_PACE in text for text in pages] == [True, True]
    assert "about 9 May 2024, in 28 days: the last authorized visit" in one
    assert "a visit every 7 days" in one
    assert "The request for more visits is due." in one
    assert "AUTH-04" in one


def test_today_says_it_beside_the_answer(harbor: World, weekly: Authorization) -> None:
    world.booked(harbor, weekly, at=NOW + timedelta(hours=2))
    world.booked(harbor, world.authorization(harbor))

    text = page(harbor, "today")

    assert "Visits run out about" in text
    assert "Cover ends 27 May 2024. Send the request for more by 29 Apr 2024." in text


def test_another_practices_visits_are_no_part_of_it(harbor: World, weekly: Authorization) -> None:
    since, ridge = TODAY - 42 * timedelta(days=1), world.practice("ridge")

    assert queries.courses([weekly.pk], harbor.by, since=since).keys() == {weekly.pk}
    assert queries.courses([weekly.pk], ridge.by, since=since) == {}
