"""What is asked and done below the pages, by a stranger of an empty practice: nothing is found, nothing changes.

A page hands a query only what it has looked up itself, so that no request can show that the query looks too. Sources:
OWASP ASVS 5.0.0, 8.2.2 and 8.4.1; 45 CFR 164.312(a)(1).
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F
from pytest_django import DjangoDbBlocker

from billing import queries as billing
from billing.domain.states import ClaimState
from billing.models import Claim
from billing.services import acknowledgments, claims, submissions
from referrals import queries as referrals
from referrals.models import Authorization, AuthorizedService, Visit
from tests import world
from tests.access.scene import Scene, Side, standing
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY
from vca.core import alerts, documents, jobs
from vca.core.access import Actor
from vca.core.models import Alert, ApiToken, Document, Job, Membership, Task
from vca.core.models.job import JobState
from vca.core.services import chores, departures, inbox, parameters, people
from vca.core.vocabulary import Role
from vca.desk.queries import alert_log, audit_reports

pytestmark = pytest.mark.both

EARLY, LATE = date(2020, 1, 1), date(2030, 1, 1)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def lines(of: Side) -> list[str]:
    """Return a line of a report about a referral."""
    return [f"{Authorization.objects.get(pk=of.ids['authorization_id']).referral.number} changed"]


def days(of: Side) -> dict[int, date]:
    return {of.world.location.pk: LATE}


def miscounted(by: Actor, of: Side) -> Any:
    AuthorizedService.objects.filter(pk=of.ids["service_id"]).update(visits_used=F("visits_used") - 1)
    return referrals.miscounted(by)


def stopped(by: Actor, of: Side) -> Any:
    Job.objects.filter(pk=of.ids["job_id"]).update(state=JobState.PARKED)
    return jobs.stopped(by)


def a_value(by: Actor, of: Side) -> Any:
    """Return the practice's own value of a parameter, if that is what is in force."""
    words = {"name": "payer-id", "value": "OURS1", "source": "test", "verified_on": None}
    parameters.set_value(**words, valid_from=EARLY, by=of.world.by)
    return [one for one in [parameters.value("payer-id", practice_id=by.practice_id, on=TODAY)] if one == "OURS1"]


# What is asked by somebody about the rows of a side.
QUERIES: dict[str, Callable[[Actor, Side], Any]] = {
    "referrals": lambda by, of: referrals.referrals(by),
    "waiting": lambda by, of: referrals.waiting(by),
    "authorizations": lambda by, of: referrals.authorizations(by),
    "listed": lambda by, of: referrals.listed(by, days=days(of)),
    "current_terms": lambda by, of: referrals.current_terms(by),
    "day": lambda by, of: referrals.day(by, on=Visit.objects.get(pk=of.ids["visit_id"]).on),
    "unclosed": lambda by, of: referrals.unclosed(by, days=days(of)),
    "days_left_open": lambda by, of: referrals.days_left_open(by, location_id=of.world.location.pk, before=LATE),
    "closed_days": lambda by, of: referrals.closed_days(by, since=EARLY),
    "absences": lambda by, of: referrals.absences(by, since=EARLY),
    "completed_visits": lambda by, of: referrals.completed_visits(by),
    "services_of": lambda by, of: referrals.services_of([of.ids["visit_id"]], by),
    "visits_for_va": lambda by, of: referrals.visits_for_va(by),
    "veterans": lambda by, of: referrals.veterans(by),
    "bookings": lambda by, of: referrals.bookings(by, since=EARLY),
    "miscounted": miscounted,
    "referral_counts": lambda by, of: referrals.counts_by_state(by),
    "named_in": lambda by, of: referrals.named_in(lines(of), by),
    "veterans_in_report": lambda by, of: referrals.veterans_in_report(lines(of), by.practice_id),
    "authorization_of_lines": lambda by, of: referrals.authorization_of_lines({of.ids["service_id"]}, by),
    "authorization_of_visits": lambda by, of: referrals.authorization_of_visits({of.ids["visit_id"]}, by),
    "veterans_authorized": lambda by, of: referrals.veterans_authorized({of.ids["authorization_id"]}, by),
    "courses": lambda by, of: referrals.courses([int(of.ids["authorization_id"])], by, since=EARLY),
    "still_booked": lambda by, of: referrals.still_booked(by),
    "claims": lambda by, of: billing.claims(by),
    "by_urgency": lambda by, of: billing.by_urgency(by, ClaimState.DRAFT),
    "ready_ids": lambda by, of: billing.ready_ids(by),
    "unbilled_visits": lambda by, of: billing.unbilled_visits(by),
    "claim_counts": lambda by, of: billing.counts_by_state(by),
    "submissions": lambda by, of: billing.submissions(by),
    "open_alerts": lambda by, of: alerts.open_alerts(by),
    "seen_alerts": lambda by, of: alerts.seen(by),
    "stopped": stopped,
    "open_tasks": lambda by, of: chores.open_tasks(by),
    "tasks_for": lambda by, of: chores.tasks_for(by),
    "colleagues": lambda by, of: departures.colleagues(of.people[Role.BILLER], by=by),
    "a_value": a_value,
    "history": lambda by, of: alert_log.history(taken(of), by, at=NOW),
    "who_looked": lambda by, of: audit_reports.events(
        audit_reports.reports()["looked"], Visit.objects.get(pk=of.ids["visit_id"]).veteran_id, by
    ),
}


