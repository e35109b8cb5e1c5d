"""A page asks the database as often for thirty rows as for one: every list page, every detail page, every API list.

Two practices are made by the services, one with one of each thing, the other with thirty; both are rolled back at the
end. That the rows are really on the page is counted too, by a mark that stands once in each of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from billing.models import Claim
from billing.services import charges, claims, submissions
from billing.views import lists
from referrals import queries as referral_queries
from referrals.domain.states import LimitKind
from referrals.models import Authorization, FactSource, Veteran, VeteranFacts
from referrals.services import amendments, veterans, watch
from referrals.services.amendments import Limit
from tests import world
from tests.billing.claims import npi_of
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.models import User
from vca.core.services import parameters, people, practices
from vca.core.vocabulary import Role
from vca.desk.queries import alerts as alert_queries

pytestmark = pytest.mark.both

MANY = 30
EARLY = {"referral_date": date(2024, 1, 2), "expiration_date": date(2024, 5, 27)}
DAY = timedelta(days=1)
SHOWN_FILES = 5


@dataclass(frozen=True)
class House:
    """A practice with so many of each thing, an administrator signed in to its pages, and a token of theirs."""

    page: Client
    api: Client
    authorization: int
    referral: int
    veteran: int
    claim: int

    def answer(self, path: str) -> tuple[int, str]:
        """Return how many queries the second of two equal requests makes, and what it says."""
        client = self.api if path.startswith("/api/") else self.page
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            answer: Any = client.get(path)
        assert answer.status_code == 200, path
        return len(seen), answer.content.decode()


def house(code: str, count: int) -> House:
    place = world.practice(code)
    user = User.objects.create_user(f"{code}@example.org", name="Person")
    people.give_role(user=user, role=Role.ADMINISTRATOR, by=place.by)  # alerts are raised to somebody
    usual(place, count)
    files(place, min(count, SHOWN_FILES))
    waiting_claims(place, count)
    queue(place, count)
    settings(place, count)
    tokens = [people.issue_token(user=user, name="test", by=place.by, at=NOW)[1] for _ in range(count)]
    page = Client()
    page.force_login(user)
    busy = busy_authorization(place, count)
    known = faithful_veteran(place, count)
    long = long_claim(place, busy)
    return House(
        page, Client(headers={"Authorization": f"Bearer {tokens[0]}"}), busy.pk, busy.referral_id, known, long.pk
    )


def usual(place: World, count: int) -> None:
    """Make authorizations with a visit booked today, one to bill and one on a draft."""
    made = [world.authorization(place, **EARLY) for _ in range(count)]
    for number, one in enumerate(made):
        world.booked(place, one)
        billed = world.completed(place, one, at=NOW - number * DAY - DAY)
        world.completed(place, one, at=NOW - DAY)
        claims.draft(visit_ids=[billed.pk], by=place.by, at=NOW)
    for name, value in (("authorization-ending-days", "60"), ("visits-left", "10")):
        told = {"valid_from": TODAY, "source": "test", "verified_on": None}
        parameters.set_value(name=name, value=value, by=place.by, **told)
    alerts.raise_each(watch.due(made, today=TODAY, by=place.by), by=place.by, at=NOW)


def files(place: World, count: int) -> None:
    """Write as many files of one claim each."""
    for _ in range(count):
        visit = world.completed(place, world.authorization(place), at=NOW - DAY)
        (claim,) = claims.draft(visit_ids=[visit.pk], by=place.by, at=NOW)
        claims.make_ready(claim=claim, by=place.by, at=NOW)
        jobs.run(submissions.ask(by=place.by).pk)


def waiting_claims(place: World, count: int) -> None:
    """Make claims ready, and as many that a rule then blocks."""
    for blocked in (False, True):
        for _ in range(count):
            visit = world.completed(place, world.authorization(place), at=NOW - DAY)
            (claim,) = claims.draft(visit_ids=[visit.pk], by=place.by, at=NOW)
            claims.make_ready(claim=claim, by=place.by, at=NOW)
            if blocked:
                VeteranFacts.objects.filter(veteran_id=claim.veteran_id).update(date_of_birth=None)


def queue(place: World, count: int) -> None:
    """Receive referrals of which VA then says something else."""
    for _ in range(count):
        number = world.receive(place).referral.number
        world.receive(place, number=number, va_status="X")


def settings(place: World, count: int) -> None:
    """Record places, clinicians, agreements, prices and people."""
    for number in range(count):
        facts = {"name": f"Site {number}", "time_zone": "America/Los_Angeles"}
        site = practices.record_location(facts=facts, by=place.by)
        clinician = world.add_clinician(place.by, npi_of(number), last_name="Render")
        license = {"state": "OR", "number": "1", "valid_from": TODAY, "valid_through": TODAY}
        practices.record_license(clinician=clinician, facts=license, by=place.by)
        dea = {"location": site, "number": "AB1234563", "valid_through": TODAY}
        practices.record_dea(clinician=clinician, facts=dea, by=place.by)
        agreement = {"number": f"B-{number}", "valid_from": date(2023, 1, 1), "valid_through": date(2025, 1, 1)}
        practices.record_agreement(facts=agreement, by=place.by, locations=[site], clinicians=[clinician])
        charges.set_price(code=f"9{number:04}", amount=Decimal(1), valid_from=TODAY, by=place.by)
        person = User.objects.create_user(f"{place.practice.code}-{number}@example.org", name="Person")
        people.give_role(user=person, role=Role.NURSE, by=place.by)


def busy_authorization(place: World, count: int) -> Authorization:
    """Make an authorization with so many completed visits, lines, versions and pending notices."""
    one = world.authorization(place, visits=2 * MANY, **EARLY)
    for number in range(count):
        world.completed(place, one, at=NOW - 2 * DAY - timedelta(minutes=number))
        limit = Limit("Psychotherapy", LimitKind.COUNTED, 6, ("90837",))
        amendments.add_line(authorization=one, limit=limit, by=place.by, at=NOW)
        world.receive(place, number=one.referral.number, va_status=f"X{number}")
    return one


def faithful_veteran(place: World, count: int) -> int:
    """Make a Veteran with so many authorizations, visits and versions of the facts."""
    known = {"icn": "1012999999V654321", "last_name": "Faithful", **EARLY}
    for _ in range(count):
        one = world.authorization(place, **known)
        world.booked(place, one, at=NOW + DAY)
        veterans.change(veteran=one.veteran, facts={"phone": "5035550100"}, source=FactSource.VA, by=place.by, at=NOW)
    return one.veteran_id


def long_claim(place: World, one: Authorization) -> Claim:
    """Draft one claim from all completed visits of an authorization."""
    visit_ids = list(one.visits.values_list("pk", flat=True))
    (claim,) = claims.draft(visit_ids=visit_ids, by=place.by, at=NOW)
    return claim


@dataclass(frozen=True)
class Houses:
    one: House
    many: House


@pytest.fixture(scope="module")
def houses(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Houses]:
    with django_db_blocker.unblock(), time_machine.travel(NOW), transaction.atomic():
        yield Houses(house("lake", 1), house("harbor", MANY))
        transaction.set_rollback(True)


def page(name: str, about: str = "", query: str = "") -> Callable[[House], str]:
    """Return what gives the address of that page in a house; ``about`` names the row that it is of."""
    return lambda house: reverse(name, args=[getattr(house, about)] if about else []) + query


# Name, address, and a mark that stands once in each row.
PAGES = (
    ("today", page("today", query="?all=1"), 'class="visit '),
    ("today's tasks and alerts", page("today"), "<li>"),
    ("tasks", page("tasks"), 'data-label="Due"'),
    ("referrals", page("referrals"), 'data-label="Received"'),
    ("authorizations", page("authorizations", query="?view=all"), 'data-label="Next visit"'),
    ("active authorizations", page("authorizations"), 'data-label="Left"'),
    ("authorization, visits", page("authorization", "authorization"), 'data-label="Services"'),
    ("authorization, lines", page("authorization", "authorization"), 'data-label="Left"'),
    ("claims", page("claims", query="?state=ALL"), 'data-label="Total charge"'),
    ("claims, visits to bill", page("claims"), 'type="checkbox"'),
    ("drafts", page("claims", query="?state=DRAFT"), 'data-label="In its way"'),
    ("ready claims", page("claims", query="?state=READY"), 'data-label="In its way"'),
    ("review of a file", page("review_file"), 'data-label="Made ready"'),
    ("review of paper", page("review_paper"), 'data-label="Made ready"'),
    ("sent by hand", page("sent_by_hand"), 'name="claim"'),
    ("claim", page("claim", "claim"), 'data-label="Charge"'),
    ("veterans", page("veterans"), 'data-label="Born"'),
    ("veteran", page("veteran", "veteran"), "/authorizations/"),
    ("alerts", page("alerts"), "<article"),
    ("dashboard, locations", page("dashboard"), '<option value="'),
    ("visits not billed", page("not_billed"), 'data-label="Expected charge"'),
    ("people", page("people"), 'data-label="Role"'),
    ("practice, agreements", page("practice"), 'data-label="VA facility"'),
    ("practice, clinicians", page("practice"), 'data-label="VA approval"'),
    ("practice, locations", page("practice"), 'data-label="Time zone"'),
    ("tokens", page("tokens"), 'data-label="Ends"'),
    ("prices", page("charges"), "<tr>"),
    ("api: referrals", page("api:api_referrals"), '"affiliation"'),
    ("api: authorizations", page("api:api_authorizations"), '"referral_number"'),
    ("api: visits", page("api:api_visits", "authorization"), '"walk_in"'),
    ("api: notices", page("api:api_notices", "referral"), '"differs_in"'),
    ("api: tasks", page("api:api_tasks"), '"headline"'),
    ("api: alerts", page("api:api_alerts"), '"headline"'),
    ("api: claims", page("api:api_claims"), '"total_charge"'),
    ("api: visits to bill", page("api:api_visits_to_bill"), '"location"'),
    ("api: prices", page("api:api_charges"), '"amount"'),
    ("api: dashboard", page("api:api_dashboard"), '"today"'),
    ("api: locations", page("api:api_locations"), '"time_zone"'),
    ("api: clinicians", page("api:api_clinicians"), '"npi"'),
)


@pytest.mark.parametrize(("address", "mark"), [rest for _, *rest in PAGES], ids=[name for name, *_ in PAGES])
def test_page_asks_as_often_for_thirty_rows_as_for_one(
    houses: Houses, address: Callable[[House], str], mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "JUDGED_AT_ONCE", 2 * MANY)
    monkeypatch.setattr(alert_queries, "SHOWN_AT_ONCE", 2 * MANY)
    few, once = houses.one.answer(address(houses.one))
    many, often = houses.many.answer(address(houses.many))

    assert many == few
    assert often.count(mark) - once.count(mark) >= MANY - 1


def test_a_query_for_each_row_is_found(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    spelled_out = referral_queries.spelled_out

    def with_veteran(row: dict[str, Any]) -> dict[str, Any]:
        return spelled_out(row) | {
            "name": Veteran.objects.select_related("current").get(pk=row["veteran_id"]).facts.display_name
        }

    monkeypatch.setattr(referral_queries, "spelled_out", with_veteran)
    asked = [one.answer(reverse("authorizations")) for one in (houses.one, houses.many)]
    queries, rows = zip(*[(count, said.count('data-label="Next visit"')) for count, said in asked], strict=True)

    assert rows[1] - rows[0] >= MANY - 1
    assert queries[1] - queries[0] == rows[1] - rows[0]
