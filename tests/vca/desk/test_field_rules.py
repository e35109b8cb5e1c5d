"""Who sees which field where: one table of field, surface and role, held against everything that answers.

In each field stands something that stands nowhere else. Every page, every address of the API, every table that can be
saved, every file and the search is asked in every role, and the answers are searched. Source: 45 CFR 164.502(b).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from billing.services import charges, claims, paper_claims, submissions
from referrals.models import FactSource
from referrals.services import holds, referrals, veterans, visits
from referrals.services.visits import Plan, Planned
from tests import world
from tests.access.scene import NO_ROWS, PLACES, Id, rows_of
from tests.access.scene import address as address_of
from tests.world import NOW, World
from vca.core import access, jobs
from vca.core.models import Job, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both]

EVERYBODY = frozenset(Role)
MONEY = frozenset({Role.BILLER, Role.ADMINISTRATOR})
TREATS = EVERYBODY - {Role.BILLER, Role.FRONT_DESK}
# What stands in each field, in every way in which it may be written.
CANARIES = {
    "ICN": ("1012999999V654321",),
    "EDIPI": ("1987654321",),
    "SSN": ("900417733", "900-41-7733"),
    "price": ("7,319.37", "7319.37", "731937"),
    "diagnosis": ("F43.12", "F4312"),
    "drug": ("Zolamine",),
    "dose": ("37.531",),
    "diagnosis of a cancelled visit": ("F43.11", "F4311"),
    "drug of a cancelled visit": ("Nevergiven",),
    "legal hold": ("Marigold inquiry",),
}
# Identifiers are for who files with them, and then on asking, or in a claim, which carries the first one that there is.
# Money is for who files. What is clinical and on a claim is for who treats and who files; the rest for who treats.
SEEN = {
    ("ICN", "reveal"): MONEY,
    ("EDIPI", "reveal"): MONEY,
    ("SSN", "reveal"): MONEY,
    ("ICN", "reveal by API"): MONEY,
    ("EDIPI", "reveal by API"): MONEY,
    ("SSN", "reveal by API"): MONEY,
    ("ICN", "file"): MONEY,
    ("price", "page"): MONEY,
    ("price", "table"): MONEY,
    ("price", "json"): MONEY,
    ("price", "file"): MONEY,
    ("diagnosis", "page"): MONEY | {Role.CLINICIAN},
    ("diagnosis", "json"): EVERYBODY - {Role.FRONT_DESK},
    ("diagnosis", "file"): MONEY,
    ("drug", "page"): MONEY | {Role.CLINICIAN},
    ("drug", "json"): EVERYBODY - {Role.FRONT_DESK},
    ("dose", "page"): MONEY | {Role.CLINICIAN},
    ("dose", "json"): EVERYBODY - {Role.FRONT_DESK},
    ("dose", "file"): MONEY,
    ("diagnosis of a cancelled visit", "page"): {Role.CLINICIAN, Role.ADMINISTRATOR},
    ("diagnosis of a cancelled visit", "json"): TREATS,
    ("drug of a cancelled visit", "page"): {Role.CLINICIAN, Role.ADMINISTRATOR},
    ("drug of a cancelled visit", "json"): TREATS,
    ("legal hold", "page"): {Role.ADMINISTRATOR},
}
REVEALS = {"reveal_identifiers": "reveal", "api_identifiers": "reveal by API"}
FILES = {"document", "api_document"}
EXPORTS = ("export_claims", "export_submissions", "export_dashboard")


@dataclass(frozen=True)
class Scene:
    """A practice with something in every field; ``ids`` by the name of the place in an address, several of some."""

    place: World
    ids: dict[str, list[Id]]
    people: dict[Role, tuple[User, str]]


def drug(one: World, authorization: Any, name: str) -> Planned:
    return Planned(
        world.line(authorization).pk, one.clinician.pk, "J3490", drug_name=name, ndc="00409205110", ndc_unit="ML",
        ndc_quantity=Decimal("37.531"),
    )  # fmt: skip


def fill(one: World) -> dict[str, list[Id]]:
    """Fill every field, and make what can be asked for."""
    charges.set_price(code="J3490", amount=Decimal("7319.37"), valid_from=date(2024, 1, 1), by=one.by)
    icn, edipi, ssn = (CANARIES[name][0] for name in ("ICN", "EDIPI", "SSN"))
    authorization = world.authorization(one, icn=icn, last_name="Canary")
    veteran = authorization.veteran
    veterans.change(veteran=veteran, facts={"edipi": edipi, "ssn": ssn}, source=FactSource.VA, by=one.by, at=NOW)
    made = [_visit(one, authorization, "Zolamine", "F4312", day) for day in (1, 2, 3)]
    for visit in made:
        visits.check_in(visit=visit, by=one.by, at=NOW)
    for visit in made[:2]:
        visits.complete(visit=visit, by=one.by, at=NOW)
    never = _visit(one, authorization, "Nevergiven", "F4311", 0)
    visits.cancel(visit=never, reason="", by=one.by, at=NOW)
    holds.place(veteran=veteran, matter="Marigold inquiry", reason="A letter", by=one.by, at=NOW)
    claim, *_ = claims.draft(visit_ids=[made[0].pk], by=one.by, at=NOW)
    claims.make_ready(claim=claim, by=one.by, at=NOW)
    written = [_done(paper_claims.ask([claim.pk], with_form=False, by=one.by)), _done(submissions.ask(by=one.by))]
    referrals.change_details(
        referral=authorization.referral, facts={"provisional_diagnosis": "F332"}, home=one.location, by=one.by
    )
    return {
        "veteran_id": [veteran.pk],
        "authorization_id": [authorization.pk],
        "referral_id": [authorization.referral.pk],
        "service_id": [world.line(authorization).pk],
        "visit_id": [*(visit.pk for visit in made), never.pk],
        "claim_id": [claim.pk],
        "job_id": [job.pk for job in written],
        "document_id": [job.result_id for job in written],
        "submission_id": [claim.submitted.get().submission_id],
    }


def _visit(one: World, authorization: Any, name: str, diagnosis: str, day: int) -> Any:
    plan = Plan(
        *(authorization, one.location, NOW - timedelta(days=day), [drug(one, authorization, name)], (diagnosis,))
    )
    return visits.book(plan=plan, by=one.by, at=NOW - timedelta(days=7))


def _done(job: Job) -> Job:
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        one = world.practice()
        owner = world.person(one, Role.ADMINISTRATOR, email="owner@example.org")
        ids = {name: [value] for name, value in rows_of(one, owner=owner).items()}
        for name, values in fill(one).items():
            ids[name] += values
        somebody = {}
        for role in Role:
            user = world.person(one, role)
            _, token = people.issue_token(user=user, name="x", by=one.by, at=NOW)
            somebody[role] = (user, token)
        yield Scene(one, ids, somebody)
        transaction.set_rollback(True)


def addresses(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield name and address of everything that can be asked for, for each of the rows that an address may name."""
    for name, named in PLACES.items():
        if NO_ROWS & {*named}:
            continue
        for number in range(max((len(scene.ids[one]) for one in named), default=1)):
            yield name, address_of(name, {one: scene.ids[one][number % len(scene.ids[one])] for one in named})