def taken(of: Side) -> Alert:
    """Return an alert that somebody has taken."""
    alert = Alert.objects.get(pk=of.ids["alert_id"])
    inbox.take(alert=alert, by=world.access.person(of.people[Role.ADMINISTRATOR], of.world.practice))
    return alert


def ready(of: Side) -> dict[str, int]:
    claim = Claim.objects.get(practice=of.world.practice, state=ClaimState.READY)
    return {"claim_id": claim.pk, "revision": claim.revision}


def row(model: Any, of: Side, place: str) -> Any:
    return model.objects.get(pk=of.ids[place])


# What is done by somebody to the rows of a side.
DEEDS: dict[str, Callable[[Actor, Side], Any]] = {
    "open_document": lambda by, of: documents.opened(row(Document, of, "document_id"), by=by),
    "end_role": lambda by, of: people.end_role(membership=row(Membership, of, "membership_id"), by=by),
    "revoke_token": lambda by, of: people.revoke_token(token=row(ApiToken, of, "token_id"), by=by, at=NOW),
    "leave": lambda by, of: inbox.leave(user=of.people[Role.BILLER], successor=None, roles=frozenset(Role), by=by),
    "cancel_all_of": lambda by, of: jobs.cancel_all_of(of.people[Role.BILLER].pk, by=by),
    "undo_answer": lambda by, of: acknowledgments.undo(
        acknowledgment=row(acknowledgments.Acknowledgment, of, "acknowledgment_id"), reason="test", by=by, at=NOW
    ),
    "take_back": lambda by, of: submissions.take_back(
        submission=row(submissions.Submission, of, "submission_id"), reason="test", by=by, at=NOW
    ),
    "hold_back": lambda by, of: claims.hold_back(**ready(of), by=by),
}


def found(name: str, by: Actor, of: Side) -> list[Any]:
    return list(QUERIES[name](by, of))


@pytest.mark.parametrize("name", QUERIES)
def test_query_finds_nothing_of_another_practice(scene: Scene, name: str) -> None:
    assert found(name, world.practice("cove").by, scene.ours) == []


@pytest.mark.parametrize("name", QUERIES)
def test_query_finds_what_is_ones_own(scene: Scene, name: str) -> None:
    assert found(name, scene.ours.world.by, scene.ours) != []


def done(scene: Scene, name: str, by: Actor) -> bool:
    """Tell whether a deed changes a row, where a biller has a task, an alert and a job."""
    biller, ids = scene.ours.people[Role.BILLER], scene.ours.ids
    Task.objects.filter(pk=ids["task_id"]).update(owner=biller)
    Alert.objects.filter(pk=ids["alert_id"]).update(owner=biller)
    Job.objects.filter(pk=ids["job_id"]).update(state=JobState.QUEUED, user=biller)
    before = everything()
    try:
        DEEDS[name](by, scene.ours)
    except ObjectDoesNotExist:
        return False
    return everything() != before


@pytest.mark.parametrize("name", DEEDS)
def test_deed_of_a_stranger_changes_nothing(scene: Scene, name: str) -> None:
    assert not done(scene, name, world.practice("cove").by)


@pytest.mark.parametrize("name", DEEDS)
def test_deed_of_ones_own_changes_something(scene: Scene, name: str) -> None:
    assert done(scene, name, scene.ours.world.by)


def test_one_referral_in_two_practices_is_two(scene: Scene) -> None:
    """The same number and the same person, as when VA sends somebody to another clinic."""
    known = Authorization.objects.get(pk=scene.ours.ids["authorization_id"]).referral
    cove = world.practice("cove")

    got = world.receive(cove, number=known.number, icn=known.veteran.facts.icn).referral

    assert (got.practice_id, got.veteran.practice_id) == (cove.practice.pk, cove.practice.pk)
