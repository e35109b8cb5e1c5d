"""The four cases in which a widely used system miscounts authorized visits, through our services and on our pages.

What it says was measured with its own SQL in November 2026; docs/benchmarks.md has the table. It sums up charges, so
that its count hangs on clock times, on deleted rows and on what was typed into a code box. Ours counts visits given;
what is billed stands beside it, in a column of its own.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.models import Claim
from billing.services import claims, submissions
from referrals import queries
from referrals.models import Authorization, Visit
from referrals.services import visits
from tests import world
from tests.world import World
from vca.core import jobs
from vca.core.models import User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

PORTLAND = ZoneInfo("America/Los_Angeles")
LAST_DAY = date(2024, 5, 27)
NOON = datetime(2024, 5, 20, 12, 0, tzinfo=PORTLAND)
SHOWN = re.compile(r'data-label="(Held|Used|Left|Billed)">(?:<strong[^>]*>)?(\d+)')


@pytest.fixture(autouse=True)
def may() -> Iterator[None]:
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    """Six visits of one line, through LAST_DAY."""
    return world.authorization(harbor, visits=6, expiration_date=LAST_DAY)


def signed_in(harbor: World, role: Role) -> Client:
    user = User.objects.create_user(f"{uuid4().hex}@example.org", name="Person")
    people.give_role(user=user, role=role, by=harbor.by)
    client = Client()
    client.force_login(user)
    return client


def counts(harbor: World, authorization: Authorization) -> dict[str, int]:
    """Return what the authorization's page shows, after the list has shown the same and the ledger has agreed."""
    client = signed_in(harbor, Role.ADMINISTRATOR)
    page, listed = (
        {name: int(number) for name, number in SHOWN.findall(client.get(url).content.decode())}
        for url in (reverse("authorization", args=[authorization.pk]), reverse("authorizations") + "?view=all")
    )
    assert {name: page[name] for name in listed} == listed
    assert list(queries.miscounted(harbor.by)) == []
    return page


def bill(harbor: World, *given: Visit) -> Claim:
    (claim,) = claims.draft(visit_ids=[visit.pk for visit in given], by=harbor.by, at=NOON)
    return claim


def send(harbor: World, claim: Claim) -> None:
    claims.make_ready(claim=claim, by=harbor.by, at=NOON)
    jobs.run(submissions.ask(by=harbor.by).pk)


@pytest.mark.parametrize("hour", [0, 14, 23])
def test_visit_at_any_hour_of_the_last_day_counts_once(harbor: World, authorization: Authorization, hour: int) -> None:
    at = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, hour, tzinfo=PORTLAND)

    with time_machine.travel(at):
        world.completed(harbor, authorization, at=at)
        assert counts(harbor, authorization) == {"Held": 0, "Used": 1, "Left": 5, "Billed": 0}


def test_removed_charge_is_billed_no_more_and_the_visit_counts_until_it_is_struck(
    harbor: World, authorization: Authorization
) -> None:
    removed, kept = (world.completed(harbor, authorization, at=NOON - timedelta(days=days)) for days in (1, 2))
    claim = bill(harbor, removed)
    send(harbor, bill(harbor, kept))

    claims.close(claim=claim, reason="charge removed", by=harbor.by, at=NOON)
    assert counts(harbor, authorization) == {"Held": 0, "Used": 2, "Left": 4, "Billed": 1}

    visits.void(visit=removed, reason="it never was", by=harbor.by, at=NOON)
    assert counts(harbor, authorization) == {"Held": 0, "Used": 1, "Left": 5, "Billed": 1}


def test_struck_copy_of_a_visit_counts_no_second_time(harbor: World, authorization: Authorization) -> None:
    plan = world.plan(harbor, authorization, at=NOON)
    visit, copy = (visits.walk_in(plan=plan, by=harbor.by, at=NOON) for _ in range(2))
    assert counts(harbor, authorization)["Used"] == 2

    visits.void(visit=copy, reason="entered twice", by=harbor.by, at=NOON)
    visits.complete(visit=visit, by=harbor.by, at=NOON)
    assert counts(harbor, authorization) == {"Held": 0, "Used": 1, "Left": 5, "Billed": 0}


def test_closed_copy_of_a_claim_bills_a_visit_no_second_time(harbor: World, authorization: Authorization) -> None:
    visit = world.completed(harbor, authorization, at=NOON)

    claims.close(claim=bill(harbor, visit), reason="drafted twice", by=harbor.by, at=NOON)
    send(harbor, bill(harbor, visit))

    assert Claim.objects.count() == 2
    assert counts(harbor, authorization) == {"Held": 0, "Used": 1, "Left": 5, "Billed": 1}


def test_several_codes_on_one_line_count_one_visit(harbor: World, authorization: Authorization) -> None:
    plan = world.plan(harbor, authorization, at=NOON)
    services = [visits.Planned(plan.services[0].service_id, harbor.clinician.pk, code) for code in ("96365", "96366")]
    visit = visits.walk_in(
        plan=visits.Plan(authorization, harbor.location, NOON, services, ("F332",)), by=harbor.by, at=NOON
    )
    visits.complete(visit=visit, by=harbor.by, at=NOON)
    claim = bill(harbor, visit)
    send(harbor, claim)

    assert sorted(claim.lines.values_list("code", flat=True)) == ["96365", "96366"]
    assert counts(harbor, authorization) == {"Held": 0, "Used": 1, "Left": 5, "Billed": 1}


def test_two_codes_in_one_box_are_refused_and_nothing_counts(harbor: World, authorization: Authorization) -> None:
    client = signed_in(harbor, Role.FRONT_DESK)
    line = world.line(authorization)
    service = {"service": line.pk, "clinician": harbor.clinician.pk, "code": "96365,96366", "units": 1}
    form: dict[str, Any] = {f"services-0-{name}": value for name, value in service.items()}
    form |= {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0}
    form |= {"location": harbor.location.pk, "on": NOON.date(), "at": "14:00"}

    answer = client.post(reverse("book_visit", args=[authorization.pk]), form)

    assert (answer.status_code, Visit.objects.count()) == (422, 0)
    assert counts(harbor, authorization) == {"Held": 0, "Used": 0, "Left": 6, "Billed": 0}
