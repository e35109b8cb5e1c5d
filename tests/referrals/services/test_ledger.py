"""One truth for visits: holds, uses, releases and voids on the authorized service line."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from referrals import queries
from referrals.domain.drawdown import LimitNotKnown, VisitOutsidePeriod, VisitsExhausted
from referrals.domain.notice import StatedLine
from referrals.domain.states import EntryKind, LimitKind, VisitState
from referrals.models import AuthorizedService, LedgerEntry, Visit
from referrals.services import amendments, visits
from referrals.services.amendments import Limit
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.models import Task

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


def counts(line: AuthorizedService) -> tuple[int, int, int | None]:
    line.refresh_from_db()
    return line.visits_held, line.visits_used, line.count.left


def test_booking_holds_and_check_in_uses(harbor: World) -> None:
    authorization = world.authorization(harbor)
    visit = world.booked(harbor, authorization)

    assert counts(world.line(authorization)) == (1, 0, 5)

    visits.check_in(visit=visit, by=harbor.by, at=NOW)

    assert counts(world.line(authorization)) == (0, 1, 5)


def test_walk_in_uses_at_once(harbor: World) -> None:
    authorization = world.authorization(harbor)

    visits.walk_in(plan=world.plan(harbor, authorization), by=harbor.by, at=NOW)

    assert counts(world.line(authorization)) == (0, 1, 5)


@pytest.mark.parametrize("act", ["cancel", "no_show"])
def test_visit_that_does_not_happen_gives_its_hold_back(harbor: World, act: str) -> None:
    authorization = world.authorization(harbor)
    visit = world.booked(harbor, authorization)

    getattr(visits, act)(visit=visit, reason="", by=harbor.by, at=NOW)

    assert counts(world.line(authorization)) == (0, 0, 6)


@pytest.mark.parametrize("act", ["cancel", "no_show"])
def test_undoing_holds_again(harbor: World, act: str) -> None:
    authorization = world.authorization(harbor)
    visit = world.booked(harbor, authorization)
    getattr(visits, act)(visit=visit, reason="", by=harbor.by, at=NOW)

    visits.undo(visit=visit, by=harbor.by, at=NOW)

    assert (visit.state, *counts(world.line(authorization))) == (VisitState.BOOKED, 1, 0, 5)


def test_undoing_a_check_in_holds_again(harbor: World) -> None:
    authorization = world.authorization(harbor)
    visit = world.booked(harbor, authorization)
    visits.check_in(visit=visit, by=harbor.by, at=NOW)

    visits.undo(visit=visit, by=harbor.by, at=NOW)

    assert (visit.state, *counts(world.line(authorization))) == (VisitState.BOOKED, 1, 0, 5)


def test_undoing_a_walk_in_voids_it(harbor: World) -> None:
    authorization = world.authorization(harbor)
    visit = visits.walk_in(plan=world.plan(harbor, authorization), by=harbor.by, at=NOW)

    visits.undo(visit=visit, by=harbor.by, at=NOW)

    assert (visit.state, *counts(world.line(authorization))) == (VisitState.VOIDED, 0, 0, 6)


def test_undoing_a_cancellation_is_refused_when_the_visit_was_taken(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    visit = world.booked(harbor, authorization)
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)
    world.booked(harbor, authorization)

    with pytest.raises(VisitsExhausted):
        visits.undo(visit=visit, by=harbor.by, at=NOW)

    visit.refresh_from_db()
    assert (visit.state, *counts(world.line(authorization))) == (VisitState.CANCELLED, 1, 0, 0)


def test_seventh_visit_of_six_is_refused_and_leaves_nothing(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=6)
    for day in range(6):
        world.booked(harbor, authorization, at=NOW + timedelta(days=day))

    with pytest.raises(VisitsExhausted):
        world.booked(harbor, authorization, at=NOW + timedelta(days=8))

    assert (Visit.objects.count(), LedgerEntry.objects.count()) == (6, 6)


def test_unlimited_line_never_fills(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=None)

    for day in range(30):
        world.booked(harbor, authorization, at=NOW + timedelta(days=day))

    assert counts(world.line(authorization)) == (30, 0, None)


def test_unknown_limit_refuses_with_the_act_that_mends_it(harbor: World) -> None:
    authorization = world.authorization(harbor)
    limit = Limit("Evaluation", LimitKind.UNKNOWN, None)
    amendments.add_line(authorization=authorization, limit=limit, by=harbor.by, at=NOW)

    with pytest.raises(LimitNotKnown) as refusal:
        world.booked(harbor, authorization, lines=(2,))

    assert refusal.value.rule.next_act == "Set the limit printed on the 10-7080 on the authorization's page."


def test_visit_on_two_lines_draws_each_once(harbor: World) -> None:
    lines = (
        StatedLine("Evaluation", LimitKind.UNLIMITED, None, ("99204",)),
        StatedLine("Ketamine infusion", LimitKind.COUNTED, 6, ("96365",)),
    )
    authorization = world.authorization(harbor, lines=lines)

    world.booked(harbor, authorization, lines=(1, 2, 2))

    assert [counts(world.line(authorization, number)) for number in (1, 2)] == [(1, 0, None), (1, 0, 5)]


def test_one_full_line_rolls_the_whole_visit_back(harbor: World) -> None:
    lines = (
        StatedLine("Ketamine infusion", LimitKind.COUNTED, 6, ("96365",)),
        StatedLine("Psychotherapy", LimitKind.COUNTED, 1, ("90837",)),
    )
    authorization = world.authorization(harbor, lines=lines)
    world.booked(harbor, authorization, lines=(2,))

    with pytest.raises(VisitsExhausted):
        world.booked(harbor, authorization, lines=(1, 2))

    assert [counts(world.line(authorization, number)) for number in (1, 2)] == [(0, 0, 6), (1, 0, 0)]


def test_amendment_below_what_is_used_is_recorded(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=6)
    for day in range(4):
        world.completed(harbor, authorization, at=NOW - timedelta(days=day + 1))
    world.booked(harbor, authorization, at=NOW + timedelta(days=1))
    line = world.line(authorization)

    limit = Limit(line.description, LimitKind.COUNTED, 3, tuple(line.codes))
    amendments.set_limit(service=line, limit=limit, reason="VA cut it", by=harbor.by, at=NOW)

    assert (line.visits_authorized, line.visits_over, line.count.left) == (3, 2, -2)
    with pytest.raises(VisitsExhausted):
        world.booked(harbor, authorization, at=NOW + timedelta(days=2))


def test_visit_given_back_after_a_cut_cannot_be_drawn_again(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=2)
    visit = world.booked(harbor, authorization)
    world.booked(harbor, authorization, at=NOW + timedelta(days=1))
    line = world.line(authorization)
    limit = Limit(line.description, LimitKind.COUNTED, 1, ())
    amendments.set_limit(service=line, limit=limit, reason="VA cut it", by=harbor.by, at=NOW)

    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)

    with pytest.raises(VisitsExhausted):
        world.booked(harbor, authorization, at=NOW + timedelta(days=2))


def test_opening_balance_counts_against_the_limit(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=6)
    line = world.line(authorization)

    amendments.set_opening_balance(service=line, visits=5, source="letter of 2 April", by=harbor.by, at=NOW)
    world.booked(harbor, authorization)

    with pytest.raises(VisitsExhausted):
        world.booked(harbor, authorization)


@pytest.mark.parametrize(("days", "refused"), [(-14, False), (-15, True), (46, False), (47, True)])
def test_first_and_last_day_are_inside(harbor: World, days: int, refused: bool) -> None:
    authorization = world.authorization(harbor)
    at = NOW + timedelta(days=days)

    if refused:
        with pytest.raises(VisitOutsidePeriod):
            world.booked(harbor, authorization, at=at)
    else:
        assert world.booked(harbor, authorization, at=at).on == at.date()


def test_late_evening_of_the_last_day_is_inside_in_the_location_s_zone(harbor: World) -> None:
    authorization = world.authorization(harbor)
    half_past_eleven_in_portland = NOW.replace(month=5, day=28, hour=6, minute=30)

    visit = world.booked(harbor, authorization, at=half_past_eleven_in_portland)

    assert visit.on == authorization.terms.valid_through


def test_constraint_stands_behind_the_draw(harbor: World) -> None:
    line = world.line(world.authorization(harbor, visits=1))

    with pytest.raises(IntegrityError, match="authorized_service_never_overdrawn"), transaction.atomic():
        AuthorizedService.objects.filter(pk=line.pk).update(visits_used=2)


def test_entries_add_up_to_the_counters(harbor: World) -> None:
    authorization = world.authorization(harbor)
    world.completed(harbor, authorization)
    visits.cancel(visit=world.booked(harbor, authorization), reason="", by=harbor.by, at=NOW)

    kinds = list(queries.ledger(authorization).values_list("kind", flat=True))

    assert sorted(kinds) == [EntryKind.HOLD, EntryKind.HOLD, EntryKind.RELEASE, EntryKind.USE]
    assert list(queries.miscounted(harbor.by)) == []


def test_miscounted_names_a_counter_that_was_tampered_with(harbor: World) -> None:
    authorization = world.authorization(harbor)
    world.booked(harbor, authorization)
    AuthorizedService.objects.update(visits_used=3)

    assert list(queries.miscounted(harbor.by)) == [world.line(authorization)]


def test_bookings_beyond_a_cut_are_a_task_due_on_the_day_of_the_first_of_them(harbor: World) -> None:
    authorization = world.authorization(harbor, number="VA0000000099")
    for days in (2, 4, 6):
        world.booked(harbor, authorization, at=NOW + timedelta(days=days))

    limit = Limit("Ketamine infusion", LimitKind.COUNTED, 1)
    amendments.set_limit(service=world.line(authorization), limit=limit, reason="VA cut it", by=harbor.by, at=NOW)

    task = Task.objects.get(kind="visits_over")
    said = "VA0000000099, Ketamine infusion: 2 visits beyond what VA authorizes, 3 still booked"
    assert (task.headline, task.due_on) == (said, TODAY + timedelta(days=4))


@pytest.fixture
def beyond(harbor: World) -> list[Visit]:
    """Two visits booked on a line that VA then cut to one."""
    authorization = world.authorization(harbor, number="VA0000000099")
    booked = [world.booked(harbor, authorization, at=NOW + timedelta(days=days)) for days in (0, 4)]
    limit = Limit("Ketamine infusion", LimitKind.COUNTED, 1)
    amendments.set_limit(service=world.line(authorization), limit=limit, reason="VA cut it", by=harbor.by, at=NOW)
    return booked


def open_headlines() -> list[str]:
    return [task.headline for task in Task.objects.filter(kind="visits_over", closed_at=None)]


def test_task_of_bookings_beyond_a_cut_follows_a_check_in_and_its_undoing(harbor: World, beyond: list[Visit]) -> None:
    said = "VA0000000099, Ketamine infusion: 1 visit beyond what VA authorizes, {} still booked"

    visits.check_in(visit=beyond[0], by=harbor.by, at=NOW)
    given = open_headlines()
    visits.undo(visit=beyond[0], by=harbor.by, at=NOW)

    assert (given, open_headlines()) == ([said.format(1)], [said.format(2)])


def test_task_of_bookings_beyond_a_limit_follows_the_opening_balance(harbor: World, beyond: list[Visit]) -> None:
    line = world.line(beyond[0].authorization)
    said = "VA0000000099, Ketamine infusion: 2 visits beyond what VA authorizes, 2 still booked"
    limit = Limit("Ketamine infusion", LimitKind.COUNTED, 2)
    amendments.set_limit(service=line, limit=limit, reason="VA mended it", by=harbor.by, at=NOW)
    words = {"service": line, "source": "letter of 2 April", "by": harbor.by, "at": NOW}

    amendments.set_opening_balance(visits=2, **words)
    told = open_headlines()
    amendments.set_opening_balance(visits=0, **words)

    assert (told, open_headlines()) == ([said], [])
