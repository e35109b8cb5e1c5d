"""The ledger of visits under random acts: see ledger_machine."""

from unittest.mock import patch

import pytest
from django.db import IntegrityError
from django.db.models import Q
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from referrals.services import ledger
from tests import world
from tests.referrals.services.ledger_machine import LedgerMachine

pytestmark = [pytest.mark.django_db, pytest.mark.both]
RANDOM_ACTS = settings(max_examples=30, stateful_step_count=25, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def harbor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LedgerMachine, "harbor", world.practice(), raising=False)


def test_ledger_counts_what_a_model_counts() -> None:
    run_state_machine_as_test(LedgerMachine, settings=RANDOM_ACTS)


def test_ledger_that_does_not_look_for_room_is_found_out() -> None:
    no_shrinking = settings(RANDOM_ACTS, phases=[Phase.generate], database=None)

    with patch.object(ledger, "HAS_ROOM", Q(pk__gt=0)), pytest.raises(IntegrityError):
        run_state_machine_as_test(LedgerMachine, settings=no_shrinking)
