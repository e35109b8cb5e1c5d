"""How much one person may read, reveal and export within an hour: whoever carries everything away is slowed down.

Source: OWASP ASVS 5.0.0, 2.4.1, anti-automation.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from tests import world
from tests.access.scene import address
from tests.vca.core.api.caller import kept
from tests.vca.core.reader import Reader, reader
from tests.world import NOW, World
from vca.core import audit, vocabulary
from vca.core.access import Actor
from vca.core.models import AuditEvent
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

HOUR = timedelta(hours=1)
# What is asked for, how, and the event that is counted.
COUNTED = [
    ("veteran", "GET", "page.read"),
    ("veterans", "POST", "page.read"),
    ("api_veteran", "GET", "api.read"),
    ("api_identifiers", "GET", "veteran.identifiers_revealed"),
    ("reveal_identifiers", "POST", "veteran.identifiers_revealed"),
    ("document", "GET", "document.read"),
    ("api_document", "GET", "document.read"),
    ("export_claims", "POST", "claims.exported"),
    ("export_submissions", "POST", "submissions.exported"),
    ("export_dashboard", "POST", "dashboard.exported"),
    ("export_who_looked", "POST", "report.exported"),
    ("export_disclosures", "POST", "report.exported"),
]


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[World, Reader]]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        harbor = world.practice("harbor")
        yield harbor, reader(harbor, token="night export")
        transaction.set_rollback(True)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def scene(made: tuple[World, Reader], clock: Any) -> Iterator[Reader]:
    with transaction.atomic():
        yield made[1]
        transaction.set_rollback(True)


@pytest.mark.parametrize(("name", "method", "event"), COUNTED)
def test_after_the_allowed_number_it_is_refused_and_shows_nothing(
    scene: Reader, monkeypatch: pytest.MonkeyPatch, name: str, method: str, event: str
) -> None:
    monkeypatch.setitem(vocabulary._hourly, event, 2)

    first, second, third = (kept(scene.ask(name, method)) for _ in range(3))

    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 429)
    assert (b"ACCESS-14" in third.content, b"wait about 60 minutes" in third.content) == (True, True)
    assert (b"sample" in third.content.lower(), AuditEvent.objects.filter(action=event).count()) == (False, 2)


def test_refusal_of_the_api_has_the_shape_of_its_errors(scene: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vocabulary._hourly, "api.read", 1)

    _, refused = (scene.ask("api_veteran") for _ in range(2))

    assert json.loads(refused.content)["error"].keys() == {"code", "message", "field", "source", "next_act"}


def test_it_goes_on_when_the_first_is_an_hour_old(scene: Reader, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vocabulary._hourly, "api.read", 1)
    told = []

    for later in (timedelta(), HOUR - timedelta(seconds=1), HOUR):
        clock.move_to(NOW + later)
        told.append(scene.ask("api_veteran").status_code)

    assert told == [200, 429, 200]


def test_colleague_is_not_held_up(scene: Reader, made: tuple[World, Reader], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vocabulary._hourly, "page.read", 1)
    colleague = Client()
    colleague.force_login(world.person(made[0], Role.NURSE))

    mine = [scene.ask("veteran").status_code for _ in range(2)]

    assert (mine, colleague.get(address("veteran", scene.mine)).status_code) == ([200, 429], 200)


@pytest.mark.parametrize(("acting_as", "refused"), [("person", True), ("token 1", True), ("job write_837p", False)])
def test_job_that_somebody_asked_for_is_not_counted(
    scene: Reader, made: tuple[World, Reader], monkeypatch: pytest.MonkeyPatch, acting_as: str, refused: bool
) -> None:
    monkeypatch.setitem(vocabulary._hourly, "document.read", 1)
    by = Actor(made[0].practice.pk, world.person(made[0], Role.NURSE).pk, acting_as)

    audit.record(by=by, action="document.read", subject="document 1")
    try:
        audit.record(by=by, action="document.read", subject="document 1")
    except audit.TooOften:
        assert refused
    else:
        assert not refused


def test_every_event_by_which_much_leaves_at_once_is_counted() -> None:
    """What prints or sends claims is not: it is done once for each claim, by the state that the claim is in."""
    known = set(vocabulary.kinds(vocabulary.Family.AUDIT))
    once = {"claims.printed", "submission.by_hand", "submission.taken_back", "submission.written"}
    ways_out = {one for one in known if one.endswith((".exported", "_revealed"))} | set(vocabulary.disclosures()) - once

    assert (set(vocabulary.hourly()) - known, set(vocabulary.hourly()) - {"page.read"}) == (set(), ways_out)
