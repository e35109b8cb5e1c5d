"""The visits of every case, on every day of a fortnight."""

from datetime import date, timedelta
from random import Random

import pytest

from vca.demo.cases import DEMO, SECOND, Case, Fate
from vca.demo.courses import course, stated_lines

CASES = tuple(enumerate((*DEMO, *SECOND)))
FORTNIGHT = tuple(date(2027, 2, 22) + timedelta(days=ahead) for ahead in range(14))
pytestmark = pytest.mark.both


@pytest.mark.parametrize(("number", "case"), CASES, ids=[str(number) for number, _ in CASES])
def test_visits_are_in_order_on_workdays_inside_the_authorization(number: int, case: Case) -> None:
    for today in FORTNIGHT:
        days = [one.on for one in course(case, today=today, rng=Random(number))]

        first, last = today - timedelta(days=case.began), today + timedelta(days=case.ends)
        assert days == sorted(set(days))
        assert [day for day in days if not first < day <= last] == []
        assert [day for day in days if day.weekday() > 4 and day != today] == []


@pytest.mark.parametrize(("number", "case"), CASES, ids=[str(number) for number, _ in CASES])
def test_visits_before_today_are_over_and_later_ones_are_booked(number: int, case: Case) -> None:
    for today in FORTNIGHT:
        sittings = course(case, today=today, rng=Random(number))

        assert {one.fate for one in sittings if one.on < today} <= {Fate.COMPLETED, Fate.CANCELLED, Fate.NO_SHOW}
        assert {one.fate for one in sittings if one.on > today} <= {Fate.BOOKED}
        assert [one.fate for one in sittings if one.on == today] == [case.today] * bool(case.today)


def test_the_stated_limit_is_what_is_used_booked_and_spare() -> None:
    case = Case(began=20, ends=80, today=Fate.BOOKED, ahead=1, spare=3, spare_talks=1, before_us=2)
    sittings = course(case, today=date(2026, 11, 23), rng=Random(1))

    evaluation, infusion, therapy = stated_lines(case, sittings)

    assert [one.place for one in sittings] == [0, 1, 2, 3, 4, 5, 6]
    assert (evaluation.visits, infusion.visits, therapy.visits) == (None, 6 + 3 + 2, 3 + 1)
