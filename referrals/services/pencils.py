"""Penciled visits: planned beyond what VA covers today. They take the clinician's time, not an authorized visit.

Each names the rule that it waits for, is booked by itself when cover comes, in the order of their days, and is given up
after a day that it names, so that nobody waits for a visit that will not be.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from referrals import queries
from referrals.domain.drawdown import COVER_TO_COME
from referrals.domain.states import ENDED
from referrals.models import Authorization, Visit
from referrals.services import visits
from referrals.services.visits import Plan
from vca.core import access
from vca.core.access import Actor
from vca.core.models import ServiceLocation
from vca.core.services import chores, parameters
from vca.domain.errors import RuleError
from vca.domain.wording import counted, say_day

BOOKED_NOW = ("penciled visit is booked now", "penciled visits are booked now")


def arrange(*, plan: Plan, by: Actor, at: datetime) -> Visit:
    """Book a visit; pencil it in when all that it lacks is VA's cover. Raises every other refusal of ``book``."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                return visits.book(plan=plan, by=by, at=at)
        except RuleError as refusal:
            if not can_wait(plan, [refusal], at=at):
                raise
            kept_until = _kept_until(plan, by=by, at=at)
            return visits.pencil(plan=plan, waits_for=refusal.code, kept_until=kept_until, by=by, at=at)


def can_wait(plan: Plan, refusals: Iterable[RuleError], *, at: datetime) -> bool:
    """Tell whether VA's cover is all that a visit lacks, and may still come, so that it may be penciled in."""
    may_come = plan.on >= plan.location.civil_day(at) and plan.authorization.referral.state not in ENDED
    return may_come and all(refusal.code in COVER_TO_COME for refusal in refusals)


def _kept_until(plan: Plan, *, by: Actor, at: datetime) -> date:
    """Return the last day on which the visit waits for cover: some days before its own, never in the past."""
    today = plan.location.civil_day(at)
    days = int(parameters.value("pencil-kept-days", practice_id=by.practice_id, on=today))
    return max(plan.on - timedelta(days=days), today)


def book_waiting(authorization: Authorization, *, by: Actor, at: datetime) -> list[Visit]:
    """Book the penciled visits that VA covers now, in the order of their days, and let a task say so.

    Days that have passed are left: nobody came.
    """
    booked = []
    with transaction.atomic():
        for visit in queries.penciled(authorization):
            if visit.on >= visit.location.civil_day(at) and _booked(visit, by=by, at=at):
                booked.append(visit)
        if booked:
            days = ", ".join(say_day(visit.on) for visit in booked)
            words = f"{counted(len(booked), *BOOKED_NOW)} on {authorization.referral.number} ({days}): tell the Veteran"
            chores.open_task(kind="penciled_booked", subject=authorization.referral, headline=words[:200], by=by)
    return booked


def _booked(visit: Visit, *, by: Actor, at: datetime) -> bool:
    """Book the visit, or let it say what it waits for now."""
    try:
        with transaction.atomic():
            visits.book_penciled(visit=visit, by=by, at=at)
    except RuleError as refusal:
        visit.waits_for = refusal.code
        visit.save(update_fields=["waits_for"])
        return False
    return True


def give_up_due(location: ServiceLocation, *, by: Actor, at: datetime) -> int:
    """Give up the penciled visits of a location whose day to wait is over, or whose referral has ended.

    A task for each says so, for the Veteran has to be told. Return how many.
    """
    due = list(queries.penciled_due(access.own(location, by), today=location.civil_day(at)))
    for visit in due:
        why = _why_over(visit)
        number, day = visit.authorization.referral.number, say_day(visit.on)
        with transaction.atomic():
            visits.cancel(visit=visit, reason=f"given up: {why}", by=by, at=at)
            words = f"{number}: the penciled visit of {day} was given up, {why}: tell the Veteran"
            chores.open_task(kind="penciled_given_up", subject=visit, headline=words, by=by)
    return len(due)


def _why_over(visit: Visit) -> str:
    if visit.authorization.referral.state in ENDED or not visit.kept_until:
        return "the referral has ended"
    return f"no cover by {say_day(visit.kept_until)}"
