"""Whose data is shown is recorded: by every page and answer of the API, once, before it leaves; or it is not shown.

The truth is what stands in the answers: names, referral numbers and claim numbers of Veterans. Source: 45 CFR
164.312(b), audit controls; OWASP ASVS 16.3.2 and 16.5.3.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from billing.models import Claim
from billing.services import submissions
from referrals.models import Referral, Veteran, VeteranFacts
from referrals.services import imports
from tests import world
from tests.access.scene import PLACES, Id, rows_of
from tests.vca.core.at_once import in_another_thread
from tests.vca.core.reader import Reader, reader
from tests.world import NOW, World
from vca.core import access, alerts, audit, jobs, policies, sight, vocabulary
from vca.core.alerts import Reached
from vca.core.models import AuditEvent, Mention, OfVeteran, Practice, User
from vca.core.pages import keyset
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

# Routes that show nobody, each with the reason; whatever is not here shows somebody, or the suite is red.
SHOWS_NONE = {
    **dict.fromkeys(("stay", "accept_invitation", "sign_in", "second_factor", "prove", "choose_practice"), "the door"),
    **dict.fromkeys(("factors", "add_app", "add_passkey", "change_password", "choose_digest"), "one's own account"),
    **dict.fromkeys(("practice", "edit_practice", "new_location", "parameter"), "the practice"),
    **dict.fromkeys(("closed_days", "absences"), "no visit is booked on the scene's days"),
    **dict.fromkeys(("new_clinician", "new_license", "new_dea"), "the practice's clinicians"),
    **dict.fromkeys(("new_agreement", "edit_agreement", "charges", "api_charges"), "agreements and prices"),
    **dict.fromkeys(("people", "disable_person", "tokens"), "the practice's people"),
    **dict.fromkeys(("api_locations", "api_clinicians"), "places and clinicians"),
    **dict.fromkeys(("jobs", "job", "api_job"), "kinds of work, counts and names of files"),
    **dict.fromkeys(("dashboard", "api_dashboard"), "sums over everybody"),
    **dict.fromkeys(("submissions", "api_submissions", "api_submission"), "counts, numbers of files, and sums"),
    "api_claim_files": "counts, numbers of files, and sums",
    **dict.fromkeys(("emergency", "new_referral", "import_referrals"), "an empty form"),
    "retention": "nobody is past their time so soon: see tests/referrals/test_retention_pages.py",
    **dict.fromkeys(("api_schema", "api_unknown"), "no data"),
}
# Routes whose answers tell of a Veteran by ids alone: whose they are is known by the referral of the scene.
BY_ID = {"api_acknowledgments", "api_alerts", "api_notices", "api_visit", "api_visits", "api_visits_to_bill"}
BY_ID |= {"api_identifiers"}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Reader]:
    """Two practices with a row of every kind, and somebody with every role; rolled back after the last test."""
    with django_db_blocker.unblock(), time_machine.travel(NOW), transaction.atomic():
        rows_of(world.practice("lake"), owner=User.objects.create_user("lake@example.org", name="Person"))
        harbor = world.practice("harbor")
        one = reader(harbor, token="test")
        yield replace(one, mine=one.mine | more(harbor, one.mine))
        transaction.set_rollback(True)


def more(harbor: World, mine: dict[str, Id]) -> dict[str, Id]:
    """Make an alert about a line, and a report that names a referral; return their ids."""
    by = harbor.by
    due = Reached("visits_left", "AUTH-02", "authorizedservice", int(mine["service_id"]), (2,), "6", "test", None)
    alert = alerts.raise_alert(due, by=by, at=NOW)
    number = Referral.objects.get(pk=mine["referral_id"]).number
    report = imports.keep_report([f"{number} created"], filename="list.json", by=by)
    return {"alert_id": alert.pk if alert else 0, "report_id": report.pk}


@pytest.fixture
def scene(made: Reader) -> Iterator[Reader]:
    signed_in = deepcopy(made.page.cookies)
    with transaction.atomic():
        yield made
        transaction.set_rollback(True)
    made.page.cookies = signed_in


def names() -> list[str]:
    """Return every route."""
    return sorted(PLACES.keys() - {"api_unknown"})


def marks() -> dict[str, int]:
    """Return what tells of a Veteran in an answer, with the Veteran's id."""
    found = {row.last_name: row.veteran_id for row in VeteranFacts.objects.all()}
    found |= {row.number: row.veteran_id for row in Referral.objects.all()}
    found |= {row.control_number: row.veteran_id for row in Claim.objects.all()}
    return {mark.upper(): pk for mark, pk in found.items()}


