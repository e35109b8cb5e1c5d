"""Two practices side by side: a deed in one leaves the other's rows alone, and what lies there counts for nothing.

A stray is a row that names what is ours and belongs to the other practice: no service makes one, and none is seen.
Sources: OWASP ASVS 5.0.0, 8.2.2 and 8.4.1; 45 CFR 164.312(a)(1).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoDbBlocker

from billing import queries as billing
from billing.models import Claim, ClaimLine
from billing.services import charges, claims, submissions
from referrals import queries as referrals
from referrals.models import Notice, Referral, Veteran, VeteranFacts, VisitService
from referrals.services import approvals, closures, series, visits
from referrals.services import referrals as referral_services
from tests import world
from tests.access.scene import Scene, Side, standing
from tests.world import NOW, TODAY
from vca.core import access, alerts, audit, crypto, idempotency, jobs, kept_forms, vocabulary
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.kept_forms import Whose
from vca.core.models import (
    Alert,
    ApiToken,
    AuditEvent,
    Channel,
    Delivery,
    IdempotencyKey,
    Job,
    Membership,
    Mention,
    Outcome,
    ParameterValue,
    ServiceLocation,
    User,
)
from vca.core.models.job import JobState
from vca.core.services import (
    digests,
    emergencies,
    leftovers,
    parameters,
    people,
    practices,
    rotation,
    separation,
    trail,
)
from vca.core.vocabulary import Role
from vca.desk.queries import alert_log, audit_reports

pytestmark = pytest.mark.both

EARLY, LATE = date(2020, 1, 1), date(2030, 1, 1)
TOLD: tuple[Any, ...] = (Alert, Delivery)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def between(scene: Scene) -> User:
    """Return who works in both practices; the role in the other one is the older."""
    return User.objects.get(email="nurse@both.example")


def here(scene: Scene, user: User) -> Actor:
    found = access.person(user, scene.ours.world.practice)
    assert found
    return found


def rows_of(side: Side) -> dict[str, list[Any]]:
    """Return every row of a practice."""
    models = [one for one in apps.get_models() if any(field.name == "practice" for field in one._meta.fields)]
    mine = {one._meta.label: one._base_manager.filter(practice=side.world.practice) for one in models}
    return {label: list(rows.order_by("pk").values_list()) for label, rows in mine.items()}


def write_file(side: Side) -> None:
    job = submissions.ask(by=side.world.by)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE


DEEDS: dict[str, Callable[[Side], Any]] = {
    "set_price": lambda side: charges.set_price(code="96365", amount=Decimal(1), valid_from=TODAY, by=side.world.by),
    "leave_gap": lambda side: submissions.leave_gap(by=side.world.by),
    "write_file": write_file,
    "remember": lambda side: idempotency.remember(by=side.world.by, key="x", status=200, body={}),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_deed_of_a_neighbor_leaves_our_rows(scene: Scene, deed: str) -> None:
    for side in (scene.ours, scene.theirs):
        IdempotencyKey.objects.create(practice=side.world.practice, key="x", request_hash="x")
    before = rows_of(scene.ours), rows_of(scene.theirs)

    DEEDS[deed](scene.theirs)

    assert rows_of(scene.ours) == before[0]
    assert rows_of(scene.theirs) != before[1]


def test_form_refused_here_leaves_the_same_form_answered_there(scene: Scene) -> None:
    def send(side: Side, status: int) -> None:
        by = Actor(side.world.practice.pk, 1, "person")
        request = RequestFactory().post("/", {"sent_once": "x"})
        idempotency.answer_form(request, by=by, view=lambda: HttpResponse(status=status))

    send(scene.theirs, 200)
    send(scene.ours, 422)

    mine = IdempotencyKey.objects.filter(key__startswith="form ").values_list("practice", flat=True)
    assert list(mine) == [scene.theirs.world.practice.pk]


def test_old_answers_are_of_one_practice(scene: Scene) -> None:
    for side in (scene.ours, scene.theirs):
        IdempotencyKey.objects.create(practice=side.world.practice, key="x", request_hash="x")

    old = leftovers.old_answers(scene.ours.world.by, at=NOW + timedelta(days=3000))

    assert {one.practice_id for one in old} == {scene.ours.world.practice.pk}


def test_form_is_remembered_for_whose_it_is(scene: Scene) -> None:
    nurse, biller = scene.ours.people[Role.NURSE], scene.ours.people[Role.BILLER]
    whose = Whose(nurse.pk, scene.ours.world.practice.pk)
    assert kept_forms.keep(page="/", action="/", fields=[("note", "x")], whose=whose, at=NOW)
    session = SessionStore()

    kept_forms.remember(session, user_id=biller.pk)

    assert session[kept_forms.SESSION_KEY] == []


@pytest.mark.parametrize(
    ("own_person", "own_practice", "is_back"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_form_comes_back_to_its_person_in_its_practice(
    scene: Scene, own_person: bool, own_practice: bool, is_back: bool
) -> None:
    nurse = scene.ours.people[Role.NURSE]
    asks = Whose(nurse.pk, scene.ours.world.practice.pk)
    kept = Whose(
        nurse.pk if own_person else scene.ours.people[Role.BILLER].pk,
        (scene.ours if own_practice else scene.theirs).world.practice.pk,
    )
    kept_forms.keep(page="/", action="/", fields=[("note", "typed")], whose=kept, at=NOW)
    request: Any = RequestFactory().get("/")
    request.session = SessionStore()
    request.session[kept_forms.SESSION_KEY] = [kept_forms.path_hash("/")]
    page = '<form action="/" method="post"><input name="note"></form>'

    with patch.object(kept_forms.messages, "info"):
        answer = kept_forms.answer(request, whose=asks, view=lambda: HttpResponse(page), at=NOW)

    assert (b"typed" in answer.content) is is_back  # type: ignore[attr-defined]  # no stream


def test_day_is_that_of_ones_own_place(scene: Scene) -> None:
    ServiceLocation.objects.filter(practice=scene.theirs.world.practice).update(time_zone="Pacific/Honolulu")

    assert practices.home_zone(scene.ours.world.by) == scene.ours.world.location.zone


def test_value_of_another_practice_is_not_in_force(scene: Scene) -> None:
    words = {"name": "payer-id", "value": "THEIRS", "source": "test", "verified_on": None}
    parameters.set_value(**words, valid_from=EARLY, by=scene.theirs.world.by)
    ParameterValue.objects.filter(practice=scene.ours.world.practice).delete()

    found = parameters.values("payer-id", practice_id=scene.ours.world.practice.pk, days=[TODAY])

    assert found[TODAY] != "THEIRS"


def test_pace_of_another_practice_tells_nothing(scene: Scene) -> None:
    assert jobs.estimate("write_837p", 1, by=scene.ours.world.by) is not None
    assert jobs.estimate("write_837p", 1, by=world.practice("cove").by) is None


def test_job_of_another_practice_runs_not_beside_ours(scene: Scene) -> None:
    mine, other = (digests.ask(by=side.world.by, at=NOW) for side in (scene.ours, scene.theirs))
    Job.objects.filter(pk=other.pk).update(state=JobState.RUNNING, locked_until=NOW)

    assert not jobs.beside(mine, at=NOW).exists()


def test_daily_work_is_planned_by_the_practice_of_the_place(scene: Scene) -> None:
    kinds = vocabulary.daily_jobs()
    Job.objects.filter(kind__in=kinds).delete()

    jobs.plan_daily(NOW)

    whose = dict(ServiceLocation.objects.values_list("pk", "practice"))
    planned = Job.objects.filter(kind__in=kinds).values_list("practice", "key")
    assert {(whose[int(key)]) == practice for practice, key in planned} == {True}


def reached(side: Side, number: int = 77) -> Reached:
    return Reached("filing_limit", "CLAIM-09", "claim", number, (30,), "2024-10-08", "test", NOW.date())


def test_alert_is_told_in_its_practice_alone(scene: Scene) -> None:
    alert = alerts.raise_alert(reached(scene.ours), by=scene.ours.world.by, at=NOW)
    assert alert

    told = Delivery.objects.filter(alert=alert).values_list("recipient__practice", flat=True)
    assert set(told) == {scene.ours.world.practice.pk}


def test_what_another_practice_was_told_is_raised_here(scene: Scene) -> None:
    alert = alerts.raise_alert(reached(scene.ours), by=scene.ours.world.by, at=NOW)
    assert alert
    Alert.objects.filter(pk=alert.pk).update(practice=scene.theirs.world.practice)

    assert alerts.raise_each([reached(scene.ours)], by=scene.ours.world.by, at=NOW) == 1


def test_messages_of_two_practices_do_not_meet(scene: Scene) -> None:
    found = []
    for side in (scene.theirs, scene.ours):
        job = digests.ask(by=side.world.by, at=NOW)
        found.append(digests.note(job=job, by=side.world.by, at=NOW))

    whose = [{row.practice_id for one in some for row in one.deliveries} for some in found]
    assert whose == [{side.world.practice.pk} for side in (scene.theirs, scene.ours)]
    assert {one.noted_at for some in found for one in some} == {NOW}


def test_nobody_is_written_to_about_a_stray_alert(scene: Scene) -> None:
    Alert.objects.filter(practice=scene.ours.world.practice).update(practice=scene.theirs.world.practice)
    job = digests.ask(by=scene.ours.world.by, at=NOW)

    assert digests.note(job=job, by=scene.ours.world.by, at=NOW) == []


def test_history_of_an_alert_shows_no_stray_delivery(scene: Scene) -> None:
    alert = Alert.objects.get(pk=scene.ours.ids["alert_id"])
    assert alert_log.deliveries(alert) != []
    Delivery.objects.filter(alert=alert).update(practice=scene.theirs.world.practice)

    assert alert_log.deliveries(alert) == []


def test_mail_of_another_practice_is_not_told(scene: Scene) -> None:
    user = between(scene)
    there = Membership.objects.get(user=user, practice=scene.theirs.world.practice)
    alert = Alert.objects.get(pk=scene.theirs.ids["alert_id"])
    about = {
        name: getattr(alert, name) for name in ("practice", "kind", "subject_kind", "subject_id", "threshold", "basis")
    }
    Delivery.objects.create(
        **about, alert=alert, recipient=there, channel=Channel.EMAIL, outcome=Outcome.REFUSED, at=NOW
    )

    assert [one.mail for one in people.members(scene.ours.world.by) if one.user == user] == [None]  # type: ignore[attr-defined]  # annotated
    assert [one.mail for one in people.members(scene.theirs.world.by) if one.user == user] == [Outcome.REFUSED]  # type: ignore[attr-defined]


def test_emergency_access_takes_the_permission(scene: Scene) -> None:
    with pytest.raises(access.NotPermitted):
        emergencies.begin(reason="x", by=Actor(scene.ours.world.practice.pk, between(scene).pk, "person"), at=NOW)


def test_emergency_access_is_told_of_the_person_here(scene: Scene) -> None:
    user = between(scene)

    emergencies.begin(reason="x", by=here(scene, user), at=NOW)

    mine = Membership.objects.get(user=user, practice=scene.ours.world.practice)
    assert [one.subject_id for one in Alert.objects.filter(kind="emergency")] == [mine.pk]


def test_first_step_in_another_practice_was_not_taken_here(scene: Scene) -> None:
    user, ours = between(scene), scene.ours.world
    words = {"name": "close-by-another", "value": "yes", "source": "test", "verified_on": None}
    parameters.set_value(**words, valid_from=EARLY, by=ours.by)
    claim, by = Claim.objects.get(pk=scene.ours.ids["claim_id"]), here(scene, user)
    said = {"setting": "close-by-another", "first": "claim.drafted", "subject": claim, "by": by, "at": NOW}
    audit.record(by=replace(by, practice_id=scene.theirs.world.practice.pk), action="claim.drafted", subject=claim)
    assert separation.keep_apart(**said) == {}

    audit.record(by=by, action="claim.drafted", subject=claim)
    with pytest.raises(separation.SamePerson):
        separation.keep_apart(**said)


def test_trail_of_two_practices_is_as_it_was_written(scene: Scene) -> None:
    assert {one.practice_id for one in Mention.objects.all()} >= {
        side.world.practice.pk for side in (scene.ours, scene.theirs)
    }
    assert list(trail.altered()) == []


def test_values_to_seal_anew_are_of_one_practice(scene: Scene) -> None:
    by, field = scene.ours.world.by, VeteranFacts._meta.get_field("icn")
    with patch.object(crypto, "sealing", lambda: "another"):
        stale = rotation.Column(VeteranFacts, field, by).stale()  # type: ignore[arg-type]  # a sealed one

        assert {one.practice_id for one in stale} == {scene.ours.world.practice.pk}


@pytest.mark.parametrize("stray", ["event", "mention"])
def test_report_shows_no_stray_event(scene: Scene, stray: str) -> None:
    event_of, mention_of = (scene.theirs, scene.ours) if stray == "event" else (scene.ours, scene.theirs)
    event = AuditEvent.objects.filter(practice=event_of.world.practice).first()
    Mention.objects.create(
        practice=mention_of.world.practice, event=event, veteran_id=scene.ours.ids["veteran_id"] + 900
    )
    words = replace(audit_reports.reports()["looked"], kinds=None)

    assert not audit_reports.events(words, scene.ours.ids["veteran_id"] + 900, scene.ours.world.by).exists()


def test_report_names_no_token_of_another_practice(scene: Scene) -> None:
    token = ApiToken.objects.get(pk=scene.theirs.ids["token_id"])
    by = replace(here(scene, between(scene)), acting_as=f"token {token.pk}")
    audit.record(by=by, action="page.read", subject="page today")
    event = AuditEvent.objects.order_by("-pk")[:1]

    said = audit_reports.lines(
        replace(audit_reports.reports()["looked"], kinds=None),
        event,
        veteran_id=scene.ours.ids["veteran_id"],
        by=scene.ours.world.by,
        zone=scene.ours.world.location.zone,
    )

    assert [who.partition(" of ")[0] for _, who, *_ in said] == [f"Program '{token.pk}'"]


def draft(scene: Scene) -> Claim:
    """Return a draft of ours, the only claim of its referral."""
    ours = scene.ours.world
    return claims.draft(visit_ids=[world.completed(ours, world.authorization(ours)).pk], by=ours.by, at=NOW)[0]


LEFT: dict[str, Callable[[Actor], Any]] = {
    "unbilled_visits": billing.unbilled_visits,
    "unsent_visits": lambda by: billing.unsent_visits(by, since=EARLY),
}


@pytest.mark.parametrize("left", LEFT)
def test_stray_line_bills_no_visit(scene: Scene, left: str) -> None:
    claim = draft(scene)
    Claim.objects.filter(pk=claim.pk).update(state="SENT", sent_at=NOW)
    mine = LEFT[left](scene.ours.world.by).filter(pk__in=claim.lines.values("visit"))
    assert not mine.exists()

    ClaimLine.objects.filter(claim=claim).update(practice=scene.theirs.world.practice)

    assert mine.exists()


def test_stray_line_of_a_visit_tells_no_pace(scene: Scene) -> None:
    ours, authorization_id = scene.ours.world, int(scene.ours.ids["authorization_id"])

    def booked() -> int:
        return sum(
            len(one.booked) for one in referrals.courses([authorization_id], ours.by, since=EARLY)[authorization_id]
        )

    before = booked()
    VisitService.objects.filter(visit__authorization=authorization_id).update(practice=scene.theirs.world.practice)

    assert (before > 0, booked()) == (True, 0)


def test_series_of_another_practice_is_not_found(scene: Scene) -> None:
    said: Any = {"series": scene.ours.ids["series_id"], "reason": "test", "at": NOW}

    assert [series.cancel(**said, by=side.world.by) for side in (scene.theirs, scene.ours)] == [0, 2]


def test_alert_of_another_practice_is_not_forgotten(scene: Scene) -> None:
    for side in (scene.theirs, scene.ours):
        assert alerts.raise_alert(reached(side), by=side.world.by, at=NOW)

    leftovers.forget_about("claim", [77], by=scene.ours.world.by)

    left = [{*model.objects.filter(subject_id=77).values_list("practice", flat=True)} for model in TOLD]
    assert left == [{scene.theirs.world.practice.pk}] * len(TOLD)


def test_stray_notice_lets_no_referral_wait(scene: Scene) -> None:
    notice = Notice.objects.get(pk=scene.ours.ids["notice_id"])
    Referral.objects.filter(pk=notice.referral_id).update(state="ACCEPTED", confirmed_at=NOW)
    mine = referrals.waiting(scene.ours.world.by).filter(pk=notice.referral_id)
    assert mine.exists()

    Notice.objects.filter(pk=notice.pk).update(practice=scene.theirs.world.practice)

    assert not mine.exists()


@pytest.mark.parametrize("stray", [Claim, ClaimLine])
def test_correction_outdates_no_stray_claim(scene: Scene, stray: Any) -> None:
    claim = draft(scene)
    visit_id = ClaimLine.objects.get(claim=claim).visit_id or 0
    stray.objects.filter(**{"pk" if stray is Claim else "claim": claim.pk}).update(practice=scene.theirs.world.practice)

    claims.outdate(visit_id=visit_id, by=scene.ours.world.by)

    assert Claim.objects.get(pk=claim.pk).revision == claim.revision


def test_drafts_follow_no_referral_of_a_stranger(scene: Scene) -> None:
    claim = draft(scene)

    claims.give_to_veteran(
        referral_id=claim.referral_id, veteran_id=int(scene.theirs.ids["veteran_id"]), by=scene.theirs.world.by
    )

    assert Claim.objects.get(pk=claim.pk).veteran_id == claim.veteran_id


def test_claim_of_another_practice_is_not_held_back(scene: Scene) -> None:
    claim = Claim.objects.get(practice=scene.ours.world.practice, state="READY")

    assert not claims.hold_back(claim_id=claim.pk, revision=claim.revision, by=scene.theirs.world.by)


def test_referral_does_not_move_to_a_veteran_of_another_practice(scene: Scene) -> None:
    referral = world.authorization(scene.ours.world).referral
    veteran = Veteran.objects.get(pk=scene.theirs.ids["veteran_id"])

    with pytest.raises(Veteran.DoesNotExist):
        referral_services.move_to_veteran(referral=referral, veteran=veteran, by=scene.ours.world.by)


def test_referral_has_no_home_in_another_practice(scene: Scene) -> None:
    referral = world.authorization(scene.ours.world).referral

    with pytest.raises(ServiceLocation.DoesNotExist):
        referral_services.change_details(
            referral=referral, facts={}, home=scene.theirs.world.location, by=scene.ours.world.by
        )


def test_clinician_of_another_practice_treats_nobody_here(scene: Scene) -> None:
    ours = scene.ours.world
    plan = world.plan(ours, world.authorization(ours))
    foreign = [replace(one, clinician_id=scene.theirs.world.clinician.pk) for one in plan.services]

    with pytest.raises(visits.ClinicianNotApproved):
        visits.book(plan=replace(plan, services=foreign), by=ours.by, at=NOW)


@pytest.mark.parametrize("what", ["license", "dea"])
def test_what_ends_in_another_practice_is_not_told(scene: Scene, what: str) -> None:
    theirs = scene.theirs.world
    if what == "license":
        facts = {"state": "OR", "number": "MD-1", "valid_from": EARLY, "valid_through": TODAY}
        practices.record_license(clinician=theirs.clinician, facts=facts, by=theirs.by)
    else:
        facts = {"location": theirs.location, "number": "BR1234563", "valid_through": TODAY}
        practices.record_dea(clinician=theirs.clinician, facts=facts, by=theirs.by)

    def due(by: Actor) -> list[Reached]:
        if what == "license":
            return approvals.due(by, today=TODAY)["license_ending"]
        return approvals.due_at(theirs.location, by=by, today=TODAY)

    assert (len(due(theirs.by)), due(scene.ours.world.by)) == (1, [])


def test_services_of_a_visit_of_another_practice_are_not_shown(scene: Scene) -> None:
    keys = scene.ours.keys[Role.ADMINISTRATOR]
    asked = [keys.ask("edit_visit", "GET", side.ids).status_code for side in (scene.ours, scene.theirs)]

    assert asked == [200, 404]


def test_days_closed_in_another_practice_close_nothing_here(scene: Scene) -> None:
    closures.close(location=None, first=EARLY, last=LATE, reason="test", by=scene.theirs.world.by)

    closed = [referrals.closed_on(side.world.location, LATE) for side in (scene.ours, scene.theirs)]

    assert [bool(one) for one in closed] == [False, True]


def test_visits_of_another_practice_are_not_planned_on_our_closed_days(scene: Scene) -> None:
    day = NOW + timedelta(days=1)
    mine, other = (world.booked(side.world, world.authorization(side.world), at=day) for side in sides(scene))

    closed = closures.close(location=None, first=mine.on, last=mine.on, reason="test", by=scene.ours.world.by)

    planned = set(referrals.planned_on_closed(closed))
    assert (mine in planned, other in planned) == (True, False)


def test_visit_does_not_move_to_a_place_of_another_practice(scene: Scene) -> None:
    ours, theirs = (side.world for side in sides(scene))
    visit = world.booked(ours, world.authorization(ours), at=NOW + timedelta(days=1))

    with pytest.raises(ServiceLocation.DoesNotExist):
        visits.move(visit=visit, location=theirs.location, starts_at=visit.starts_at, by=ours.by, at=NOW)


def sides(scene: Scene) -> tuple[Side, Side]:
    return scene.ours, scene.theirs
