"""Visits: book, walk in, check in, complete, cancel, no-show, undo, void. Each deed is one transaction.

The authorization's row is locked first, so that its dates and state stand still while a visit is judged by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from referrals.domain import drawdown
from referrals.domain.states import VISIT_MOVES, Affiliation, ReferralState, VisitState
from referrals.models import Authorization, Visit, VisitService
from referrals.services import ledger, stranded
from referrals.services.authorizations import locked
from referrals.services.necessity import require_clinical
from referrals.signals import visit_correcting, visit_voiding
from vca.core import access, audit, states
from vca.core.access import Actor
from vca.core.models import Clinician, ServiceLocation
from vca.core.services import practices
from vca.domain.errors import RuleError
from vca.domain.wording import say_day


class ReferralNotActive(RuleError):
    """The referral has not been confirmed, or is no longer active."""

    code = "VISIT-01"


class MoveNotOffered(RuleError):
    """The visit is not in a state from which that act may start."""

    code = "VISIT-05"


class NoAgreement(RuleError):
    """No agreement with VA covers that day."""

    code = "VISIT-06"


class ForeignLine(RuleError):
    """A service names a line of another authorization."""

    code = "VISIT-08"


class NothingToCount(RuleError):
    """The visit names no service line."""

    code = "VISIT-09"


class ClinicianNotApproved(RuleError):
    """VA has not approved the clinician for that day."""

    code = "VISIT-10"


class ClaimedBefore(RuleError):
    """A claim that was closed since names the service."""

    code = "VISIT-12"


class TooEarly(RuleError):
    """The visit's day has not come."""

    code = "VISIT-11"


CORRECTED = (
    *("service", "clinician", "code", "modifiers", "units"),
    *("drug_name", "ndc", "ndc_unit", "ndc_quantity"),
)


