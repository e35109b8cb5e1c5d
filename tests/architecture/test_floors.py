"""Law 3: billing and the desk read the rows of referrals and never write them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from billing.domain.states import ClaimState
from billing.services import claims, submissions
from referrals.models import Referral
from tests import world
from tests.world import NOW
from vca.core import jobs

pytestmark = [pytest.mark.django_db, pytest.mark.both]

WRITE = re.compile(r'\s*(INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+"?referrals_', re.IGNORECASE)


class WroteReferrals(AssertionError):
    """A statement wrote a table of referrals."""


@contextmanager
def referrals_are_read_only() -> Iterator[None]:
    """Fail on any write to a table of referrals."""

    def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITE.match(sql):
            raise WroteReferrals(sql[:120])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(guard):
        yield


@time_machine.travel(NOW, tick=True)
def test_billing_services_write_no_row_of_referrals() -> None:
    harbor = world.practice()
    authorization = world.authorization(harbor)
    first, second, third = [
        world.completed(harbor, authorization, at=NOW - timedelta(days=day)).pk for day in (1, 2, 3)
    ]

    with referrals_are_read_only():
        claim, *_ = claims.draft(visit_ids=[first, second], by=harbor.by, at=NOW)
        claims.rebuild(claim=claim, by=harbor.by)
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
        claims.back_to_draft(claim=claim, by=harbor.by)
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
        jobs.run(submissions.ask(by=harbor.by).pk)
        claim.refresh_from_db()
        other, *_ = claims.draft(visit_ids=[third], by=harbor.by, at=NOW)
        claims.close(claim=other, reason="test", by=harbor.by, at=NOW)

    assert (claim.state, other.state) == (ClaimState.SENT, ClaimState.CLOSED)


@pytest.mark.parametrize(
    "write",
    [
        lambda: Referral.objects.update(network="x"),
        lambda: Referral.objects.all()._raw_delete("default"),
        lambda: Referral.objects.bulk_create([Referral(number="VA0000000001")]),
    ],
)
def test_guard_sees_a_write(write: Callable[[], object]) -> None:
    with pytest.raises(WroteReferrals), referrals_are_read_only():
        write()
