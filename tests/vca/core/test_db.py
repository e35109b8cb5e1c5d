"""Money: dollars at two places in Python, whole cents in the database, sums in SQL exact on both databases."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from billing.models import Charge, Submission
from billing.services import charges
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.db import Among
from vca.core.models import Document

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


def priced(harbor: World, amount: str) -> Charge:
    return charges.set_price(code="90999", amount=Decimal(amount), valid_from=TODAY, by=harbor.by)


@pytest.mark.parametrize("amount", ["0.01", "87.50", "1234567.89", "90000000000000.01"])
def test_dollars_come_back_as_they_went(harbor: World, amount: str) -> None:
    price = priced(harbor, amount)

    price.refresh_from_db()

    assert str(price.amount) == amount


def test_database_holds_whole_cents(harbor: World) -> None:
    price = priced(harbor, "87.50")

    with connection.cursor() as cursor:
        cursor.execute("SELECT amount FROM billing_charge WHERE id = %s", [price.pk])
        assert cursor.fetchone() == (8750,)


def test_amounts_are_found_by_dollars(harbor: World) -> None:
    price = priced(harbor, "87.51")

    assert list(Charge.objects.filter(amount__gt=Decimal("87.50"), amount__lt=Decimal("87.52"))) == [price]


def test_float_is_refused(harbor: World) -> None:
    with pytest.raises(TypeError, match="money is never a float"):
        Charge.objects.filter(amount=87.5).first()


def submission(harbor: World, number: int, total: str) -> Submission:
    """Return a claim file of that total: the one amount that no constraint keeps above zero."""
    document = Document.objects.create(practice=harbor.practice, kind="claims_837p", sha256=str(number), size=1)
    numbers = dict.fromkeys(("batch_number", "interchange_control_number", "group_control_number"), number)
    facts = {
        "claim_count": 1,
        "usage": "T",
        "receiver_id": "X",
        "sent_at": NOW,
        "created_at": NOW,
        "total_charge": Decimal(total),
    }
    return Submission.objects.create(practice=harbor.practice, document=document, **numbers, **facts)


def test_ten_dimes_less_a_dollar_are_nothing(harbor: World) -> None:
    for number, total in enumerate(["0.10"] * 10 + ["-1.00"]):
        submission(harbor, number, total)

    total = Submission.objects.aggregate(total=Sum("total_charge"))["total"]

    assert (total, str(total)) == (0, "0.00")


def test_floats_would_not_have_been_exact() -> None:
    assert sum([0.10] * 10) - 1.00 != 0


def test_sum_over_no_rows_is_not_zero_dollars() -> None:
    assert Submission.objects.aggregate(total=Sum("total_charge")) == {"total": None}


def test_sums_are_compared_in_dollars(harbor: World) -> None:
    for number in range(3):
        submission(harbor, number, "0.10")

    above = Submission.objects.values("practice").annotate(total=Sum("total_charge")).filter(total__gte=Decimal("0.30"))

    assert [row["total"] for row in above] == [Decimal("0.30")]


@pytest.mark.parametrize("count", [0, 1, 70_000])
def test_rows_among_many_ids_are_found_by_one_parameter(harbor: World, count: int) -> None:
    kept, _ = priced(harbor, "1.00"), priced(harbor, "2.00")
    ids = [kept.pk, *range(10**9, 10**9 + count - 1)][:count]

    with CaptureQueriesContext(connection) as asked:
        found = list(Charge.objects.filter(Among("id", ids)).values_list("pk", flat=True))

    assert found == [kept.pk][:count]
    assert len(asked) == 1
