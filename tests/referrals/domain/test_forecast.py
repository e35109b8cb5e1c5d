"""The forecast: the arithmetic at its edges, and what must hold for any course of visits."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain.forecast import Course, Limit, forecast
from vca.domain.holidays import send_by

TODAY = date(2026, 11, 23)
LEAD = timedelta(days=28)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def days(*offsets: int) -> tuple[date, ...]:
    return tuple(day(offset) for offset in offsets)


@pytest.mark.parametrize(
    ("course", "pace", "last"),
    [
        (Course(6), None, None),
        (Course(5, given=days(-1)), None, None),
        (Course(5, given=days(-1, -1)), None, None),
        (Course(4, given=days(-7, 0)), 7, 28),
        (Course(4, given=days(-9, -6)), 3, 9),
        (Course(4, given=days(-40, -37)), 3, 9),
        (Course(1, given=days(-7, 0)), 7, 7),
        (Course(3, given=days(-7, 0), booked=days(7)), 7, 21),
        (Course(3, booked=days(2, 9, 16)), 7, 16),
        (Course(2, booked=days(2, 9, 16)), 7, 9),
        (Course(3, given=days(-4), booked=days(3, 3)), 7, 10),
        (Course(0, given=days(-14, -7)), 7, -7),
        (Course(-2, given=days(-14, -7)), 7, -7),
        (Course(0, booked=days(3, 10)), 7, 0),
        (Course(3, given=days(-5, -3, 0)), Fraction(5, 2), 8),
    ],
)
def test_last_visit_follows_from_the_pace(course: Course, pace: int | Fraction | None, last: int | None) -> None:
    told = course.last_visit_on(today=TODAY)

    assert course.days_between == pace
    assert told == (None if last is None else day(last))


@pytest.mark.parametrize(
    ("last_day", "courses", "runs_out", "first"),
    [
        (day(60), [], 60, Limit.DATE),
        (day(60), [Course(9)], 60, Limit.DATE),
        (day(60), [Course(4, given=days(-7, 0))], 28, Limit.VISITS),
        (day(28), [Course(4, given=days(-7, 0))], 28, Limit.DATE),
        (day(20), [Course(4, given=days(-7, 0))], 20, Limit.DATE),
        (None, [Course(4, given=days(-7, 0))], 28, Limit.VISITS),
        (day(60), [Course(4, given=days(-7, 0)), Course(2, given=days(-7, 0))], 14, Limit.VISITS),
        (day(-3), [Course(4, given=days(-7, -4))], -3, Limit.DATE),
    ],
)
def test_the_earlier_of_both_limits_ends_cover(
    last_day: date | None, courses: list[Course], runs_out: int, first: Limit
) -> None:
    told = forecast(courses, last_day=last_day, today=TODAY, lead=LEAD)

    assert told
    assert (told.runs_out_on, told.first, told.ask_by) == (day(runs_out), first, send_by(day(runs_out), days=28))


def test_nothing_is_foretold_without_a_last_day_and_a_pace() -> None:
    assert forecast([Course(6)], last_day=None, today=TODAY, lead=LEAD) is None


def test_pace_is_that_of_the_line_that_runs_out_first() -> None:
    slow, quick = Course(2, given=days(-28, 0)), Course(4, given=days(-7, 0))

    told = forecast([slow, quick], last_day=day(90), today=TODAY, lead=LEAD)

    assert told
    assert (told.last_visit_on, told.days_between, told.lead) == (
        day(28),
        7,
        31,
    )  # Thanksgiving Day is no day of VA's, and a Sunday is none to ask on


COURSES = st.builds(
    Course,
    st.integers(-3, 60),
    given=st.lists(st.integers(-42, 0).map(day), max_size=12).map(tuple),
    booked=st.lists(st.integers(-10, 120).map(day), max_size=12).map(tuple),
)


@given(COURSES)
def test_one_visit_more_never_brings_the_end_forward(course: Course) -> None:
    one_more = Course(course.left + 1, course.given, course.booked)

    now, then = course.last_visit_on(today=TODAY), one_more.last_visit_on(today=TODAY)

    assert (now is None) == (then is None)
    assert now is None or course.left <= 0 or now <= then  # type: ignore[operator]  # both or neither


@given(COURSES)
def test_what_is_not_booked_is_never_foretold_for_a_past_day(course: Course) -> None:
    told = course.last_visit_on(today=TODAY)

    assert told is None or course.left <= len(course.booked) or told >= TODAY


@given(COURSES, st.integers(1, 30))
def test_forecast_walks_day_by_day_as_the_pace_says(course: Course, ahead: int) -> None:
    """The last day is that on which a walk in steps of the pace gives the last visit."""
    pace = course.days_between
    if pace is None or course.left <= len(course.booked):
        return
    last = max({*course.given, *course.booked})
    first = max(last + timedelta(days=-(-pace.numerator // pace.denominator)), TODAY)
    steps = course.left - len(course.booked) - 1

    told = course.last_visit_on(today=TODAY)

    assert told
    assert told - first - timedelta(days=1) < timedelta(days=float(pace * steps)) <= told - first