def shown_in(answer: HttpResponse) -> set[int]:
    """Return the Veterans of whom something stands in an answer."""
    text = answer.content.decode(errors="replace").upper()
    return {pk for mark, pk in marks().items() if mark in text}


def truth(scene: Reader, name: str, answer: HttpResponse) -> list[int]:
    """Return the Veterans of whom an answer tells, by what stands in it or by the table above."""
    return sorted(shown_in(answer) | ({int(scene.mine["veteran_id"])} if name in BY_ID else set()))


READINGS = ("page.read", "api.read", "document.read", "claims.exported")


def recorded(since: int) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(pk__gt=since, action__in=READINGS).order_by("pk"))


def last_event() -> int:
    return AuditEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0


@pytest.mark.parametrize("name", names())
def test_what_an_answer_shows_is_recorded_once(scene: Reader, name: str) -> None:
    before = last_event()

    answer = scene.ask(name)

    told, shown = [event.changes["veterans"] for event in recorded(before)], truth(scene, name, answer)
    assert told == ([shown] if shown else [])
    assert bool(shown) != (name in SHOWS_NONE) or answer.status_code in (302, 405)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_an_answer_to_a_form_or_a_call_shows_is_recorded_once(scene: Reader, name: str, method: str) -> None:
    before = last_event()

    answer = scene.ask(name, method)

    told = [set(event.changes["veterans"]) for event in recorded(before)]
    assert len(told) <= 1
    assert shown_in(answer) <= set().union(*told), answer.status_code


def test_event_says_who_read_what_and_from_where(scene: Reader) -> None:
    before = last_event()

    scene.ask("claim")
    scene.ask("api_claim")

    page, call = recorded(before)
    claim, veteran = str(scene.mine["claim_id"]), scene.mine["veteran_id"]
    told = {"from": "127.0.0.1", "veterans": [veteran]}
    person = User.objects.get(email="harbor@example.org")
    assert [(one.action, one.subject_kind, one.subject_id, one.changes) for one in (page, call)] == [
        ("page.read", "claim", claim, told),
        ("api.read", "api_claim", claim, told),
    ]
    assert {(one.user_id, one.practice_id) for one in (page, call)} == {(person.pk, page.practice_id)}
    assert (page.acting_as, call.acting_as.split()[0]) == ("person", "token")


def test_event_is_found_by_each_veteran_whom_it_names(scene: Reader) -> None:
    before = last_event()

    scene.ask("veterans")

    (event,) = recorded(before)
    found = Mention.objects.filter(event=event).order_by("veteran_id").values_list("veteran_id", "practice_id")
    assert list(found) == [(one, event.practice_id) for one in event.changes["veterans"]]
    assert len(found) == Veteran.objects.filter(practice=event.practice_id).count()


@contextmanager
def trail_out_of_order() -> Iterator[None]:
    """Let the database refuse every event."""

    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "core_auditevent"'):
            raise DatabaseError("no space left on device")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize("name", sorted(set(names()) - SHOWS_NONE.keys()))
def test_nothing_is_shown_that_cannot_be_recorded(scene: Reader, name: str) -> None:
    with trail_out_of_order():
        answer = scene.ask(name)

    if answer.status_code != 405:
        assert (answer.status_code, shown_in(answer), b"AUDIT-01" in answer.content) == (503, set(), True)


@pytest.mark.parametrize("name", ["claim", "veterans", "authorizations", "api_claims"])
def test_it_would_be_shown_without_the_event(scene: Reader, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "read", lambda **_: None)

    with trail_out_of_order():
        answer = scene.ask(name)

    assert (answer.status_code, shown_in(answer) == set()) == (200, False)


def test_refusal_of_the_api_has_the_shape_of_its_errors(scene: Reader) -> None:
    with trail_out_of_order():
        told = json.loads(scene.ask("api_claim").content)
        deed = json.loads(scene.ask("api_claim_ready", "POST").content)

    assert told["error"].keys() == {"code", "message", "field", "source", "next_act"}
    assert told == deed


