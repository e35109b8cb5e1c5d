"""Series of visits: booked whole or not at all, and taken back together."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from referrals import queries
from referrals.domain.states import VisitState
from referrals.models import Visit
from referrals.services import pencils, visits
from referrals.services.authorizations import locked
from referrals.services.visits import Plan
from vca.core import access
from vca.core.access import Actor
from vca.domain.errors import RuleError
from vca.domain.wording import counted, say_day


class SeriesRefused(RuleError):
    """Some visits of a series cannot be booked, so none was. ``conflicts`` says which, by their place from 0 on."""

    code = "VISIT-13"

    def __init__(self, conflicts: Mapping[int, RuleError], plans: Sequence[Plan]) -> None:
        self.conflicts = dict(conflicts)
        named = "; ".join(f"{say_day(plans[place].on)}: {refusal}" for place, refusal in self.conflicts.items())
        of = counted(len(plans), "visit")
        super().__init__(f"{len(self.conflicts)} of {of} cannot be booked, so none was: {named}")


class Twin(RuleError):
    """The Veteran has a visit at that moment."""

    code = "VISIT-14"


class _Undone(Exception):
    """What was tried is taken back."""


def book(*, plans: Sequence[Plan], by: Actor, at: datetime, or_pencil: bool = False) -> list[Visit]:
    """Book every visit of a series; ``or_pencil`` those that wait for VA's cover.

    Raises SeriesRefused with each that is refused; then none is booked.
    """
    with transaction.atomic():
        booked, conflicts = _tried(plans, pencils.arrange if or_pencil else visits.book, by=by, at=at)
        if conflicts:
            raise SeriesRefused(conflicts, plans)
        series = uuid4()
        Visit.objects.filter(pk__in=[visit.pk for visit in booked]).update(series=series)
    for visit in booked:
        visit.series = series
    return booked


def conflicts_of(plans: Sequence[Plan], *, by: Actor, at: datetime) -> dict[int, RuleError]:
    """Return what would refuse which visits, by their place from 0 on: all are tried, and taken back."""
    conflicts: dict[int, RuleError] = {}
    try:
        with transaction.atomic():
            _, conflicts = _tried(plans, visits.book, by=by, at=at)
            raise _Undone
    except _Undone:
        return conflicts


def _tried(
    plans: Sequence[Plan], deed: Callable[..., Visit], *, by: Actor, at: datetime
) -> tuple[list[Visit], dict[int, RuleError]]:
    booked, conflicts = [], {}
    for place, plan in enumerate(plans):
        try:
            with transaction.atomic():
                _refuse_twin(plan, by)
                booked.append(deed(plan=plan, by=by, at=at))
        except RuleError as refusal:
            conflicts[place] = refusal
    return booked, conflicts


def _refuse_twin(plan: Plan, by: Actor) -> None:
    """A series that is booked twice, by two people, is more often the same one than a second."""
    twin = queries.visit_at(access.own(plan.authorization, by).veteran, plan.starts_at)
    if twin:
        raise Twin(f"the Veteran has a visit at that time, {twin.get_state_display().lower()}")


def cancel(*, series: UUID, reason: str, by: Actor, at: datetime) -> int:
    """Cancel the visits of a series that are still booked or penciled in, and return how many."""
    planned = (VisitState.BOOKED, VisitState.PENCILLED)
    with transaction.atomic():
        rows = access.scope(Visit.objects.filter(series=series, state__in=planned), by)
        waiting = list(rows.select_related("authorization").order_by("starts_at", "pk"))
        if waiting:
            locked(waiting[0].authorization, by=by)
        for visit in waiting:
            visits.cancel(visit=visit, reason=reason, by=by, at=at)
    return len(waiting)
