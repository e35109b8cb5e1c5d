"""The truth is in the database: every constraint is named as a part of a sentence, is there, and refuses its breach."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, Model, Q, UniqueConstraint, UUIDField
from pytest_django import DjangoDbBlocker

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.services import acknowledgments, claims, paper_claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from referrals.domain.contact import Contact, ContactWay
from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind
from referrals.models import Authorization, Disposal, OpenDay
from referrals.services import closures, holds, visits
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs, vocabulary
from vca.core.alerts import Reached
from vca.core.models import DeaRegistration, IdempotencyKey, KeptForm, License, Passkey
from vca.core.services import chores, parameters, people
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

EARLY, LATE = date(2000, 1, 1), date(2030, 1, 1)


@dataclass(frozen=True)
class Breach:
    """How to break one constraint of a model: what to write, and into which of its rows."""

    model: type[Model]
    constraint: str
    changes: dict[str, Any]
    where: Q

    def __str__(self) -> str:
        return self.constraint


# Constraint -> what to write over a sound row.
CHECKS: dict[str, dict[str, Any]] = {
    "absence_runs_forward": {"valid_through": EARLY},
    "acknowledgment_is_shown": {"reference": ""},
    "acknowledgment_rejection_has_words": {"words": ""},
    "acknowledgment_withdrawn_with_a_reason": {"withdrawn_at": NOW},
    "agreement_end_names_its_side": {"ended_on": LATE},
    "agreement_runs_forward": {"valid_through": EARLY},
    "alert_closed_has_a_moment": {"closed_at": None},
    "alert_sleeps_until_a_day": {"wakes_at": NOW},
    "authorization_period_runs_forward": {"valid_through": EARLY},
    "authorized_service_counted_has_a_number": {"visits_authorized": None},
    "authorized_service_held_not_negative": {"visits_held": -1},
    "authorized_service_never_overdrawn": {"visits_used": 7},
    "authorized_service_used_not_negative": {"visits_used": -1},
    "charge_above_zero": {"amount": 0},
    "charge_period_runs_forward": {"valid_through": EARLY},
    "claim_line_charge_not_negative": {"charge": "-0.01"},
    "claim_ready_has_a_moment": {"state": "READY", "ready_at": None},
    "claim_sent_has_a_moment": {"sent_at": None},
    "claim_total_not_negative": {"total_charge": "-0.01"},
    "clinician_approval_runs_forward": {"approval_ended_on": EARLY},
    "closed_days_run_forward_with_a_reason": {"valid_through": EARLY},
    "hold_lifted_with_a_reason": {"lifted_at": NOW},
    "hold_says_why": {"reason": ""},
    "invitation_drops_factors_of_somebody": {"drops_factors": True},
    "invitation_gives_a_role_or_resets_a_password": {"role": ""},
    "job_running_has_a_lease": {"state": "RUNNING"},
    "ledger_entry_changes_what_its_kind_says": {"held_change": 1, "used_change": 1},
    "license_period_runs_forward": {"valid_through": EARLY},
    "parameter_period_runs_forward": {"valid_through": EARLY},
    "passkey_has_a_name": {"name": ""},
    "referral_accepted_was_confirmed": {"confirmed_at": None},
    "referral_has_a_number": {"number": ""},
    "submission_by_hand_is_shown": {"receipt": ""},
    "submission_has_numbers_if_a_file": {"batch_number": None},
    "submission_sent_before_it_was_recorded": {"created_at": NOW - timedelta(days=1)},
    "submission_withdrawn_by_hand_with_a_reason": {"withdrawn_at": NOW},
    "submitted_claim_rejected_is_over": {"is_live": True},
    "user_has_an_email": {"email": ""},
    "visit_arrived_has_a_moment": {"arrived_at": None},
    "visit_completed_has_a_moment": {"completed_at": None},
    "visit_contact_says_when_and_how": {"contacted_on": None},
    "visit_penciled_waits_for_something": {"waits_for": ""},
    "visit_service_drug_is_whole": {"ndc": "42023011410"},
    "visit_service_has_units": {"units": 0},
}
ANOTHER_FILE: dict[str, Any] = {"document_id": 0, "job": None}  # foreign keys are looked at when a transaction ends
NUMBERS = ("batch_number", "interchange_control_number", "group_control_number")
# Constraint -> in what a copy of a row must differ, so that it breaks this constraint and no other.
COPIES: dict[str, dict[str, Any]] = {
    "acknowledgment_stands_once": {},
    "agreement_number_once_per_practice": {},
    "alert_one_open_per_subject_and_kind": {},
    "authorization_version_once": {},
    "authorized_service_number_once": {},
    "batch_number_once": ANOTHER_FILE | {"interchange_control_number": 9, "group_control_number": 9},
    "charge_one_price_from_a_day": {},
    "claim_diagnosis_code_once": {"position": 9},
    "claim_diagnosis_place_once": {"code": "Z000"},
    "claim_file_stored_once": {"job": None} | dict.fromkeys(NUMBERS, 9),
    "claim_in_one_live_submission": {"submission_id": 0},
    "claim_line_control_number_once": {"number": 9, "is_live": False},
    "claim_line_number_once": {"control_number": "9", "is_live": False},
    "claim_number_once_per_practice": {},
    "claim_once_in_a_file": {},
    "clinician_npi_once_per_practice": {},
    "covered_clinician_once": {},
    "covered_location_once": {},
    "dea_once_per_clinician_and_place": {},
    "delivery_once_for_ever": {},
    "disposal_once_of_a_veteran": {},
    "document_same_bytes_are_one": {},
    "group_control_number_once": ANOTHER_FILE | {"batch_number": 9, "interchange_control_number": 9},
    "idempotency_key_once_per_practice": {},
    "interchange_control_number_once": ANOTHER_FILE | {"batch_number": 9, "group_control_number": 9},
    "job_one_live_per_kind_and_key": {},
    "kept_form_once_per_person_and_page": {},
    "license_once_per_clinician": {},
    "location_name_once_per_practice": {},
    "membership_role_once": {},
    "mention_once_in_an_event": {},
    "open_day_once_at_a_place": {},
    "parameter_one_value_from_a_day": {},
    "passkey_name_once_per_person": {"credential_id": "2"},
    "printed_claim_once_in_a_document": {},
    "referral_number_once_per_practice": {},
    "seoc_line_number_once": {},
    "seoc_version_once_per_practice": {},
    "task_one_open_per_subject_and_kind": {},
    "user_email_is_one_person": {"email": "BILLER@EXAMPLE.ORG"},
    "veteran_icn_is_one_person": {"current": None},
    "visit_service_on_one_live_claim": {"number": 9, "control_number": "9"},
}
# Constraint -> which row it is tried on, where the first one would not do.
WHERE = {
    "agreement_end_names_its_side": Q(ended_on=None),
    "alert_closed_has_a_moment": ~Q(state="OPEN"),
    "alert_one_open_per_subject_and_kind": Q(state="OPEN"),
    "alert_state_is_known": ~Q(state="OPEN"),
    "authorized_service_limit_kind_is_known": Q(limit_kind="UNLIMITED"),
    "authorized_service_never_overdrawn": Q(limit_kind="COUNTED"),
    "authorized_service_counted_has_a_number": Q(limit_kind="COUNTED"),
    "claim_sent_has_a_moment": Q(state="SENT"),
    "job_one_live_per_kind_and_key": Q(state="QUEUED"),
    "job_running_has_a_lease": Q(state="QUEUED"),
    "submission_by_hand_is_shown": Q(channel="PORTAL"),
    "submission_channel_is_known": Q(channel="PORTAL"),
    "visit_contact_says_when_and_how": Q(contact_attempts=1),
    "visit_penciled_waits_for_something": Q(state="PENCILLED"),
    "submission_withdrawn_by_hand_with_a_reason": Q(channel="PORTAL"),
    "referral_accepted_was_confirmed": Q(state="ACCEPTED"),
    "submitted_claim_rejected_is_over": Q(answer="REJECTED"),
    "task_one_open_per_subject_and_kind": Q(closed_at=None),
}
# What the same breach breaks too, and a database may name first: here the column's own check is one.
NAMED_FIRST = {
    "agreement_ended_by_is_known": "agreement_end_names_its_side",
    "authorized_service_held_not_negative": "visits_held",
    "authorized_service_used_not_negative": "visits_used",
    "visit_contacted_by_is_known": "visit_contact_says_when_and_how",
    "ledger_entry_kind_is_known": "ledger_entry_changes_what_its_kind_says",
}


def declared(kind: type) -> list[tuple[type[Model], Any]]:
    """Return the constraints of that kind with their models."""
    ours = [model for model in apps.get_models() if model._meta.app_label in ("core", "referrals", "billing")]
    return [(model, one) for model in ours for one in model._meta.constraints if isinstance(one, kind)]


def breaches() -> Iterator[Breach]:
    """Yield a breach of each check: those of our enums by a word that no enum knows, the others from the table."""
    for model, one in declared(CheckConstraint):
        changes = _unknown(model, one) if one.name.endswith("_is_known") else CHECKS.get(one.name, {})
        yield Breach(model, one.name, changes, WHERE.get(one.name, Q()))


def _unknown(model: type[Model], check: CheckConstraint) -> dict[str, str]:
    (condition,) = check.condition.children
    field = condition[0].removesuffix("__in")
    assert model._meta.get_field(field).choices, check.name
    return {field: "NONSENSE"}


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A row of everything, made once for all these tests and rolled back after the last."""
    with django_db_blocker.unblock(), time_machine.travel(NOW), transaction.atomic():
        make_one_of_everything()
        yield
        transaction.set_rollback(True)


