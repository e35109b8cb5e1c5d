"""The export of claims: a row for each claim of the practice that was asked for, and one event on the audit trail."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
import time_machine

from billing.models import Claim
from billing.services import claims, exports, submissions
from referrals.models import VeteranFacts
from tests import world
from tests.world import NOW, World
from vca.core import jobs
from vca.core.models import AuditEvent

pytestmark = pytest.mark.both


def drafted(place: World, last_name: str) -> Claim:
    authorization = world.authorization(place, last_name=last_name)
    made = [world.completed(place, authorization, at=NOW - timedelta(days=days)) for days in (2, 1)]
    return claims.draft(visit_ids=[one.pk for one in made], by=place.by, at=NOW)[0]


def sent(place: World, last_name: str) -> Claim:
    claim = drafted(place, last_name)
    claims.make_ready(claim=claim, by=place.by, at=NOW)
    with time_machine.travel(NOW):
        jobs.run(submissions.ask(by=place.by).pk)
    return claim


def rows(text: str) -> list[list[str]]:
    head, *found = csv.reader(StringIO(text))
    assert tuple(head) == exports.HEAD
    return found


def test_row_says_what_was_sent_when_and_in_which_batch(harbor: World) -> None:
    claim = sent(harbor, "Gull")

    ((*said,),) = rows(exports.as_csv(by=harbor.by))

    assert said == [
        *(claim.control_number, "SENT", "GULL, Alex", claim.referral.number, "Main", "2024-04-09", "2024-04-10"),
        *("2024-04-11", "2024-04-11", "1", "900.00"),
    ]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["GULL, Alex", "HERON, Alex"]),
        ({"state": "DRAFT"}, ["HERON, Alex"]),
        ({"state": "ALL"}, ["GULL, Alex", "HERON, Alex"]),
        ({"words": "gul", "state": "DRAFT"}, ["GULL, Alex"]),
        ({"words": "nobody"}, []),
    ],
)
def test_export_holds_what_was_asked_for_and_is_recorded(
    harbor: World, asked: dict[str, str], names: list[str]
) -> None:
    sent(harbor, "Gull")
    drafted(harbor, "Heron")
    drafted(world.practice("lake"), "Heron")

    found = [row[2] for row in rows(exports.as_csv(by=harbor.by, **asked))]

    event = AuditEvent.objects.get(action="claims.exported")
    mine = Claim.objects.filter(practice=harbor.practice).select_related("veteran__current")
    whose = sorted(one.veteran_id for one in mine if f"{one.veteran.facts.last_name},".upper() in " ".join(names))
    chosen = {"state": asked.get("state", ""), "location": None, "searched": "words" in asked}
    said = {"claims": len(names), **chosen, **({"veterans": whose} if whose else {})}
    assert (found, event.changes) == (names, said)


def test_what_a_spreadsheet_would_run_is_text(harbor: World) -> None:
    drafted(harbor, "Gull")
    VeteranFacts.objects.update(last_name="=cmd", first_name="")

    assert [row[2] for row in rows(exports.as_csv(by=harbor.by))] == ["'=CMD"]
