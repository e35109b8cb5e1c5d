"""What tests of billing's API stand on: a clock that runs from a moment in April, and a biller with a token."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.kept import put_back
from tests.world import NOW, World
from vca.core.vocabulary import Role


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    """Let it be two hours after NOW, and the clock run."""
    with time_machine.travel(NOW + timedelta(hours=2), tick=True):
        yield


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    """Return the practice, and put it back afterwards."""
    with put_back(once):
        yield once


@pytest.fixture
def biller(harbor: World) -> Caller:
    """Return who calls the API as a biller."""
    return caller(harbor, Role.BILLER)
