"""The dashboard over the demo's office: committed and counted by the database, as an office of that size would be."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from tests import databases
from tests.vca.desk import figures
from vca.core.models import User
from vca.demo.seed import seed

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_tile_of_the_demo_is_the_sum_of_its_list() -> None:
    now = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)
    with time_machine.travel(now):
        demo, _ = seed(now=now)
        databases.analyze()
        client = Client()
        client.force_login(User.objects.get(email="administrator@demo.example"))
        found = [figures.compare(client, place) for place in ("", *demo.locations.values_list("pk", flat=True))]
    assert all(figures.money(one) > 0 for one in found)
