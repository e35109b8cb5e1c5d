"""Guessing takes longer and longer; nobody is locked out for good, and nobody learns who is known."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.vca.core.at_once import at_once
from tests.vca.core.rows import in_the_database
from tests.world import NOW
from vca.core.models import Tries
from vca.core.services import tries
from vca.core.services.tries import TooManyTries
from vca.domain.sign_in import ACCOUNT, ADDRESS, PAIR, Pace

pytestmark = [pytest.mark.django_db, pytest.mark.both]

ACCOUNT_NAME, HERE, THERE = "biller@example.org", "192.0.2.7", "198.51.100.9"
SECOND = timedelta(seconds=1)


def begin(at: datetime, *, account: str = ACCOUNT_NAME, address: str = HERE) -> None:
    tries.begin(account=account, address=address, at=at)


def waits(at: datetime, **who: str) -> bool:
    try:
        begin(at, **who)
    except TooManyTries:
        return True
    return False


def fail_often(number: int, at: datetime, *, addresses: bool = False) -> datetime:
    """Fail that often, each time as soon as it is allowed; return the moment of the last try."""
    for one in range(number):
        at = max([at, *Tries.objects.filter(is_known=False).values_list("free_at", flat=True)]) if one else at
        begin(at, address=f"203.0.113.{one}" if addresses else HERE)
    return at


@pytest.mark.parametrize(
    ("pace", "failures", "seconds"),
    [
        *((PAIR, 4, 0), (PAIR, 5, 2), (PAIR, 6, 4), (PAIR, 13, 512), (PAIR, 14, 900), (PAIR, 10_000, 900)),
        *((ACCOUNT, 99, 0), (ACCOUNT, 100, 2), (ACCOUNT, 10_000, 60), (ADDRESS, 49, 0), (ADDRESS, 50, 2)),
    ],
)
def test_delay_doubles_up_to_a_limit(pace: Pace, failures: int, seconds: int) -> None:
    assert pace.delay(failures) == timedelta(seconds=seconds)


def test_fifth_failure_makes_the_next_try_wait() -> None:
    for _ in range(4):
        begin(NOW)
    assert not waits(NOW)

    assert waits(NOW + SECOND)
    assert not waits(NOW + 2 * SECOND)


def test_try_that_waits_is_not_counted() -> None:
    for _ in range(5):
        begin(NOW)

    refused = [waits(NOW + SECOND) for _ in range(20)]

    assert (all(refused), waits(NOW + 2 * SECOND)) == (True, False)


def test_no_delay_is_for_good() -> None:
    last = fail_often(200, NOW)

    assert waits(last + PAIR.longest - SECOND)
    assert not waits(last + PAIR.longest)


def test_an_hour_without_failures_is_forgotten() -> None:
    fail_often(20, NOW)
    later = NOW + timedelta(days=1)

    assert [waits(later) for _ in range(6)] == [False] * 5 + [True]


def test_account_waits_for_strangers_and_not_for_an_address_that_has_signed_in() -> None:
    tries.begin(account=ACCOUNT_NAME, address=THERE, at=NOW)
    tries.succeeded(account=ACCOUNT_NAME, address=THERE, at=NOW)

    last = fail_often(120, NOW, addresses=True)

    assert waits(last, address="203.0.113.250")
    assert not waits(last, address=THERE)
    assert not waits(last, account="somebody_else@example.org", address="203.0.113.250")


def test_address_waits_for_every_account() -> None:
    for number in range(50):
        begin(NOW, account=f"{number}@example.org")

    assert waits(NOW, account="next@example.org")
    assert not waits(NOW, account="next@example.org", address=THERE)


def test_success_forgets_the_failures_of_the_account_and_not_those_of_the_address() -> None:
    for number in range(48):
        begin(NOW, account=f"{number}@example.org")
    begin(NOW)
    tries.succeeded(account=ACCOUNT_NAME, address=HERE, at=NOW)

    assert [waits(NOW, account=f"{name}@example.org") for name in ("a", "b", "c")] == [False, False, True]


def test_neither_account_nor_address_lies_in_the_database() -> None:
    begin(NOW)

    assert (in_the_database(ACCOUNT_NAME), in_the_database(HERE)) == ([], [])


def test_old_tries_are_deleted_and_known_pairs_stay() -> None:
    begin(NOW)
    tries.succeeded(account=ACCOUNT_NAME, address=HERE, at=NOW)

    assert tries.forget_old(at=NOW + timedelta(hours=2)) == 2
    assert tries.forget_old(at=NOW + timedelta(days=91)) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_are_judged_than_one_after_the_other() -> None:
    found = at_once(*[partial(begin, NOW)] * 12)

    assert [type(one) for one in found if one is not None] == [TooManyTries] * 7
