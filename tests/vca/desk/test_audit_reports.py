"""The two reports on a Veteran say what happened, and nothing else: compared with what random acts have shown.

Sources: 45 CFR 164.312(b); 45 CFR 164.528, accounting of disclosures.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from referrals.models import Veteran
from tests import world
from tests.vca.core.reader import Reader, place_ids, reader
from tests.vca.core.test_reads import shown_in
from tests.world import NOW
from vca.core import access, audit, vocabulary
from vca.core.models import AuditEvent, Practice, User
from vca.core.vocabulary import Family
from vca.desk.queries import audit_reports

pytestmark = pytest.mark.both

ASKED = (
    "claim",
    "veteran",
    "authorization",
    "veterans",
    "api_claim",
    "api_veteran",
    "api_claims",
    "document",
    "claims",
)
ANSWERED, SAVED = "Data answered to a program", "A document was opened or saved"
LEAVES = {**dict.fromkeys(("api_claim", "api_veteran", "api_claims"), ANSWERED), "document": SAVED}
LEAVES["export_claims"] = "Claims saved as a table"


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Reader]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        harbor = world.practice("harbor")
        world.authorization(harbor)
        yield reader(harbor, token="night export")
        transaction.set_rollback(True)


@pytest.fixture
def scene(made: Reader) -> Iterator[Reader]:
    with transaction.atomic():
        yield made
        transaction.set_rollback(True)


def lines(scene: Reader, report: str, veteran: int) -> list[tuple[str, ...]]:
    """Return the lines of a report on paper, the first event on top."""
    answer = scene.page.get(reverse(report, args=[veteran]) + "?paper")
    return [tuple(text for _, text in line) for line in answer.context["lines"]][::-1]


def random_acts(scene: Reader, number: int) -> dict[int, list[str]]:
    """Ask for pages, answers and tables at random; return by Veteran which of them showed something, in order."""
    random, truth = Random(number), dict[int, list[str]]()
    for _ in range(number):
        name = random.choice((*ASKED, "export_claims"))
        answer = scene.ask(name, "POST" if name == "export_claims" else "GET")
        for veteran in shown_in(answer):
            truth.setdefault(veteran, []).append(name)
    return truth


def test_reports_say_what_random_acts_have_shown(scene: Reader) -> None:
    before = {pk: AuditEvent.objects.filter(mentions__veteran_id=pk).count() for pk in veterans()}

    truth = random_acts(scene, 60)

    assert truth.keys() == veterans()
    for pk, names in truth.items():
        left = [name for name in names if name in LEAVES]
        told = [line[2] for line in lines(scene, "disclosures", pk)]
        assert told[len(told) - len(left) :] == [f"{LEAVES[name]} ({where(scene, name)})" for name in left]
        looked = [line[3] for line in lines(scene, "who_looked", pk)]
        # The report itself was looked at once in between.
        assert looked[before[pk] : -1] == [where(scene, name) for name in names]


def veterans() -> set[int]:
    return set(Veteran.objects.values_list("pk", flat=True))


def where(scene: Reader, name: str) -> str:
    """Return what a report calls a route: without what a list shows, with the id in its address."""
    return " ".join([name.removeprefix("api_").removeprefix("export_"), *place_ids(scene, name)])


def test_reports_name_program_person_and_reason(scene: Reader) -> None:
    scene.ask("api_claim")
    veteran = int(scene.mine["veteran_id"])

    looked, left = (lines(scene, report, veteran)[-1] for report in ("who_looked", "disclosures"))

    name = User.objects.get(email="harbor@example.org").name
    when, claim = "11 Apr 2024, 10:00 AM PDT", f"claim {scene.mine['claim_id']}"
    program = f"Program 'night export' of {name}"
    assert looked == (when, program, "Health data given to a program by API", claim, "127.0.0.1", "")
    told = vocabulary.disclosures()["api.read"]
    assert left == (when, program, f"Data answered to a program ({claim})", told.why, program)


def test_reason_of_emergency_access_stands_in_the_place_of_the_usual_one(scene: Reader) -> None:
    veteran, reason = int(scene.mine["veteran_id"]), "Somebody collapsed."
    by = access.acting_for(Practice.objects.get(), what="test")
    for one in (replace(by, reason=reason), by):
        audit.record(by=one, action="document.read", subject="document 1", veterans=[veteran])

    told = vocabulary.disclosures()["document.read"].why
    assert [line[3] for line in lines(scene, "disclosures", veteran)][-2:] == [reason, told]


def test_table_holds_what_the_page_shows_and_is_recorded(scene: Reader) -> None:
    veteran = int(scene.mine["veteran_id"])
    scene.ask("claim")
    shown = lines(scene, "disclosures", veteran)

    answer = scene.page.post(reverse("export_disclosures", args=[veteran]))

    head, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert (tuple(head), [tuple(row) for row in rows][::-1]) == (audit_reports.DISCLOSED_HEAD, shown)
    event = AuditEvent.objects.latest("pk")
    told = {"report": "disclosed", "lines": len(rows), "veterans": [veteran]}
    assert (event.action, event.changes) == ("report.exported", told)


def test_every_kind_that_leaves_the_house_is_a_kind_of_event() -> None:
    assert vocabulary.disclosures().keys() <= vocabulary.kinds(Family.AUDIT).keys()
