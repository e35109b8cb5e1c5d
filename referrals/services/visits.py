"""Visits: book, move, walk in, check in, complete, cancel, no-show, undo, void. Each deed is one transaction.

The authorization's row is locked first, so that its dates and state stand still while a visit is judged by them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from referrals.domain import drawdown
from referrals.domain.contact import NOT_ASKED, Contact
from referrals.domain.states import VISIT_MOVES, Affiliation, ReferralState, VisitState
from referrals.models import Authorization, Visit, VisitService
from referrals.services import bookable, ledger, stranded, telling
from referrals.services.authorizations import locked
from referrals.services.necessity import require_clinical
from referrals.signals import visit_correcting, visit_voiding
from vca.core import access, audit, states
from vca.core.access import Actor
from vca.core.models import Clinician, ServiceLocation
from vca.domain.errors import RuleError
from vca.domain.wording import say_day


class ReferralNotActive(RuleError):
    """The referral has not been confirmed, or is no longer active."""

    code = "VISIT-01"


class MoveNotOffered(RuleError):
    """The visit is not in a state from which that act may start."""

    code = "VISIT-05"


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

    @property
    def on(self) -> date:
        """The civil day at its location."""
        return self.location.civil_day(self.starts_at)


def book(*, plan: Plan, by: Actor, at: datetime) -> Visit:
    """Book a visit and hold one authorized visit on each of its lines.

    Raises ReferralNotActive, VisitOutsidePeriod, VisitsExhausted, LimitNotKnown, ClinicianNotApproved, and what
    ``bookable`` raises.
    """
    with transaction.atomic():
        visit = _make(plan, VisitState.BOOKED, by=by, at=at)
        ledger.hold(visit=visit, by=by, at=at)
        audit.record(by=by, action="visit.booked", subject=visit)
    return visit


def move(*, visit: Visit, location: ServiceLocation, starts_at: datetime, by: Actor, at: datetime) -> None:
    """Give a booked visit another place, day or time; what it holds moves along.

    Raises as ``book`` does, and MoveNotOffered. It is judged as a new booking is: what refuses one there
    and then refuses the move, and the visit stays as it was.
    """
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        visit.refresh_from_db(from_queryset=access.scope(Visit.objects.all(), by))
        if visit.state != VisitState.BOOKED:
            raise MoveNotOffered(f"the visit is {visit.get_state_display().lower()}")
        was, on = visit.on, access.own(location, by).civil_day(starts_at)
        ledger.release(visit=visit, by=by, at=at)
        _refuse_terms(authorization, on=on)
        _refuse_ours(authorization, location, _given(visit), on=on, by=by, besides=visit.pk)
        _move(visit, "move", by=by, location=location, on=on, starts_at=starts_at)
        ledger.hold(visit=visit, by=by, at=at)
        stranded.settle(authorization, by=by, at=at)
        days = {"from": was.isoformat(), "to": on.isoformat()}
        audit.record(by=by, action="visit.moved", subject=visit, changes=days)


def walk_in(*, plan: Plan, by: Actor, at: datetime) -> Visit:
    """Check in a visit that was not booked: it uses at once. Raises as ``book`` does."""
    with transaction.atomic():
        visit = _make(plan, VisitState.ARRIVED, by=by, at=at)
        ledger.use_directly(visit=visit, by=by, at=at)
        audit.record(by=by, action="visit.walked_in", subject=visit)
    return visit


def pencil(*, plan: Plan, waits_for: str, kept_until: date, by: Actor, at: datetime) -> Visit:
    """Plan a visit that VA does not cover yet: it holds nothing. Raises as ``book`` does, but for what it waits for."""
    with transaction.atomic():
        visit = _make(plan, VisitState.PENCILLED, by=by, at=at, waits_for=waits_for, kept_until=kept_until)
        stranded.tell(visit.authorization, by=by, at=at)
        audit.record(by=by, action="visit.penciled", subject=visit, changes={"waits_for": waits_for})
    return visit


def book_penciled(*, visit: Visit, by: Actor, at: datetime) -> None:
    """Book a penciled visit, now that VA covers it. Raises as ``book`` does, and MoveNotOffered."""
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        _refuse_again(visit, authorization, by=by)
        _move(visit, "book_penciled", by=by, booked_at=at, waits_for="", kept_until=None)
        ledger.hold(visit=visit, by=by, at=at)
        stranded.tell(authorization, by=by, at=at)
        audit.record(by=by, action="visit.booked", subject=visit, changes={"was": VisitState.PENCILLED})


def _make(plan: Plan, state: VisitState, *, by: Actor, at: datetime, **said: Any) -> Visit:
    authorization = locked(plan.authorization, by=by)
    access.own(plan.location, by)
    on = plan.on
    if state == VisitState.ARRIVED and on > plan.location.civil_day(at):
        raise TooEarly(f"the visit is on {say_day(on)}")
    if state != VisitState.PENCILLED:
        _refuse_terms(authorization, on=on)
    _refuse_ours(authorization, plan.location, plan.services, on=on, by=by)
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
        **said,
    )
    VisitService.objects.bulk_create(_service(visit, planned) for planned in plan.services)
    return visit


def _refuse_again(visit: Visit, authorization: Authorization, *, by: Actor) -> None:
    """Refuse a planned visit where and when it is, as if it were booked now."""
    _refuse_terms(authorization, on=visit.on)
    _refuse_ours(authorization, visit.location, _given(visit), on=visit.on, by=by, besides=visit.pk)


def _given(visit: Visit) -> list[Planned]:
    return [Planned(one.service_id, one.clinician_id) for one in visit.services.all()]


def _refuse_ours(
    authorization: Authorization,
    location: ServiceLocation,
    services: Sequence[Planned],
    *,
    on: date,
    by: Actor,
    besides: int | None = None,
) -> None:
    """Refuse a visit for what is ours to settle: lines, days, clinicians, agreement, caps (``besides``: what moves)."""
    _refuse_lines(authorization, services)
    bookable.refuse_closed(location, on=on)
    wanted = {planned.clinician_id for planned in services}
    people = _refuse_clinicians(_clinicians(authorization).filter(is_active=True), wanted, on=on)
    bookable.refuse_away(people, on=on)
    if authorization.referral.affiliation == Affiliation.VCA:
        bookable.refuse_uncovered(location, people, on=on, by=by)
    bookable.refuse_over_caps({planned.service_id for planned in services}, on=on, besides=besides)


def _refuse_cover(authorization: Authorization, *, on: date, by: Actor) -> None:
    _refuse_terms(authorization, on=on)
    if authorization.referral.affiliation == Affiliation.VCA:
        bookable.refuse_without_agreement(on=on, by=by)


def _refuse_terms(authorization: Authorization, *, on: date) -> None:
    """Refuse what VA has not authorized, or not on that day."""
    referral = authorization.referral
    if referral.state != ReferralState.ACCEPTED:
        raise ReferralNotActive(f"the referral is {referral.get_state_display().lower()}")
    drawdown.refuse_day(authorization.terms.period, on)


def _refuse_lines(authorization: Authorization, services: Sequence[Planned]) -> None:
    if not services:
        raise NothingToCount("choose at least one service line")
    lines = set(authorization.services.values_list("pk", flat=True))
    if any(planned.service_id not in lines for planned in services):
        raise ForeignLine("a service names a line of another authorization")


def _clinicians(authorization: Authorization) -> QuerySet[Clinician]:
    return Clinician.objects.filter(practice_id=authorization.practice_id)


def _refuse_clinicians(clinicians: QuerySet[Clinician], wanted: Collection[int], *, on: date) -> list[Clinician]:
    found = {clinician.pk: clinician for clinician in clinicians.filter(pk__in=wanted)}
    for clinician_id in sorted(wanted):
        clinician = found.get(clinician_id)
        if clinician is None:
            raise ClinicianNotApproved("a service names a clinician who does not treat here")
        if not clinician.is_approved(on):
            raise ClinicianNotApproved(f"VA's approval of {clinician.display_name} does not cover {say_day(on)}")
    return [found[clinician_id] for clinician_id in sorted(wanted)]


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


def cancel(*, visit: Visit, reason: str, by: Actor, at: datetime, contact: Contact = NOT_ASKED) -> None:
    """Cancel a booked visit and give back its hold, or give a penciled one up. Raises MoveNotOffered.

    Where VA was not told, a task says so.
    """
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        if visit.state == VisitState.PENCILLED:
            _move(visit, "give_up", by=by, ended_at=at, reason=reason)
        else:
            _move(visit, "cancel", by=by, ended_at=at, reason=reason, **telling.columns(contact))
            ledger.release(visit=visit, by=by, at=at)
            telling.ask(visit, by=by)
        stranded.settle(authorization, by=by, at=at)
        audit.record(by=by, action="visit.cancelled", subject=visit)


def no_show(*, visit: Visit, reason: str, by: Actor, at: datetime, contact: Contact = NOT_ASKED) -> None:
    """The Veteran did not come: the hold is given back, and nobody is charged. Raises TooEarly, MoveNotOffered.

    Where VA was not told, a task says so.
    """
    with transaction.atomic():
        authorization = locked(visit.authorization, by=by)
        if visit.on > visit.location.civil_day(at):
            raise TooEarly(f"the visit is on {say_day(visit.on)}")
        _move(visit, "no_show", by=by, ended_at=at, reason=reason, **telling.columns(contact))
        ledger.release(visit=visit, by=by, at=at)
        telling.ask(visit, by=by)
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
    authorization = locked(visit.authorization, by=by)
    if visit.waits_for:
        _move(visit, "pencil_again", by=by, ended_at=None, reason="")
        stranded.tell(authorization, by=by, at=at)
        return
    _refuse_again(visit, authorization, by=by)
    _move(visit, "undo_cancel", by=by, ended_at=None, reason="", **telling.FORGOTTEN)
    telling.take_back(visit, by=by, at=at)
    ledger.hold(visit=visit, by=by, at=at)


def _undo_no_show(visit: Visit, by: Actor, at: datetime) -> None:
    _refuse_cover(locked(visit.authorization, by=by), on=visit.on, by=by)
    bookable.refuse_over_caps(ledger.lines_of(visit), on=visit.on)
    _move(visit, "undo_no_show", by=by, ended_at=None, reason="", **telling.FORGOTTEN)
    telling.take_back(visit, by=by, at=at)
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
        _refuse_clinicians(_clinicians(authorization), {one.clinician_id for one in services}, on=visit.on)
        if {planned.service_id for planned in services} != set(ledger.lines_of(visit)):
            raise ForeignLine("a correction keeps the lines on which the visit counts; void it and enter it anew")
        _rewrite_services(visit, services)
        Visit.objects.filter(pk=visit.pk).update(diagnoses=list(diagnoses))
        audit.record(by=by, action="visit.services_changed", subject=visit)