def make_one_of_everything() -> None:
    harbor = world.practice()
    by = harbor.by
    counted = StatedLine("Ketamine infusion", LimitKind.COUNTED, 6, ("96365",))
    unlimited = StatedLine("Evaluation", LimitKind.UNLIMITED, None, ("99204",))
    authorization = world.authorization(harbor, lines=(counted, unlimited), seoc="MH_SAMPLE_1.0.1")
    claim, *_ = claims.draft(visit_ids=[world.completed(harbor, authorization).pk], by=by, at=NOW)
    claims.make_ready(claim=claim, by=by, at=NOW)
    jobs.run(submissions.ask(by=by).pk)
    wanted = world.plan(harbor, authorization)
    visits.pencil(plan=wanted, waits_for="VISIT-02", kept_until=TODAY, by=by, at=NOW)
    sought, missed = Contact(1, TODAY, ContactWay.PHONE, va_told=True), world.booked(harbor, authorization)
    visits.no_show(visit=missed, reason="", contact=sought, by=by, at=NOW)
    send_by_hand(harbor, authorization)
    user = world.person(harbor, Role.BILLER, email="biller@example.org")
    Passkey.objects.create(user=user, name="test", credential_id="1", added_at=NOW)
    KeptForm.objects.create(practice=harbor.practice, user=user, path_hash="1", kept_at=NOW)
    people.invite(email="new@example.org", role=Role.NURSE, by=by, at=NOW)
    for subject_id in (1, 2):
        alert = alerts.raise_alert(due(subject_id), by=by, at=NOW)
    assert alert
    alerts.dismiss(alert=alert, reason="test", by=by, at=NOW)
    jobs.enqueue(kind="watch_authorizations", key="1", by=by)
    chores.open_task(kind="referral_held", subject=claim, headline="test", by=by)
    source = {"source": "test", "verified_on": None}
    parameters.set_value(name="payer-id", value="1", valid_from=TODAY, by=by, **source)
    holds.place(veteran=None, matter="2024-17", reason="A letter", by=by, at=NOW)
    told = {"rule": "keep-claims-years", "years": 10, "counts": {}, "files": 0, "files_left": 0, "at": NOW}
    Disposal.objects.create(practice=harbor.practice, veteran_number=1, last_day=EARLY, due_on=date(2010, 1, 2), **told)
    OpenDay.objects.create(practice=harbor.practice, location=harbor.location, on=TODAY)
    closures.close(location=None, first=TODAY, last=TODAY, reason="test", by=by)
    closures.away(clinician=harbor.clinician, first=TODAY, last=TODAY, by=by)
    world.proven_backup()
    IdempotencyKey.objects.create(practice=harbor.practice, key="1", request_hash="1")
    paper = {"practice": harbor.practice, "clinician": harbor.clinician, "number": "1", "valid_through": LATE}
    License.objects.create(**paper, state="OR", valid_from=TODAY)
    DeaRegistration.objects.create(**paper, location=harbor.location)


