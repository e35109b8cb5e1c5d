"""Who waited for a row acts on what stands there after the wait, and two who wait never wait for each other.

On PostgreSQL a locking SELECT with a join brings the locked row as it is after the wait, but the joined row as it was
before: its terms were gone, and a booking made during an amendment ended in an error.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial

import pytest
from django.db import connection, connections, transaction

from referrals import queries
from referrals.domain.drawdown import VisitOutsidePeriod
from referrals.models import Authorization, FactSource, Veteran, Visit
from referrals.services import authorizations, veterans, visits
from referrals.services.authorizations import Terms
from tests import world
from tests.trials.crowd import Deed
from tests.world import NOW, World
from vca.core import jobs
from vca.core.models import JobState

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
    authorizations.amend(authorization=row, terms=terms, reason="VA amended it", by=harbor.by, at=NOW)


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
