"""A practice made once for all tests of a module, and put back after each: making it takes longer than most tests.

    @pytest.fixture(scope="module")
    def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
        with kept(django_db_blocker) as one:
            yield one

    @pytest.fixture
    def harbor(once: World) -> Iterator[World]:
        with put_back(once):
            yield once

Not for a module with a test of real transactions, which would wait for this one's.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests import world
from tests.world import World


@contextmanager
def kept(blocker: DjangoDbBlocker) -> Iterator[World]:
    """Let the block use the database, with a practice in it; roll everything back at its end."""
    with blocker.unblock(), transaction.atomic():
        yield world.practice()
        transaction.set_rollback(True)


@contextmanager
def put_back(one: World) -> Iterator[None]:
    """Roll back what the block does."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    for row in (one.practice, one.location, one.clinician):
        row.refresh_from_db()
