"""The practice's own prices: each from a day through a day."""

from datetime import date
from decimal import Decimal

import pytest

from billing import queries
from billing.models import Charge
from billing.services import charges
from tests import world
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.both]

CODE = "90999"
JANUARY, JUNE = date(2024, 1, 1), date(2024, 6, 1)


@pytest.fixture
def harbor() -> World:
    return world.practice()


def priced(harbor: World, amount: str, valid_from: date) -> Charge:
    return charges.set_price(code=CODE, amount=Decimal(amount), valid_from=valid_from, by=harbor.by)


def price(harbor: World, on: date) -> Decimal | None:
    found = queries.prices_in_force(harbor.by, {(CODE, on)}).get((CODE, on))
    return found.amount if found else None


@pytest.mark.parametrize(
    ("on", "amount"),
    [
        (date(2023, 12, 31), None),
        (JANUARY, Decimal("100.00")),
        (date(2024, 5, 31), Decimal("100.00")),
        (JUNE, Decimal("120.50")),
        (date(2030, 1, 1), Decimal("120.50")),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
def test_price_is_in_force_from_its_first_day(harbor: World, forward: bool, on: date, amount: Decimal | None) -> None:
    both = [("100", JANUARY), ("120.50", JUNE)]
    for one, valid_from in both if forward else both[::-1]:
        priced(harbor, one, valid_from)

    assert price(harbor, on) == amount


def test_price_before_ends_the_day_before(harbor: World) -> None:
    first = priced(harbor, "100", JANUARY)

    priced(harbor, "120", JUNE)

    first.refresh_from_db()
    assert first.valid_through == date(2024, 5, 31)


def test_price_set_again_from_the_same_day_is_corrected(harbor: World) -> None:
    first = priced(harbor, "100", JANUARY)

    again = priced(harbor, "110", JANUARY)

    assert (again, price(harbor, JANUARY)) == (first, Decimal("110.00"))


def test_price_is_of_one_practice(harbor: World) -> None:
    lake = world.practice("lake")
    priced(harbor, "100", JANUARY)

    assert price(lake, JANUARY) is None