@dataclass(frozen=True, slots=True)
class Planned:
    """One service of a visit: its line, its clinician, and what will be billed. ``ndc_quantity`` is in ``ndc_unit``."""

    service_id: int
    clinician_id: int
    code: str = ""
    modifiers: str = ""
    units: int = 1
    drug_name: str = ""
    ndc: str = ""
    ndc_unit: str = ""
    ndc_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A visit as it is wanted: where, when, and its services."""

    authorization: Authorization
    location: ServiceLocation
    starts_at: datetime
    services: Sequence[Planned]
    diagnoses: Sequence[str] = ()


def book(*, plan: Plan, by: Actor, at: datetime) -> Visit:
    """Book a visit and hold one authorized visit on each of its lines.

    Raises ReferralNotActive, VisitOutsidePeriod, VisitsExhausted, LimitNotKnown, NoAgreement, ClinicianNotApproved.
    """
    with transaction.atomic():
        visit = _make(plan, VisitState.BOOKED, by=by, at=at)
        ledger.hold(visit=visit, by=by, at=at)
        audit.record(by=by, action="visit.booked", subject=visit)
    return visit


def walk_in(*, plan: Plan, by: Actor, at: datetime) -> Visit:
    """Check in a visit that was not booked: it uses at once. Raises as ``book`` does."""
    with transaction.atomic():
        visit = _make(plan, VisitState.ARRIVED, by=by, at=at)
        ledger.use_directly(visit=visit, by=by, at=at)
        audit.record(by=by, action="visit.walked_in", subject=visit)
    return visit


def _make(plan: Plan, state: VisitState, *, by: Actor, at: datetime) -> Visit:
    authorization = locked(plan.authorization, by=by)
    access.own(plan.location, by)
    on = plan.location.civil_day(plan.starts_at)
    if state == VisitState.ARRIVED and on > plan.location.civil_day(at):
        raise TooEarly(f"the visit is on {say_day(on)}")
    _refuse_cover(authorization, on=on, by=by)
    _refuse_lines(authorization, plan.services)
    _refuse_clinicians(_clinicians(authorization).filter(is_active=True), plan.services, on=on)
    arrived = state == VisitState.ARRIVED
    visit = Visit.objects.create(
        practice_id=authorization.practice_id,
        authorization=authorization,
        veteran_id=authorization.veteran_id,
        location=plan.location,
        state=state,
        walk_in=arrived,
        on=on,
        starts_at=plan.starts_at,
        booked_at=at,
        arrived_at=at if arrived else None,
        diagnoses=list(plan.diagnoses),
        booked_by_id=by.user_id,
    )
    VisitService.objects.bulk_create(_service(visit, planned) for planned in plan.services)
    return visit


def _refuse_cover(authorization: Authorization, *, on: date, by: Actor) -> None:
    referral = authorization.referral
    if referral.state != ReferralState.ACCEPTED:
        raise ReferralNotActive(f"the referral is {referral.get_state_display().lower()}")
    drawdown.refuse_day(authorization.terms.period, on)
    needs_agreement = referral.affiliation == Affiliation.VCA
    if needs_agreement and not practices.agreements_in_force(by, on=on).exists():
        raise NoAgreement(f"no agreement with VA is in force on {say_day(on)}")


def _refuse_lines(authorization: Authorization, services: Sequence[Planned]) -> None:
    if not services:
        raise NothingToCount("choose at least one service line")
    lines = set(authorization.services.values_list("pk", flat=True))
    if any(planned.service_id not in lines for planned in services):
        raise ForeignLine("a service names a line of another authorization")


def _clinicians(authorization: Authorization) -> QuerySet[Clinician]:
    return Clinician.objects.filter(practice_id=authorization.practice_id)


def _refuse_clinicians(clinicians: QuerySet[Clinician], services: Sequence[Planned], *, on: date) -> None:
    wanted = {planned.clinician_id for planned in services}
    found = {clinician.pk: clinician for clinician in clinicians.filter(pk__in=wanted)}
    for clinician_id in sorted(wanted):
        clinician = found.get(clinician_id)
        if clinician is None:
            raise ClinicianNotApproved("a service names a clinician who does not treat here")
        if not clinician.is_approved(on):
            raise ClinicianNotApproved(f"VA's approval of {clinician.display_name} does not cover {say_day(on)}")


def _service(visit: Visit, planned: Planned) -> VisitService:
    return VisitService(
        practice_id=visit.practice_id,
        visit=visit,
        service_id=planned.service_id,
        clinician_id=planned.clinician_id,
        code=planned.code.upper(),
        modifiers=planned.modifiers,
        units=planned.units,
        drug_name=planned.drug_name,
        ndc=planned.ndc,
        ndc_unit=planned.ndc_unit,
        ndc_quantity=planned.ndc_quantity,
    )


def _rewrite_services(visit: Visit, services: Sequence[Planned]) -> None:
    """Write over the rows that are there: lines of closed claims point at them, and keep their own words."""
    rows = [_service(visit, planned) for planned in services]
    known = list(visit.services.order_by("pk").values_list("pk", flat=True))
    for row, pk in zip(rows, known, strict=False):
        row.pk = pk
    VisitService.objects.bulk_update(rows[: len(known)], CORRECTED)
    VisitService.objects.bulk_create(rows[len(known) :])
    try:
        VisitService.objects.filter(pk__in=known[len(rows) :]).delete()
    except ProtectedError:
        words = "a closed claim names each service of this visit; change them, or void the visit and enter it anew"
        raise ClaimedBefore(words) from None


def _move(visit: Visit, act: str, *, by: Actor, **changes: Any) -> None:
    states.move(visit, act, along=VISIT_MOVES, refusal=MoveNotOffered, by=by, **changes)


def check_in(*, visit: Visit, by: Actor, at: datetime) -> None:
    """The Veteran has arrived: what was held is used. Raises TooEarly, MoveNotOffered, and what refuses cover."""
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        if visit.on > visit.location.civil_day(at):
            raise TooEarly(f"the visit is on {say_day(visit.on)}")
        _refuse_cover(authorization, on=visit.on, by=by)
        _move(visit, "check_in", by=by, arrived_at=at)
        ledger.use_held(visit=visit, by=by, at=at)
        audit.record(by=by, action="visit.checked_in", subject=visit)


def complete(*, visit: Visit, by: Actor, at: datetime, diagnoses: Sequence[str] = ()) -> None:
    """The visit has been given; billing may now claim it. Raises MoveNotOffered."""
    with transaction.atomic():
        changes = {"diagnoses": list(diagnoses)} if diagnoses else {}
        _move(visit, "complete", by=by, completed_at=at, **changes)
        audit.record(by=by, action="visit.completed", subject=visit)


def cancel(*, visit: Visit, reason: str, by: Actor, at: datetime) -> None:
    """Cancel a booked visit and give back its hold. Raises MoveNotOffered."""
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        _move(visit, "cancel", by=by, ended_at=at, reason=reason)
        ledger.release(visit=visit, by=by, at=at)
        stranded.settle(authorization, by=by, at=at)
        audit.record(by=by, action="visit.cancelled", subject=visit)


def no_show(*, visit: Visit, reason: str, by: Actor, at: datetime) -> None:
    """The Veteran did not come: the hold is given back, and nobody is charged. Raises TooEarly, MoveNotOffered."""
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        if visit.on > visit.location.civil_day(at):
            raise TooEarly(f"the visit is on {say_day(visit.on)}")
        _move(visit, "no_show", by=by, ended_at=at, reason=reason)
        ledger.release(visit=visit, by=by, at=at)
        stranded.settle(authorization, by=by, at=at)
        audit.record(by=by, action="visit.no_show", subject=visit)


def undo(*, visit: Visit, by: Actor, at: datetime) -> None:
    """Undo the last act on a visit by its opposite entry; whoever may do an act may undo it.

    Raises MoveNotOffered, NotPermitted, and what refuses a new hold.
    """
    with transaction.atomic():
        visit.refresh_from_db(from_queryset=access.scope(Visit.objects.all(), by))
        if VisitState(visit.state) not in _UNDO:
            raise MoveNotOffered(f"a visit that is {visit.get_state_display().lower()} has nothing to undo")
        permission, undoing = _UNDO[VisitState(visit.state)]
        access.require(by, permission)
        if visit.state == VisitState.ARRIVED and visit.walk_in:
            void(visit=visit, reason="walk-in undone", by=by, at=at)
            return
        undoing(visit, by, at)
        audit.record(by=by, action="visit.undone", subject=visit, changes={"now": visit.state})


def _undo_check_in(visit: Visit, by: Actor, at: datetime) -> None:
    authorization = locked(visit.authorization, by=by)
    _move(visit, "undo_check_in", by=by, arrived_at=None)
    ledger.void(visit=visit, by=by, at=at, back_to_hold=True)
    stranded.tell(authorization, by=by, at=at)


def _undo_complete(visit: Visit, by: Actor, at: datetime) -> None:
    _move(visit, "undo_complete", by=by, completed_at=None)
    _ask_billing(visit)


def _undo_cancel(visit: Visit, by: Actor, at: datetime) -> None:
    _refuse_cover(locked(visit.authorization, by=by), on=visit.on, by=by)
    _move(visit, "undo_cancel", by=by, ended_at=None, reason="")
    ledger.hold(visit=visit, by=by, at=at)


def _undo_no_show(visit: Visit, by: Actor, at: datetime) -> None:
    _refuse_cover(locked(visit.authorization, by=by), on=visit.on, by=by)
    _move(visit, "undo_no_show", by=by, ended_at=None, reason="")
    ledger.hold(visit=visit, by=by, at=at)


def _ask_billing(visit: Visit) -> None:
    """Let billing refuse, after the visit's row is locked: a claim drafted at the same time waits and sees the move."""
    visit_voiding.send(sender=Visit, visit_id=visit.pk)