def send_by_hand(harbor: World, authorization: Authorization) -> None:
    visit = world.completed(harbor, authorization)
    claim, *_ = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    review = paper_claims.review([claim.pk], by=harbor.by, at=NOW)
    paper_claims.keep(b"%PDF-", whole=review, by=harbor.by, at=NOW)
    sent = ByHand(Channel.PORTAL, NOW, receipt="R-1")
    submissions.record_by_hand(claim_ids=[claim.pk], sent=sent, by=harbor.by, at=NOW)
    answer = Answer(Verdict.REJECTED, Source.PHONE, TODAY, words="no such member", reference="C-1")
    acknowledgments.take(claim=claim, answer=answer, by=harbor.by, at=NOW)


def due(subject_id: int) -> Reached:
    return Reached(
        kind="visits_left",
        rule_code="AUTH-02",
        subject_kind="authorizedservice",
        subject_id=subject_id,
        passed=(2,),
        basis="6",
        headline="test",
        due_on=None,
    )


@pytest.mark.parametrize("breach", [*breaches()], ids=str)
def test_check_refuses_its_breach(rows: None, breach: Breach) -> None:
    row = breach.model._default_manager.filter(breach.where).order_by("pk")[:1].get()
    named = "|".join(filter(None, (breach.constraint, NAMED_FIRST.get(breach.constraint))))

    with pytest.raises(IntegrityError, match=named), transaction.atomic():
        write(row, **breach.changes)