def answers(scene: Scene, role: Role) -> Iterator[tuple[str, str, str]]:
    """Yield surface, name of the address and text of each answer that somebody in that role gets."""
    user, token = scene.people[role]
    client, api = Client(), Client(headers={"Authorization": f"Bearer {token}"})
    client.force_login(user)
    for name, address in addresses(scene):
        if name in ("api_unknown", "api_schema", "sign_out"):
            continue
        by_api = name.startswith("api_")
        post = name == "reveal_identifiers"
        answer: Any = client.post(address) if post else (api if by_api else client).get(address)
        surface = REVEALS.get(name) or ("file" if name in FILES else "json" if by_api else "page")
        yield surface, name, text_of(answer)
    for name in EXPORTS:
        yield "table", name, text_of(client.post(reverse(name)))
    for words in ("Canary", *(written for some in CANARIES.values() for written in some)):
        # The page shows the words that were searched for: what was found is what stands beside them.
        found = text_of(client.post(reverse("veterans"), {"q": words}))
        yield "search", words, found.replace(words, "")


def text_of(answer: Any) -> str:
    """Return what an answer says, as far as it is one; of a PDF its words."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.status_code != 200:
        return ""
    if content.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return str(content.decode())


def seen_by(scene: Scene, role: Role) -> dict[tuple[str, str], list[str]]:
    """Return by field and surface the addresses at which somebody in that role sees it."""
    found: dict[tuple[str, str], list[str]] = {}
    for surface, name, text in answers(scene, role):
        for field, written in CANARIES.items():
            if any(one in text for one in written):
                found.setdefault((field, surface), []).append(name)
    return found


@pytest.mark.parametrize("role", Role)
def test_role_sees_these_fields_here_and_nowhere_else(scene: Scene, role: Role) -> None:
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        found = seen_by(scene, role)
        transaction.set_rollback(True)

    assert found.keys() == {where for where, roles in SEEN.items() if role in roles}, found


def test_money_would_be_found_if_the_guard_were_gone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "require", lambda by, permission: None)
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        found = seen_by(scene, Role.NURSE)
        transaction.set_rollback(True)

    assert {("price", "page"), ("ICN", "reveal"), ("ICN", "file")} <= found.keys()
