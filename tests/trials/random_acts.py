"""Random acts on the ledger of visits, one after the other, beside a model: tests.referrals.services.ledger_machine."""

from collections.abc import Iterator
from unittest.mock import patch

from django.db import DatabaseError
from django.db.models import Q
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from referrals.services import ledger
from tests import databases, world
from tests.referrals.services.ledger_machine import LedgerMachine
from tests.trials.registry import Outcome, trial

TEN = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def found_out(number: int) -> bool:
    """Make ten random sequences of acts, which the number gives; tell whether one left the model."""
    machine = seed(number)(type("Machine", (LedgerMachine,), {}))
    try:
        run_state_machine_as_test(machine, settings=TEN)
    except (AssertionError, DatabaseError):
        return True
    return False


@trial(
    "random-acts",
    alone=False,
    full=300,
    ci=3,
    control=0.95,
    needs=(),
    claim="10 x 25 random acts on two lines: counters, refusals and ledger are those of a model of 30 lines",
)
def random_acts(n: int, *, start: int) -> Iterator[Outcome]:
    """The control draws without a look at the room that is left."""
    databases.empty()
    LedgerMachine.harbor = world.practice()
    for number in range(start, n):
        kept, broke = not found_out(number), None
        if number % 10 == 0:
            with patch.object(ledger, "HAS_ROOM", Q(pk__gt=0)):
                broke = found_out(number)
        yield Outcome(kept, control_broke=broke)
    databases.empty()