@pytest.mark.parametrize("breach", [*breaches()], ids=str)
def test_row_was_sound_before_its_breach(rows: None, breach: Breach) -> None:
    row = breach.model._default_manager.filter(breach.where).order_by("pk")[:1].get()
    before = {name: getattr(row, name) for name in breach.changes}

    with transaction.atomic():
        write(row, **before)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("model", "constraint"), [pytest.param(model, one, id=one.name) for model, one in declared(UniqueConstraint)]
)
def test_unique_constraint_refuses_a_copy(rows: None, model: type[Model], constraint: UniqueConstraint) -> None:
    row = model._default_manager.filter(WHERE.get(constraint.name, Q())).order_by("pk")[:1].get()
    changes = COPIES[constraint.name]

    with pytest.raises(IntegrityError, match=told(constraint)), transaction.atomic():
        copy(row, **changes)


def write(row: Model, **changes: Any) -> None:
    """Change the row; of what is only added to, insert it once more."""
    if row._meta.label in vocabulary.append_only():
        copy(row, **changes)
    else:
        assert type(row)._default_manager.filter(pk=row.pk).update(**changes) == 1


def copy(row: Model, **changes: Any) -> None:
    """Insert the row once more under a key of its own."""
    row.pk = uuid4() if isinstance(row._meta.pk, UUIDField) else None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def told(constraint: UniqueConstraint) -> str:
    """Return what the database says: PostgreSQL and SQLite's indexes name the constraint, other tables the columns."""
    columns = "|".join(rf"\.{name}" for name in constraint.fields[-1:])
    return f"{constraint.name}|{columns}" if columns else constraint.name


@pytest.mark.parametrize("kind", [CheckConstraint, UniqueConstraint])
def test_every_constraint_is_named_as_a_part_of_a_sentence(kind: type) -> None:
    assert [one.name for _, one in declared(kind) if len(one.name.split("_")) < 3] == []


@pytest.mark.django_db
def test_every_constraint_is_in_the_database() -> None:
    lacking = []
    for model, one in [*declared(CheckConstraint), *declared(UniqueConstraint)]:
        with connection.cursor() as cursor:
            there = connection.introspection.get_constraints(cursor, model._meta.db_table)
        lacking += [one.name] * (one.name not in there)

    assert lacking == []


def test_table_holds_every_constraint() -> None:
    checks = {one.name for _, one in declared(CheckConstraint) if not one.name.endswith("_is_known")}
    unique = {one.name for _, one in declared(UniqueConstraint)}

    assert (checks, unique) == (CHECKS.keys(), COPIES.keys())