def test_form_that_cannot_be_recorded_is_not_acted_on(scene: Reader) -> None:
    """Another refusal would lead back to the page that the form came from."""
    with trail_out_of_order():
        answer = scene.page.post(
            reverse("claim_ready", args=[scene.mine["claim_id"]]), headers={"Referer": "http://testserver/claims/"}
        )

    assert (answer.status_code, b"AUDIT-01" in answer.content) == (503, True)


def test_page_would_be_missed_by_a_model_that_does_not_tell(scene: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "note", lambda ids: None)
    before = last_event()

    answer = scene.ask("claim")

    assert (recorded(before), shown_in(answer) == set()) == ([], False)


def test_every_model_that_points_at_a_veteran_tells_whose_it_is() -> None:
    pointing = {one for one in apps.get_models() for field in one._meta.fields if field.related_model is Veteran}

    assert {one for one in {Veteran, *pointing} if not issubclass(one, OfVeteran)} == set()


def test_list_names_those_alone_whom_its_page_shows(scene: Reader) -> None:
    practice = Practice.objects.get(code="harbor")
    rows = Referral.objects.filter(practice=practice).select_related("veteran__current")

    with sight.watching() as seen:
        page = keyset(rows, size=1)

    assert (rows.count() > 1, seen) == (True, {page.rows[0].veteran_id})


def test_redirect_shows_nobody(scene: Reader) -> None:
    before = last_event()

    answer = scene.page.post(reverse("claim_ready", args=[scene.mine["claim_id"]]))

    assert (answer.status_code, recorded(before)) == (302, [])


def test_refusal_of_the_api_shows_nobody(scene: Reader) -> None:
    Claim.objects.filter(pk=scene.mine["claim_id"]).update(state="SENT", sent_at=NOW)
    before = last_event()

    answer = scene.ask("api_claim_ready", "POST")

    assert (answer.status_code, recorded(before)) == (409, [])


def test_document_names_whom_it_holds(scene: Reader) -> None:
    before = last_event()

    scene.ask("document")

    (event,) = recorded(before)
    sent = Claim.objects.filter(submitted__submission__document=scene.mine["document_id"])
    assert (event.action, event.changes["veterans"]) == ("document.read", sorted({one.veteran_id for one in sent}))


def read_by_job(scene: Reader, *, asked_by: User | None) -> AuditEvent:
    person = User.objects.get(email="harbor@example.org")
    by = access.acting_for(person.memberships.all()[0].practice, what="test")
    job = submissions.ask(by=replace(by, user_id=asked_by.pk if asked_by else None))
    jobs.run(job.pk)
    return AuditEvent.objects.get(action="job.read", subject_id=str(job.pk))


def test_job_that_somebody_asked_for_names_whose_data_it_read(scene: Reader) -> None:
    person = User.objects.get(email="harbor@example.org")

    event = read_by_job(scene, asked_by=person)

    assert (event.user_id, event.acting_as) == (person.pk, "job write_837p")
    assert event.changes == {"veterans": [scene.mine["veteran_id"]]}


def test_job_that_nobody_asked_for_tells_how_many_and_a_digest(scene: Reader) -> None:
    event = read_by_job(scene, asked_by=None)

    digest = audit.digest_of_ids([int(scene.mine["veteran_id"])])
    assert (event.user_id, event.changes) == (None, {"number": 1, "ids_sha256": digest})


def test_job_that_cannot_be_recorded_changes_nothing(scene: Reader) -> None:
    practice = Practice.objects.get(code="harbor")
    job = submissions.ask(by=access.acting_for(practice, what="test"))
    with trail_out_of_order():
        jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.result_id, Claim.objects.filter(practice=practice, state="READY").count()) == (
        *("PARKED", None),
        1,
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_page_does_not_wait_for_the_open_transaction_of_a_job() -> None:
    harbor = world.practice()
    authorization = world.authorization(harbor)
    client = Client()
    client.force_login(world.person(harbor, Role.BILLER))
    page = reverse("authorization", args=[authorization.pk])
    with transaction.atomic():
        for model in (one for one in policies.covered().values() if one._meta.label not in vocabulary.append_only()):
            list(model._default_manager.select_for_update(no_key=True).values_list("pk", flat=True))
        audit.record(by=harbor.by, action="practice.changed", subject=harbor.practice)

        answer = in_another_thread(lambda: client.get(page))

    assert (answer.status_code, AuditEvent.objects.filter(action="page.read").count()) == (200, 1)