_UNDO = {
    VisitState.ARRIVED: ("check_in_visits", _undo_check_in),
    VisitState.COMPLETED: ("complete_visits", _undo_complete),
    VisitState.CANCELLED: ("book_visits", _undo_cancel),
    VisitState.NO_SHOW: ("check_in_visits", _undo_no_show),
}


def void(*, visit: Visit, reason: str, by: Actor, at: datetime) -> None:
    """Strike a visit that never was: its use is taken back. Billing may refuse. Raises MoveNotOffered."""
    with transaction.atomic():
        _move(visit, "void", by=by, ended_at=at, reason=reason)
        _ask_billing(visit)
        ledger.void(visit=visit, by=by, at=at, back_to_hold=False)
        audit.record(by=by, action="visit.voided", subject=visit)


def change_services(*, visit: Visit, services: Sequence[Planned], diagnoses: Sequence[str], by: Actor) -> None:
    """Correct what is billed for a visit that stands on no claim or a draft; its lines stay, so the count stays.

    Raises ForeignLine when the correction would count on other lines, and ClaimedBefore when it would take a service
    away that stood on a claim.
    """
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        require_clinical(access.scope(Visit.objects.select_for_update(no_key=True), by).get(pk=visit.pk), by)
        visit_correcting.send(sender=Visit, visit_id=visit.pk, by=by)
        _refuse_lines(authorization, services)
        # Whoever gave it may have left since: what counts is VA's approval on the visit's day.
        _refuse_clinicians(_clinicians(authorization), services, on=visit.on)
        if {planned.service_id for planned in services} != set(ledger.lines_of(visit)):
            raise ForeignLine("a correction keeps the lines on which the visit counts; void it and enter it anew")
        _rewrite_services(visit, services)
        Visit.objects.filter(pk=visit.pk).update(diagnoses=list(diagnoses))
        audit.record(by=by, action="visit.services_changed", subject=visit)
