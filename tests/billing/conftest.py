"""What tests of billing's pages stand on: a moment that stands still, and a biller who is signed in."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client

from tests import world
from tests.vca.core.kept import put_back
from tests.world import NOW, World
from vca.core.vocabulary import Role


@pytest.fixture
def moment() -> datetime:
    """Return when it is; a module that plays later says so by a fixture of its own."""
    return NOW


@pytest.fixture
def harbor(once: World, moment: datetime) -> Iterator[World]:
    """Return the practice at that moment, and put it back afterwards."""
    with time_machine.travel(moment, tick=False), put_back(once):
        yield once


@pytest.fixture
def biller(harbor: World) -> Client:
    """Return a browser in which a biller is signed in."""
    client = Client()
    client.force_login(world.person(harbor, Role.BILLER))
    return client
