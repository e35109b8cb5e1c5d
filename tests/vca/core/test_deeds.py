"""One deed, one service, one transaction, its audit events: each verb of the services leaves them, or changes nothing.

A deed is arranged by a function here, which returns what does it; the events that it must leave stand above it.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, cast

import pyotp
import pytest
import time_machine
from django.db import transaction

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Acknowledgment, Claim, Submission
from billing.services import acknowledgments, assembly, charges, claims, exports, paper_claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.proofs import Proof
from billing.services.submissions import ByHand
from referrals.domain.contact import Contact
from referrals.domain.states import LimitKind
from referrals.intake.json_reader import Received
from referrals.models import AuthorizedService, FactSource, Referral, Visit
from referrals.services import (
    amendments,
    closures,
    disposals,
    holds,
    pencils,
    referrals,
    telling,
    unnamed,
    veterans,
    visits,
)
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from referrals.services.visits import Planned
from tests import world
from tests.referrals.services import aged
from tests.vca.core.authenticator import Device
from tests.vca.core.kept import put_back
from tests.vca.core.rows import everything
from tests.vca.core.uploads.samples import PDF, PNG
from tests.world import NOW, PASSWORD, TODAY, World
from vca.core import access, alerts, audit, documents, jobs, vocabulary
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import Alert, AuditEvent, Document, Job, JobState, Passkey, Task, User
from vca.core.services import (
    chores,
    departures,
    digests,
    emergencies,
    factors,
    inbox,
    parameters,
    passkeys,
    passwords,
    people,
    practices,
    sign_ins,
)
from vca.core.services import exports as tables
from vca.core.services.passkeys import Site
from vca.core.vocabulary import Family, Role

pytestmark = pytest.mark.both

Deed = Callable[[], object]
Arranging = Callable[[World], Deed]
DEEDS: dict[str, tuple[Arranging, tuple[str, ...]]] = {}
# What a job leaves and no verb: see the tests of the watches, of backups, keys, the leftovers and of what jobs read.
ELSEWHERE = {
    *("approvals.swept", "backup.made", "backup.proven", "backup.restored", "digest.refused", "digest.sent"),
    *("filing.swept", "job.read", "keys.rotated", "leftovers.purged", "records.swept", "watch.swept"),
}


class TrailBroken(Exception):
    """The event cannot be written."""


def leaves(*actions: str) -> Callable[[Arranging], Arranging]:
    """Put a deed into the table with the events that it must leave."""

    def enter(arrange: Arranging) -> Arranging:
        DEEDS[arrange.__name__] = (arrange, actions)
        return arrange

    return enter


@leaves("practice.created")
def create_practice(harbor: World) -> Deed:
    return partial(practices.create, code="other", name="Other", test_data=True)


@leaves("practice.changed")
def change_practice(harbor: World) -> Deed:
    return partial(practices.change, practice=harbor.practice, facts={"city": "Salem"}, by=harbor.by)


@leaves("location.recorded")
def record_location(harbor: World) -> Deed:
    facts = {"name": "Branch", "time_zone": "America/Denver"}
    return partial(practices.record_location, facts=facts, by=harbor.by)


@leaves("location.changed")
def change_location(harbor: World) -> Deed:
    return partial(practices.record_location, facts={"city": "Salem"}, by=harbor.by, location=harbor.location)


@leaves("clinician.recorded")
def record_clinician(harbor: World) -> Deed:
    return partial(world.add_clinician, harbor.by, world.NPIS[2], last_name="Other")


@leaves("clinician.changed")
def change_clinician(harbor: World) -> Deed:
    return partial(practices.record_clinician, facts={"credentials": "MD"}, by=harbor.by, clinician=harbor.clinician)


@leaves("license.recorded")
def record_license(harbor: World) -> Deed:
    facts = {"state": "OR", "number": "1", "valid_from": TODAY, "valid_through": TODAY}
    return partial(practices.record_license, clinician=harbor.clinician, facts=facts, by=harbor.by)


@leaves("dea.recorded")
def record_dea(harbor: World) -> Deed:
    facts = {"location": harbor.location, "number": "1", "valid_through": TODAY}
    return partial(practices.record_dea, clinician=harbor.clinician, facts=facts, by=harbor.by)


def agreement(harbor: World, **more: Any) -> Deed:
    period = {"valid_from": TODAY, "valid_through": TODAY}
    facts = {"number": "A-2", "va_facility": "VA Salem", **period}
    covers = {"locations": [harbor.location], "clinicians": [harbor.clinician]}
    return partial(practices.record_agreement, facts=facts, by=harbor.by, **covers, **more)


@leaves("agreement.recorded")
def record_agreement(harbor: World) -> Deed:
    return agreement(harbor)


@leaves("agreement.changed")
def change_agreement(harbor: World) -> Deed:
    return agreement(harbor, agreement=harbor.practice.agreements.get(), cover_from=TODAY)


@leaves("parameter.set")
def set_parameter(harbor: World) -> Deed:
    source = {"source": "test", "verified_on": TODAY}
    return partial(parameters.set_value, name="payer-id", value="1", valid_from=TODAY, by=harbor.by, **source)


@leaves("invitation.sent")
def invite(harbor: World) -> Deed:
    return partial(people.invite, email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)


@leaves("invitation.accepted", "membership.given")
def accept(harbor: World) -> Deed:
    _, token = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)
    return partial(people.accept, token=token, name="New", password=PASSWORD, at=NOW)


@leaves("invitation.sent_again")
def invite_again(harbor: World) -> Deed:
    invitation, _ = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)
    return partial(people.invite_again, invitation=invitation, by=harbor.by, at=NOW)


@leaves("invitation.withdrawn")
def withdraw_invitation(harbor: World) -> Deed:
    invitation, _ = people.invite(email="new@example.org", role=Role.NURSE, by=harbor.by, at=NOW)
    return partial(people.withdraw_invitation, invitation=invitation, by=harbor.by, at=NOW)


@leaves("password.reset_offered")
def offer_reset(harbor: World) -> Deed:
    return partial(people.offer_reset, user=world.person(harbor, Role.NURSE), by=harbor.by, at=NOW)


@leaves("password.reset")
def reset(harbor: World) -> Deed:
    _, token = offer_reset(harbor)()  # type: ignore[misc]
    return partial(people.accept, token=token, password=PASSWORD, at=NOW)


@leaves("password.changed")
def change_password(harbor: World) -> Deed:
    user = world.person(harbor, Role.NURSE)
    return partial(passwords.change, user=user, present=PASSWORD, new=PASSWORD + "!", by=harbor.by, at=NOW)


@leaves("digest.chosen")
def stop_digest(harbor: World) -> Deed:
    return partial(digests.choose, user=world.person(harbor, Role.NURSE), wanted=False, by=harbor.by)


@leaves("membership.given")
def give_role(harbor: World) -> Deed:
    return partial(people.give_role, user=world.person(harbor, Role.NURSE), role=Role.BILLER, by=harbor.by)


@leaves("membership.ended")
def end_role(harbor: World) -> Deed:
    membership = world.person(harbor, Role.NURSE).memberships.get()
    return partial(people.end_role, membership=membership, by=harbor.by)


@leaves("practice.created", "real_data.began")
def create_real_practice(harbor: World) -> Deed:
    world.person(harbor, Role.BILLER)
    User.objects.update(is_demo=True)
    world.proven_backup()
    return partial(practices.create, code="other", name="Other", test_data=False)


@leaves("factor.added")
def add_app(harbor: World) -> Deed:
    user, secret = world.person(harbor, Role.BILLER), pyotp.random_base32()
    code = pyotp.TOTP(secret).at(NOW)
    return partial(factors.add_app, user=user, secret=secret, code=code, by=harbor.by, at=NOW)


@leaves("factor.removed")
def remove_app(harbor: World) -> Deed:
    add_app(harbor)()
    return partial(factors.remove_app, user=User.objects.get(), by=harbor.by)


@leaves("codes.made")
def make_codes(harbor: World) -> Deed:
    return partial(factors.new_codes, user=world.person(harbor, Role.BILLER), by=harbor.by)


@leaves("factor.added")
def add_passkey(harbor: World) -> Deed:
    user, site = world.person(harbor, Role.BILLER), Site("testserver", "http://testserver")
    asked, state = passkeys.begin_adding(user, site=site)
    said = {"answer": Device().create(asked, site.origin), "state": state, "site": site}
    return partial(passkeys.add, user=user, name="test", by=harbor.by, at=NOW, **said)


@leaves("factor.renamed")
def rename_passkey(harbor: World) -> Deed:
    add_passkey(harbor)()
    return partial(passkeys.rename, passkey=Passkey.objects.get(), name="other", by=harbor.by)


@leaves("factor.removed")
def remove_passkey(harbor: World) -> Deed:
    add_passkey(harbor)()
    return partial(passkeys.remove, passkey=Passkey.objects.get(), by=harbor.by)


@leaves("factors.reset_offered")
def offer_new_factors(harbor: World) -> Deed:
    return partial(people.offer_new_factors, user=world.person(harbor, Role.NURSE), by=harbor.by, at=NOW)


@leaves("factors.dropped")
def drop_factors(harbor: World) -> Deed:
    add_app(harbor)()
    _, token = people.offer_new_factors(user=User.objects.get(), by=harbor.by, at=NOW)
    return partial(people.accept, token=token, password=PASSWORD, at=NOW)


@leaves("sign_in.proved")
def prove(harbor: World) -> Deed:
    return partial(sign_ins.proved, world.person(harbor, Role.BILLER), how="password")


@leaves("sign_in.done")
def sign_in(harbor: World) -> Deed:
    user = world.person(harbor, Role.BILLER)
    return partial(sign_ins.done, user, how="password", address="192.0.2.7", at=NOW)


@leaves("sign_in.failed")
def fail_to_sign_in(harbor: World) -> Deed:
    return partial(sign_ins.failed, world.person(harbor, Role.BILLER), how="password", address="192.0.2.7")


@leaves("sign_out.done")
def sign_out(harbor: World) -> Deed:
    return partial(sign_ins.over, world.person(harbor, Role.BILLER), how="person")


@leaves(
    "membership.ended", "token.revoked", "job.cancelled", "task.handed_over", "alert.handed_over", "person.disabled"
)
def disable_person(harbor: World) -> Deed:
    user = world.person(harbor, Role.BILLER)
    by = cast(Actor, access.person(user, harbor.practice))
    people.issue_token(user=user, name="test", by=by, at=NOW)
    jobs.enqueue(kind="watch_authorizations", key="1", by=by)
    task = chores.open_task(kind="referral_held", subject=harbor.practice, headline="test", by=by)
    chores.take(task=task, by=by)
    alert = alerts.raise_alert(Reached("filing_limit", "CLAIM-19", "test", 1, (30,), "", "test", None), by=by, at=NOW)
    inbox.take(alert=cast(Alert, alert), by=by)
    return partial(departures.disable, user=user, by=harbor.by, at=NOW)


@leaves("token.issued")
def issue_token(harbor: World) -> Deed:
    return partial(people.issue_token, user=world.person(harbor, Role.BILLER), name="test", by=harbor.by, at=NOW)


@leaves("token.revoked")
def revoke_token(harbor: World) -> Deed:
    token, _ = people.issue_token(user=world.person(harbor, Role.BILLER), name="test", by=harbor.by, at=NOW)
    return partial(people.revoke_token, token=token, by=harbor.by, at=NOW)


@leaves("task.opened")
def open_task(harbor: World) -> Deed:
    return partial(chores.open_task, kind="visits_over", subject=harbor.practice, headline="test", by=harbor.by)


@leaves("task.closed")
def close_tasks(harbor: World) -> Deed:
    about = {"kind": "visits_over", "subject": harbor.practice, "by": harbor.by}
    chores.open_task(headline="test", **about)
    return partial(chores.close_tasks, proof="test", at=NOW, **about)


def task(harbor: World) -> tuple[Task, Actor]:
    by = access.person(world.person(harbor, Role.BILLER), harbor.practice)
    assert by
    open_task(harbor)()
    return Task.objects.get(), by


@leaves("task.taken")
def take_task(harbor: World) -> Deed:
    task_, by = task(harbor)
    return partial(chores.take, task=task_, by=by)


@leaves("task.given_back")
def give_back_task(harbor: World) -> Deed:
    task_, by = task(harbor)
    chores.take(task=task_, by=by)
    return partial(chores.give_back, task=task_, by=by)


@leaves("alert.raised")
def raise_alert(harbor: World) -> Deed:
    world.person(harbor, Role.BILLER)
    due = Reached("visits_left", "AUTH-02", "x", 1, (2,), "6", "test", None)
    return partial(alerts.raise_alert, due, by=harbor.by, at=NOW)


def alert(harbor: World) -> Alert:
    raise_alert(harbor)()
    return Alert.objects.get()


@leaves("alert.resolved")
def resolve_alert(harbor: World) -> Deed:
    alert(harbor)
    return partial(alerts.close_gone, "visits_left", [], by=harbor.by, at=NOW)


@leaves("alert.dismissed")
def dismiss_alert(harbor: World) -> Deed:
    return partial(alerts.dismiss, alert=alert(harbor), reason="test", by=harbor.by, at=NOW)


@leaves("alert.reopened")
def reopen_alert(harbor: World) -> Deed:
    alert_ = alert(harbor)
    alerts.dismiss(alert=alert_, reason="test", by=harbor.by, at=NOW)
    return partial(alerts.reopen, alert=alert_, by=harbor.by)


@leaves("alert.snoozed")
def snooze_alert(harbor: World) -> Deed:
    asked = inbox.Snooze(NOW.date() + timedelta(days=3))
    return partial(inbox.snooze, [alert(harbor)], asked=asked, by=harbor.by, at=NOW)


@leaves("alert.woken")
def wake_alert(harbor: World) -> Deed:
    snooze_alert(harbor)()
    return partial(inbox.wake, [Alert.objects.get()], by=harbor.by)


@leaves("alert.taken")
def take_alert(harbor: World) -> Deed:
    by = access.person(world.person(harbor, Role.CLINICIAN), harbor.practice)
    assert by
    return partial(inbox.take, alert=alert(harbor), by=by)


@leaves("alert.given_back")
def give_back_alert(harbor: World) -> Deed:
    by = access.person(world.person(harbor, Role.CLINICIAN), harbor.practice)
    assert by
    inbox.take(alert=alert(harbor), by=by)
    return partial(inbox.give_back, alert=Alert.objects.get(), by=by)


@leaves("job.asked_for")
def enqueue_job(harbor: World) -> Deed:
    by = access.person(world.person(harbor, Role.BILLER), harbor.practice)
    assert by
    return partial(jobs.enqueue, kind="write_837p", key="1", by=by)


@leaves("job.cancelled")
def cancel_job(harbor: World) -> Deed:
    return partial(jobs.cancel, job=jobs.enqueue(kind="write_837p", key="1", by=harbor.by), by=harbor.by)


@leaves("job.retried")
def retry_job(harbor: World) -> Deed:
    job = jobs.enqueue(kind="write_837p", key="1", by=harbor.by)
    Job.objects.update(state=JobState.PARKED)
    return partial(jobs.retry, job=job, by=harbor.by)


@leaves("document.kept")
def keep_document(harbor: World) -> Deed:
    return partial(documents.keep, b"x", kind="claims_837p", filename="x", media_type="text/plain", by=harbor.by)


@leaves("document.read")
def open_document(harbor: World) -> Deed:
    keep_document(harbor)()
    return partial(documents.opened, Document.objects.get(), by=harbor.by)


@leaves("document.kept", "veteran.recorded", "referral.received", "task.opened", "referral.imported")
def import_list(harbor: World) -> Deed:
    received = [Received(world.notice(), {}, derived_expiration=False)]
    return partial(referrals.import_list, content=b"x", received=received, filename="x", by=harbor.by, at=NOW)


@leaves("veteran.recorded", "document.kept", "referral.received", "task.opened")
def receive(harbor: World) -> Deed:
    return partial(world.receive, harbor)


@leaves("document.kept", "task.opened", "referral.notice_received")
def receive_another_notice(harbor: World) -> Deed:
    known = world.receive(harbor).referral
    return partial(world.receive, harbor, number=known.number, va_status="X")


@leaves("referral.notice_settled", "task.closed")
def settle_notice(harbor: World) -> Deed:
    receive_another_notice(harbor)()
    notice = Referral.objects.get().notices.get(pending=True)
    return partial(referrals.settle_notice, notice=notice, by=harbor.by, at=NOW)


@leaves("referral.changed")
def change_details(harbor: World) -> Deed:
    referral = world.receive(harbor).referral
    facts = {"network": "x"}
    return partial(referrals.change_details, referral=referral, facts=facts, home=harbor.location, by=harbor.by)


@leaves("referral.confirmed", "task.closed")
def confirm(harbor: World) -> Deed:
    referral = world.receive(harbor, seoc="MH_SAMPLE_1.0.1").referral
    referrals.change_details(referral=referral, facts={"network": ""}, home=harbor.location, by=harbor.by)
    return partial(referrals.confirm, referral=referral, by=harbor.by, at=NOW)


@leaves("referral.rejected", "task.closed")
def reject(harbor: World) -> Deed:
    return move(referrals.reject, world.receive(harbor).referral, harbor)


@leaves("referral.reopened", "task.opened")
def reopen(harbor: World) -> Deed:
    reject(harbor)()
    return move(referrals.reopen, Referral.objects.get(), harbor)


@leaves("referral.suspended")
def suspend(harbor: World) -> Deed:
    return move(referrals.suspend, world.authorization(harbor).referral, harbor)


@leaves("referral.resumed")
def resume(harbor: World) -> Deed:
    suspend(harbor)()
    return move(referrals.resume, Referral.objects.get(), harbor)


@leaves("referral.cancelled")
def cancel_referral(harbor: World) -> Deed:
    return move(referrals.cancel, world.authorization(harbor).referral, harbor)


@leaves("claim.moved", "referral.moved")
def move_to_veteran(harbor: World) -> Deed:
    authorization = world.authorization(harbor)
    claims.draft(visit_ids=[world.completed(harbor, authorization).pk], by=harbor.by, at=NOW)
    other = world.receive(harbor).referral.veteran
    return partial(referrals.move_to_veteran, referral=authorization.referral, veteran=other, by=harbor.by)


@leaves("referral.completed", "task.opened")
def complete_referral_with_a_booked_visit(harbor: World) -> Deed:
    authorization = world.authorization(harbor)
    world.booked(harbor, authorization)
    return move(referrals.complete, authorization.referral, harbor)


@leaves("referral.completed")
def complete_referral(harbor: World) -> Deed:
    return move(referrals.complete, world.authorization(harbor).referral, harbor)


def move(act: Callable[..., None], referral: Referral, harbor: World) -> Deed:
    return partial(act, referral=referral, reason="test", by=harbor.by, at=NOW)


@leaves("authorization.amended")
def amend(harbor: World) -> Deed:
    terms = Terms(TODAY, TODAY + timedelta(days=90))
    authorization = world.authorization(harbor)
    return partial(amendments.amend, authorization=authorization, terms=terms, reason="test", by=harbor.by, at=NOW)


@leaves("authorization.limit_set", "task.opened")
def set_limit(harbor: World) -> Deed:
    authorization = world.authorization(harbor)
    world.booked(harbor, authorization)
    world.booked(harbor, authorization)
    service, limit = world.line(authorization), Limit("Infusion", LimitKind.COUNTED, 1)
    return partial(amendments.set_limit, service=service, limit=limit, reason="test", by=harbor.by, at=NOW)


@leaves("authorization.limit_set")
def add_line(harbor: World) -> Deed:
    limit = Limit("Evaluation", LimitKind.UNLIMITED, None)
    authorization = world.authorization(harbor)
    return partial(amendments.add_line, authorization=authorization, limit=limit, by=harbor.by, at=NOW)


@leaves("authorization.opening_balance_set")
def set_opening_balance(harbor: World) -> Deed:
    service = world.line(world.authorization(harbor))
    return partial(amendments.set_opening_balance, service=service, visits=2, source="test", by=harbor.by, at=NOW)


@leaves("veteran.recorded")
def record_veteran(harbor: World) -> Deed:
    facts = veterans.facts_in(world.notice())
    return partial(veterans.record, facts=facts, source=FactSource.VA, by=harbor.by, at=NOW)


@leaves("veteran.identifiers_revealed")
def reveal_identifiers(harbor: World) -> Deed:
    return partial(veterans.reveal, veteran=world.receive(harbor).referral.veteran, by=harbor.by)


@leaves("veteran.changed")
def change_veteran(harbor: World) -> Deed:
    veteran = world.receive(harbor).referral.veteran
    return partial(
        veterans.change, veteran=veteran, facts={"city": "Salem"}, source=FactSource.VA, by=harbor.by, at=NOW
    )


@leaves("hold.placed")
def place_hold(harbor: World) -> Deed:
    veteran = world.receive(harbor).referral.veteran
    return partial(holds.place, veteran=veteran, matter="2024-17", reason="A letter", by=harbor.by, at=NOW)


@leaves("hold.lifted")
def lift_hold(harbor: World) -> Deed:
    hold = holds.place(veteran=None, matter="2024-17", reason="A letter", by=harbor.by, at=NOW)
    return partial(holds.lift, hold=hold, reason="Settled", by=harbor.by, at=NOW)


@leaves("files.disposed")
def dispose_of_files(harbor: World) -> Deed:
    referrals.keep_list(b"[]", filename="list.json", by=harbor.by)
    ids = list(Document.objects.values_list("pk", flat=True))
    return partial(unnamed.dispose, ids, by=harbor.by, at=aged.LATER)


@leaves("records.disposed")
def dispose(harbor: World) -> Deed:
    return partial(disposals.dispose, veteran_id=aged.settled(harbor).pk, by=harbor.by, at=aged.LATER)


@leaves("visit.booked")
def book(harbor: World) -> Deed:
    return partial(visits.book, plan=world.plan(harbor, world.authorization(harbor)), by=harbor.by, at=NOW)


@leaves("visit.walked_in")
def walk_in(harbor: World) -> Deed:
    return partial(visits.walk_in, plan=world.plan(harbor, world.authorization(harbor)), by=harbor.by, at=NOW)


def visit(harbor: World) -> Visit:
    return world.booked(harbor, world.authorization(harbor))


@leaves("task.opened", "visit.penciled")
def pencil(harbor: World) -> Deed:
    plan = world.plan(harbor, world.authorization(harbor, visits=0))
    return partial(pencils.arrange, plan=plan, by=harbor.by, at=NOW)


@leaves("task.closed", "visit.booked")
def book_penciled(harbor: World) -> Deed:
    row: Visit = pencil(harbor)()
    AuthorizedService.objects.update(visits_authorized=1)
    return partial(visits.book_penciled, visit=row, by=harbor.by, at=NOW)


@leaves("visit.checked_in")
def check_in(harbor: World) -> Deed:
    return partial(visits.check_in, visit=visit(harbor), by=harbor.by, at=NOW)


@leaves("visit.completed")
def complete_visit(harbor: World) -> Deed:
    check_in(harbor)()
    return partial(visits.complete, visit=Visit.objects.get(), by=harbor.by, at=NOW, diagnoses=["F332"])


@leaves("visit.cancelled")
def cancel_visit(harbor: World) -> Deed:
    return partial(visits.cancel, visit=visit(harbor), reason="test", by=harbor.by, at=NOW)


@leaves("visit.moved")
def move_visit(harbor: World) -> Deed:
    booked, later = visit(harbor), NOW + timedelta(days=1)
    return partial(visits.move, visit=booked, location=harbor.location, starts_at=later, by=harbor.by, at=NOW)


@leaves("visit.no_show")
def no_show(harbor: World) -> Deed:
    return partial(visits.no_show, visit=visit(harbor), reason="test", by=harbor.by, at=NOW)


@leaves("closed_days.entered")
def close_days(harbor: World) -> Deed:
    days = {"first": TODAY, "last": TODAY}
    return partial(closures.close, location=harbor.location, reason="test", by=harbor.by, **days)


@leaves("closed_days.taken_out")
def reopen_days(harbor: World) -> Deed:
    return partial(closures.reopen, closed=close_days(harbor)(), by=harbor.by)


@leaves("absence.entered")
def enter_absence(harbor: World) -> Deed:
    return partial(closures.away, clinician=harbor.clinician, first=TODAY, last=TODAY, by=harbor.by)


@leaves("absence.taken_out")
def take_absence_out(harbor: World) -> Deed:
    return partial(closures.back, absence=enter_absence(harbor)(), by=harbor.by)


@leaves("task.closed", "visit.va_told")
def tell_va(harbor: World) -> Deed:
    missed = visit(harbor)
    visits.no_show(visit=missed, reason="", contact=Contact(0, va_told=False), by=harbor.by, at=NOW)
    return partial(telling.told, visit=missed, how="by phone", by=harbor.by, at=NOW)


def undoing(arrange: Arranging) -> Arranging:
    """Return the arranging of the undoing of a deed."""

    def undo(harbor: World) -> Deed:
        arrange(harbor)()
        return partial(visits.undo, visit=Visit.objects.get(), by=harbor.by, at=NOW)

    undo.__name__ = f"undo_{arrange.__name__}"
    return undo


for one in (check_in, complete_visit, cancel_visit, no_show):
    leaves("visit.undone")(undoing(one))
leaves("visit.voided")(undoing(walk_in))


@leaves("visit.voided")
def void(harbor: World) -> Deed:
    check_in(harbor)()
    return partial(visits.void, visit=Visit.objects.get(), reason="test", by=harbor.by, at=NOW)


@leaves("visit.services_changed")
def change_services(harbor: World) -> Deed:
    visit_ = visit(harbor)
    services = [Planned(visit_.services.get().service_id, harbor.clinician.pk, code="96366")]
    return partial(visits.change_services, visit=visit_, services=services, diagnoses=["F332"], by=harbor.by)


@leaves("charge.set")
def set_price(harbor: World) -> Deed:
    return partial(charges.set_price, code="96365", amount=Decimal("500"), valid_from=TODAY, by=harbor.by)


@leaves("claim.drafted")
def draft(harbor: World) -> Deed:
    visit_ = world.completed(harbor, world.authorization(harbor))
    return partial(claims.draft, visit_ids=[visit_.pk], by=harbor.by, at=NOW)


def drafted(harbor: World) -> Claim:
    draft(harbor)()
    return Claim.objects.get()


@leaves("claim.rebuilt")
def rebuild(harbor: World) -> Deed:
    return partial(claims.rebuild, claim=drafted(harbor), by=harbor.by)


@leaves("claim.visit_taken_off")
def take_off(harbor: World) -> Deed:
    authorization = world.authorization(harbor)
    made = [world.completed(harbor, authorization, at=NOW - timedelta(days=days)) for days in (0, 1)]
    (claim,) = claims.draft(visit_ids=[one.pk for one in made], by=harbor.by, at=NOW)
    return partial(claims.take_off, claim=claim, visit_id=made[0].pk, by=harbor.by)


@leaves("claim.outdated")
def outdate(harbor: World) -> Deed:
    return partial(claims.outdate, visit_id=drafted(harbor).lines.get().visit_id, by=harbor.by)


@leaves("claims.exported")
def export(harbor: World) -> Deed:
    return partial(exports.as_csv, by=harbor.by)


@leaves("dashboard.exported")
def export_figures(harbor: World) -> Deed:
    said = {"action": "dashboard.exported", "subject": "dashboard", "changes": lambda number: {"lines": number}}
    return partial(tables.table, ("Figure",), [("1",)], by=harbor.by, **said)


@leaves("claim.all_made_ready")
def make_all_ready(harbor: World) -> Deed:
    drafted(harbor)
    return partial(claims.make_all_ready, by=harbor.by, at=NOW)


@leaves("claim.made_ready")
def make_ready(harbor: World) -> Deed:
    return partial(claims.make_ready, claim=drafted(harbor), by=harbor.by, at=NOW)


@leaves("claim.back_to_draft")
def back_to_draft(harbor: World) -> Deed:
    make_ready(harbor)()
    return partial(claims.back_to_draft, claim=Claim.objects.get(), by=harbor.by)


@leaves("claim.back_to_draft")
def hold_back(harbor: World) -> Deed:
    make_ready(harbor)()
    claim = Claim.objects.get()
    return partial(claims.hold_back, claim_id=claim.pk, revision=claim.revision, by=harbor.by)


@leaves("claim.closed")
def close(harbor: World) -> Deed:
    return partial(claims.close, claim=drafted(harbor), reason="test", by=harbor.by, at=NOW)


@leaves("document.kept", "submission.written")
def store(harbor: World) -> Deed:
    make_ready(harbor)()
    assembled = assembly.assemble([Claim.objects.get().pk], by=harbor.by, at=NOW)
    return partial(submissions.store, assembled, job=None, by=harbor.by, at=NOW)


@leaves("document.kept", "submission.by_hand")
def send_by_hand(harbor: World) -> Deed:
    make_ready(harbor)()
    sent = ByHand(Channel.PORTAL, NOW, proof=Proof(PNG, "proof.png"))
    ids = [Claim.objects.get().pk]
    return partial(submissions.record_by_hand, claim_ids=ids, sent=sent, by=harbor.by, at=NOW)


@leaves("submission.taken_back")
def take_submission_back(harbor: World) -> Deed:
    submission = cast(Submission, send_by_hand(harbor)())
    return partial(submissions.take_back, submission=submission, reason="test", by=harbor.by, at=NOW)


@leaves("document.kept", "claim.accepted")
def accept_claim(harbor: World) -> Deed:
    send_by_hand(harbor)()
    answer = Answer(Verdict.ACCEPTED, Source.PORTAL, TODAY, proof=Proof(PDF, "answer.pdf"))
    return partial(acknowledgments.take, claim=Claim.objects.get(), answer=answer, by=harbor.by, at=NOW)


@leaves("claim.rejected")
def reject_claim(harbor: World) -> Deed:
    send_by_hand(harbor)()
    answer = Answer(Verdict.REJECTED, Source.PHONE, TODAY, words="no such member", reference="C-1")
    return partial(acknowledgments.take, claim=Claim.objects.get(), answer=answer, by=harbor.by, at=NOW)


@leaves("claim.answer_undone")
def undo_answer(harbor: World) -> Deed:
    made = cast(Acknowledgment, reject_claim(harbor)())
    return partial(acknowledgments.undo, acknowledgment=made, reason="test", by=harbor.by, at=NOW)


@leaves("submissions.exported")
def export_submissions(harbor: World) -> Deed:
    return partial(exports.submissions_as_csv, by=harbor.by)


@leaves("document.kept", "claims.printed")
def print_claims(harbor: World) -> Deed:
    return partial(paper_claims.keep, b"%PDF-1.7", whole=paper_claims.Review(()), by=harbor.by, at=NOW)


@leaves("emergency.began", "alert.raised")
def open_in_emergency(harbor: World) -> Deed:
    by = access.person(world.person(harbor, Role.NURSE), harbor.practice)
    return partial(emergencies.begin, reason="somebody collapsed", by=by, at=NOW)


@leaves("emergency.ended")
def end_emergency(harbor: World) -> Deed:
    return partial(emergencies.end, open_in_emergency(harbor)().key, how="person", by=harbor.by)  # type: ignore[attr-defined]


@leaves("report.exported")
def export_report(harbor: World) -> Deed:
    told: Any = {"action": "report.exported", "subject": "veteran 1", "changes": lambda number: {"lines": number}}
    return partial(tables.table, ("When",), [], by=harbor.by, **told)


@leaves("page.read")
def show_page(harbor: World) -> Deed:
    return partial(audit.read, by=harbor.by, what="page.read", where="claim 1", veterans=[1], address="::1")


@leaves("api.read")
def answer_call(harbor: World) -> Deed:
    return partial(audit.read, by=harbor.by, what="api.read", where="api_claim 1", veterans=[1], address="::1")


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    with time_machine.travel(NOW), put_back(once):
        yield once


def break_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    def record(**_: Any) -> None:
        raise TrailBroken

    monkeypatch.setattr(audit, "record", record)


@pytest.mark.parametrize("name", DEEDS)
def test_deed_leaves_its_events(harbor: World, name: str) -> None:
    arrange, actions = DEEDS[name]
    deed = arrange(harbor)
    before = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]

    deed()

    assert tuple(AuditEvent.objects.filter(pk__gt=before).order_by("pk").values_list("action", flat=True)) == actions


@pytest.mark.parametrize("name", DEEDS)
def test_deed_without_its_event_changes_nothing(harbor: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deed = DEEDS[name][0](harbor)
    before = everything()
    break_trail(monkeypatch)

    with pytest.raises(TrailBroken):
        deed()

    assert everything() == before


def test_deed_without_its_event_would_change_something_outside_a_transaction(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deed = change_practice(harbor)
    before = everything()
    break_trail(monkeypatch)
    monkeypatch.setattr(transaction, "atomic", nullcontext)

    with pytest.raises(TrailBroken):
        deed()

    assert {table for table, rows in everything().items() if rows != before[table]} == {"core.Practice"}


def test_every_declared_event_is_left_by_a_deed() -> None:
    left = {action for _, actions in DEEDS.values() for action in actions}

    assert left | ELSEWHERE == vocabulary.kinds(Family.AUDIT).keys()
