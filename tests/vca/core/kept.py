"""A practice made once for all tests of a module, and put back after each: making it takes longer than most tests.

The fixtures ``once`` and ``harbor`` of tests/conftest.py are made of it.

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
