"""Who waited for a row acts on what stands there after the wait, and two who wait never wait for each other.

On PostgreSQL a locking SELECT with a join brings the locked row as it is after the wait, but the joined row as it was
before: its terms were gone, and a booking made during an amendment ended in an error.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from referrals import queries
from referrals.domain.drawdown import VisitOutsidePeriod
from referrals.domain.states import LimitKind, VisitState
from referrals.models import Authorization, FactSource, Veteran, Visit
from referrals.services import amendments, authorizations, referrals, veterans, visits
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.trials.crowd import Deed
from tests.world import NOW, World
from vca.core import alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Alert, AuditEvent, JobState, Task
from vca.core.services import chores, inbox
from vca.core.services.inbox import HasMoved, Snooze
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.postgres, pytest.mark.serial, pytest.mark.django_db(transaction=True)]
WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def harbor() -> World:
    return world.practice()


def on_own_connection(deed: Deed) -> object:
    try:
        return deed()
    finally:
        connections.close_all()


@contextmanager
def during(deed: Deed) -> Iterator[Callable[[Deed], Future]]:
    """Do a deed, but commit it at the end of the block; what the block starts with the callable waits for that."""

    def start(other: Deed) -> Future:
        future = pool.submit(on_own_connection, other)
        until_waiting()
        return future

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        deed()
        yield start


def until_waiting() -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone() == (1,):
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")


def amend(authorization: Authorization, harbor: World, *, through: date) -> None:
    terms = Terms(date(2024, 3, 28), through)
    row = Authorization.objects.get(pk=authorization.pk)
    amendments.amend(authorization=row, terms=terms, reason="VA amended it", by=harbor.by, at=NOW)


def test_booking_during_an_extension_is_judged_by_the_new_terms(harbor: World) -> None:
    authorization = world.authorization(harbor)
    plan = world.plan(harbor, authorization, at=NOW.replace(month=6))

    with during(lambda: amend(authorization, harbor, through=date(2024, 7, 1))) as meanwhile:
        booking = meanwhile(lambda: visits.book(plan=plan, by=harbor.by, at=NOW))

    assert (booking.result().on, list(queries.miscounted(harbor.by))) == (date(2024, 6, 11), [])


def test_booking_during_a_cut_is_refused_by_the_new_terms(harbor: World) -> None:
    authorization = world.authorization(harbor)
    plan = world.plan(harbor, authorization)

    with during(lambda: amend(authorization, harbor, through=date(2024, 4, 1))) as meanwhile:
        booking = meanwhile(lambda: visits.book(plan=plan, by=harbor.by, at=NOW))

    with pytest.raises(VisitOutsidePeriod):
        booking.result()
    assert Visit.objects.count() == 0


def test_check_in_during_an_amendment_finds_its_terms(harbor: World) -> None:
    authorization = world.authorization(harbor)
    visit = world.booked(harbor, authorization)

    with during(lambda: amend(authorization, harbor, through=date(2024, 7, 1))) as meanwhile:
        arrival = meanwhile(lambda: visits.check_in(visit=visit, by=harbor.by, at=NOW))

    arrival.result()
    assert world.line(authorization).visits_used == 1


def test_amendment_during_an_amendment_is_the_next_version(harbor: World) -> None:
    authorization = world.authorization(harbor)
    before = authorization.terms.number

    with during(lambda: amend(authorization, harbor, through=date(2024, 7, 1))) as meanwhile:
        second = meanwhile(lambda: amend(authorization, harbor, through=date(2024, 8, 1)))

    second.result()
    authorization.refresh_from_db()
    assert (authorization.terms.number, authorization.terms.valid_through) == (before + 2, date(2024, 8, 1))


def test_two_changes_of_a_veteran_at_once_are_both_kept(harbor: World) -> None:
    veteran = world.receive(harbor).referral.veteran

    def change(**facts: str) -> bool:
        row = Veteran.objects.get(pk=veteran.pk)
        return veterans.change(veteran=row, facts=facts, source=FactSource.VETERAN, by=harbor.by, at=NOW)

    with during(lambda: change(phone="5035550100")) as meanwhile:
        second = meanwhile(lambda: change(city="Salem"))

    assert second.result()
    veteran.refresh_from_db()
    assert (veteran.facts.phone, veteran.facts.city) == ("5035550100", "Salem")


def test_asking_for_work_that_ends_in_that_moment_queues_it_again(harbor: World) -> None:
    first = jobs.enqueue(kind="write_837p", key="practice 1", by=harbor.by)
    finishing = iter([partial(jobs.cancel, job=first, by=harbor.by)])

    def finish_after_insert(execute: Callable[..., object], sql: str, *rest: object) -> object:
        answer = execute(sql, *rest)
        if sql.startswith('INSERT INTO "core_job"'):
            for finish in finishing:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(on_own_connection, finish).result()
        return answer

    with connection.execute_wrapper(finish_after_insert):
        second = jobs.enqueue(kind="write_837p", key="practice 1", by=harbor.by)

    assert (second.state, second.pk == first.pk) == (JobState.QUEUED, False)


def reached(*passed: int) -> Reached:
    return Reached("visits_left", "AUTH-02", "x", 1, passed, "6", "test", None)


def raised(harbor: World, *passed: int) -> Alert | None:
    return alerts.raise_alert(reached(*passed), by=harbor.by, at=NOW)


def left(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def test_alert_raised_while_it_is_raised_is_said_once(harbor: World) -> None:
    world.person(harbor, Role.BILLER)

    with during(partial(raised, harbor, 2)) as meanwhile:
        second = meanwhile(partial(raised, harbor, 2))

    assert (second.result(), Alert.objects.count(), left("alert.raised")) == (None, 1, 1)


def test_alert_raised_while_it_is_raised_would_be_said_twice_without_the_wait(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.person(harbor, Role.BILLER)
    monkeypatch.setattr(alerts, "_last", lambda due, by: Alert.objects.order_by("-pk").first())

    with during(partial(raised, harbor, 2)) as meanwhile:
        second = meanwhile(partial(raised, harbor, 2))

    assert (second.result(), Alert.objects.count(), left("alert.raised")) == (Alert.objects.get(), 1, 2)


def test_alert_raised_while_it_is_dismissed_stays_dismissed(harbor: World) -> None:
    world.person(harbor, Role.BILLER)
    alert = raised(harbor, 2)
    assert alert
    world.person(harbor, Role.BILLER)  # somebody who was not told yet

    with during(partial(alerts.dismiss, alert=alert, reason="known", by=harbor.by, at=NOW)) as meanwhile:
        second = meanwhile(partial(raised, harbor, 2))

    assert (second.result(), list(alerts.open_alerts(harbor.by))) == (None, [])


def snoozed(harbor: World, alert: Alert) -> None:
    inbox.snooze([alert], asked=Snooze(NOW.date() + timedelta(days=9)), by=harbor.by, at=NOW)


def test_alert_that_tightens_while_it_is_snoozed_wakes(harbor: World) -> None:
    world.person(harbor, Role.BILLER)
    alert = raised(harbor, 2)
    assert alert

    with during(partial(snoozed, harbor, alert)) as meanwhile:
        second = meanwhile(partial(raised, harbor, 2, 0))

    assert (second.result(), list(alerts.awake(harbor.by, at=NOW))) == (alert, [alert])


def test_alert_snoozed_while_it_tightens_stays_awake(harbor: World) -> None:
    alert = raised(harbor, 2)
    assert alert

    with during(partial(raised, harbor, 2, 0)) as meanwhile:
        second = meanwhile(partial(snoozed, harbor, alert))

    with pytest.raises(HasMoved):
        second.result()
    assert list(alerts.awake(harbor.by, at=NOW)) == [alert]


def test_alert_snoozed_while_it_is_dismissed_is_refused(harbor: World) -> None:
    alert = raised(harbor, 2)
    assert alert

    with during(partial(alerts.dismiss, alert=alert, reason="known", by=harbor.by, at=NOW)) as meanwhile:
        second = meanwhile(partial(snoozed, harbor, alert))

    with pytest.raises(HasMoved):
        second.result()
    assert (left("alert.dismissed"), left("alert.snoozed")) == (1, 0)


def dismiss_two_during_a_sweep(harbor: World) -> object:
    """Let a sweep reach the second of two alerts, then the first, while somebody dismisses both."""
    both = [replace(reached(2), subject_id=number) for number in (1, 2)]
    rows = [alerts.raise_alert(one, by=harbor.by, at=NOW) for one in both]
    dismissal = partial(inbox.dismiss, [row for row in rows if row], reason="known", by=harbor.by, at=NOW)
    with during(partial(alerts.raise_alert, both[1], by=harbor.by, at=NOW)) as meanwhile:
        second = meanwhile(dismissal)
        alerts.raise_alert(both[0], by=harbor.by, at=NOW)
    return second.result()


def test_several_dismissed_during_a_sweep_wait_for_it(harbor: World) -> None:
    assert (dismiss_two_during_a_sweep(harbor), list(alerts.open_alerts(harbor.by))) == (None, [])


def test_several_dismissed_during_a_sweep_would_wait_for_each_other(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "hold", lambda by: None)

    with pytest.raises(OperationalError, match="deadlock"):
        dismiss_two_during_a_sweep(harbor)


def opened(harbor: World) -> Task:
    return chores.open_task(kind="visits_over", subject=harbor.practice, headline="test", by=harbor.by)


def test_task_opened_while_it_is_opened_is_one_with_one_event(harbor: World) -> None:
    with during(partial(opened, harbor)) as meanwhile:
        second = meanwhile(partial(opened, harbor))

    assert (second.result(), left("task.opened")) == (Task.objects.get(), 1)


def test_task_opened_while_it_is_opened_would_leave_two_events_without_looking_again(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def insert_then_get(task: Task) -> Task:
        Task.objects.bulk_create([task], ignore_conflicts=True)
        return Task.objects.get()

    monkeypatch.setattr(chores, "_insert", insert_then_get)

    with during(partial(opened, harbor)) as meanwhile:
        second = meanwhile(partial(opened, harbor))

    assert (second.result(), left("task.opened")) == (Task.objects.get(), 2)


def test_task_opened_while_it_is_closed_is_a_new_one(harbor: World) -> None:
    first = opened(harbor)
    closing = {"kind": "visits_over", "subject": harbor.practice, "proof": "test", "by": harbor.by, "at": NOW}

    with during(partial(chores.close_tasks, **closing)) as meanwhile:
        second = meanwhile(partial(opened, harbor))

    assert (second.result() == first, list(chores.open_tasks(harbor.by))) == (False, [second.result()])


def over_its_limit(harbor: World) -> Visit:
    """Return a visit whose line VA has cut below what is booked: giving it back changes the line twice."""
    authorization = world.authorization(harbor)
    visit, *_ = [world.booked(harbor, authorization, at=NOW + timedelta(days=day)) for day in range(3)]
    line = world.line(authorization)
    cut = Limit(line.description, LimitKind.COUNTED, 1, ())
    amendments.set_limit(service=line, limit=cut, reason="VA amended it", by=harbor.by, at=NOW)
    return visit


def struck_while_locked(harbor: World, lock: Callable[[Any], object], *, patience: float) -> bool:
    """Tell whether a visit can be struck while somebody else holds its authorization in that way.

    When it is struck, what is foretold of the authorization waits for it, holding nothing.
    """
    visit = over_its_limit(harbor)
    visits.check_in(visit=visit, by=harbor.by, at=NOW)
    strike = partial(visits.void, visit=visit, reason="", by=harbor.by, at=NOW)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock(Authorization.objects.filter(pk=visit.authorization_id))
            future = pool.submit(on_own_connection, strike)
            struck = until_struck(visit, patience=patience)
        future.result()
    return struck


def until_struck(visit: Visit, *, patience: float) -> bool:
    """Tell whether others see within these seconds that the visit is struck."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if Visit.objects.filter(pk=visit.pk, state=VisitState.VOIDED).exists():
            return True
        time.sleep(0.02)
    return False


def test_check_of_a_foreign_key_waits_for_nobody(harbor: World) -> None:
    """PostgreSQL asks for the authorization once more when a line was changed twice; waiting there was a deadlock."""
    locked = partial(authorizations.locked, by=harbor.by)
    assert struck_while_locked(harbor, lambda rows: locked(rows.get()), patience=5)


def test_check_of_a_foreign_key_would_wait_for_a_full_lock(harbor: World) -> None:
    assert not struck_while_locked(harbor, lambda rows: rows.select_for_update().get(), patience=1)


def test_visit_cancelled_while_its_referral_ends_leaves_no_task(harbor: World) -> None:
    visit = world.booked(harbor, world.authorization(harbor))
    said = {"reason": "test", "by": harbor.by, "at": NOW}

    with during(lambda: referrals.complete(referral=visit.authorization.referral, **said)) as meanwhile:
        cancelling = meanwhile(lambda: visits.cancel(visit=visit, **said))
    cancelling.result()

    assert list(Task.objects.filter(kind="visits_on_ended", closed_at=None)) == []
