"""What VA changes makes a version each time, and books what waited and is covered."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from referrals.domain.states import LimitKind
from referrals.models import Authorization
from referrals.services import amendments, pencils, visits
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.world import NOW, TODAY, World

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock")]
WEEK = timedelta(days=7)
MORE = Limit("Another", LimitKind.UNLIMITED, None)
Act = Callable[[World, Authorization], object]


def add_line(harbor: World, row: Authorization) -> object:
    return amendments.add_line(authorization=row, limit=MORE, by=harbor.by, at=NOW)


def set_limit(harbor: World, row: Authorization) -> object:
    limit = Limit("Infusion", LimitKind.COUNTED, 1)
    return amendments.set_limit(service=world.line(row), limit=limit, reason="VA", by=harbor.by, at=NOW)


def opening_balance(harbor: World, row: Authorization) -> object:
    line = world.line(row)
    return amendments.set_opening_balance(service=line, visits=0, source="letter", by=harbor.by, at=NOW)


def amend(harbor: World, row: Authorization) -> object:
    terms = Terms(TODAY, TODAY + 8 * WEEK)
    return amendments.amend(authorization=row, terms=terms, reason="VA", by=harbor.by, at=NOW)


EVERY = pytest.mark.parametrize("act", [add_line, set_limit, opening_balance, amend])


@EVERY
def test_each_act_makes_one_version(harbor: World, act: Act) -> None:
    authorization = world.authorization(harbor)
    before = authorization.versions.count()

    act(harbor, authorization)

    assert authorization.versions.count() == before + 1


@EVERY
def test_each_act_books_what_waited_and_is_covered_now(harbor: World, act: Act) -> None:
    authorization = world.authorization(harbor, visits=1)
    plans = [world.plan(harbor, authorization, at=NOW + week * WEEK) for week in range(2)]
    first, second = (pencils.arrange(plan=plan, by=harbor.by, at=NOW) for plan in plans)
    visits.cancel(visit=first, reason="moved away", by=harbor.by, at=NOW)  # frees a place, and books nobody by itself
    second.refresh_from_db()
    waited = second.state

    act(harbor, authorization)

    second.refresh_from_db()
    assert (waited, second.state) == ("PENCILLED", "BOOKED")


def test_version_of_an_opening_balance_keeps_number_and_source(harbor: World) -> None:
    authorization = world.authorization(harbor)
    line = world.line(authorization)

    amendments.set_opening_balance(service=line, visits=2, source="letter of 2 April", by=harbor.by, at=NOW)

    authorization.refresh_from_db()
    terms = authorization.terms
    assert terms.lines[0]["visits_before_us"] == 2
    assert terms.reason == "line 1, visits given before: 2, letter of 2 April"
