"""Law 3: billing and the desk never write the rows of referrals; the desk writes the audit of an export alone."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing.domain.states import ClaimState
from billing.services import claims, submissions
from referrals.models import Referral
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Alert
from vca.core.services import people
from vca.core.vocabulary import Role
from vca.desk import urls

pytestmark = [pytest.mark.django_db, pytest.mark.both]

WRITE = re.compile(r'\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+"?(\w+)', re.IGNORECASE)


class WroteReferrals(AssertionError):
    """A statement wrote a table of referrals."""


@contextmanager
def told_of_writes(tell: Callable[[str], object]) -> Iterator[None]:
    """Tell the table of each statement that writes one, before it runs."""

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if written := WRITE.match(sql):
            tell(written.group(1))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield


def refuse_referrals(table: str) -> None:
    """Raise WroteReferrals for a table of referrals."""
    if table.startswith("referrals_"):
        raise WroteReferrals(table)


@time_machine.travel(NOW, tick=True)
def test_billing_services_write_no_row_of_referrals() -> None:
    harbor = world.practice()
    authorization = world.authorization(harbor)
    first, second, third = [
        world.completed(harbor, authorization, at=NOW - timedelta(days=day)).pk for day in (1, 2, 3)
    ]

    with told_of_writes(refuse_referrals):
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
    with pytest.raises(WroteReferrals), told_of_writes(refuse_referrals):
        write()


def asked_of_the_desk(harbor: World) -> Iterator[tuple[str, str, list[int]]]:
    """Yield method, name and arguments of each address of the desk."""
    authorization = world.authorization(harbor)
    world.completed(harbor, authorization, at=NOW - timedelta(days=1))
    about = ("authorization_ending", "AUTH-01", "authorization", authorization.pk)
    alerts.raise_alert(
        Reached(*about, (60,), TODAY.isoformat(), "test", TODAY, harbor.location.pk), by=harbor.by, at=NOW
    )
    alert = Alert.objects.get()
    known = {"authorization_id": authorization.pk, "veteran_id": authorization.veteran_id, "alert_id": alert.pk}
    known["location_id"] = harbor.location.pk
    for one in urls.urlpatterns:
        method = "post" if str(one.name).startswith("export_") else "get"
        yield method, str(one.name), [known[place] for place in one.pattern.converters]


@time_machine.travel(NOW, tick=True)
def test_desk_writes_nothing_but_the_audit_trail() -> None:
    harbor = world.practice()
    user = world.person(harbor, Role.ADMINISTRATOR)
    for role in set(Role) - {Role.ADMINISTRATOR}:
        people.give_role(user=user, role=role, by=harbor.by)
    client = Client()
    client.force_login(user)
    written: dict[str, tuple[int, set[str]]] = {}
    for method, name, ids in list(asked_of_the_desk(harbor)):
        found: set[str] = set()
        with told_of_writes(found.add):
            answer = getattr(client, method)(reverse(name, args=ids))
        written[name] = (answer.status_code, found - {"core_auditevent", "core_mention"})

    assert written == {name: (200, set()) for name in written}
