"""The ledger of visits: the one place where counters of authorized services change.

A draw is one conditional UPDATE over all lines of the visit; a CHECK stands behind it. Fewer rows changed than lines
means that some line has no room: the refusal rolls the whole act back. Every change leaves an entry.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from referrals.domain import drawdown
from referrals.domain.states import EntryKind, LimitKind
from referrals.models import AuthorizedService, LedgerEntry, Visit
from referrals.services import forecasts
from referrals.services.authorizations import settle_over
from vca.core import access
from vca.core.access import Actor
from vca.core.db import in_order

HAS_ROOM = Q(limit_kind=LimitKind.UNLIMITED) | Q(
    limit_kind=LimitKind.COUNTED, visits_authorized__gt=F("visits_before_us") + F("visits_held") + F("visits_used")
)
IS_HELD = Q(visits_held__gte=1)
IS_USED = Q(visits_used__gte=1)


class LedgerBroken(Exception):
    """A counter does not hold what the ledger says it must: our fault, never the user's."""


def hold(*, visit: Visit, by: Actor, at: datetime) -> None:
    """Hold one visit on each line of the visit. Raises VisitsExhausted, LimitNotKnown."""
    _draw(visit, EntryKind.HOLD, held=1, used=0, by=by, at=at)


def use_directly(*, visit: Visit, by: Actor, at: datetime) -> None:
    """Use one visit on each line without a hold: a walk-in. Raises VisitsExhausted, LimitNotKnown."""
    _draw(visit, EntryKind.USE, held=0, used=1, by=by, at=at)


def use_held(*, visit: Visit, by: Actor, at: datetime) -> None:
    """Turn what the visit holds into use."""
    _turn(visit, EntryKind.USE, IS_HELD, held=-1, used=1, by=by, at=at)


def release(*, visit: Visit, by: Actor, at: datetime) -> None:
    """Give back what the visit holds."""
    _turn(visit, EntryKind.RELEASE, IS_HELD, held=-1, used=0, by=by, at=at)


def void(*, visit: Visit, by: Actor, at: datetime, back_to_hold: bool) -> None:
    """Take back what the visit used; a booked visit whose check-in is undone holds again."""
    _turn(visit, EntryKind.VOID, IS_USED, held=int(back_to_hold), used=-1, by=by, at=at)


def lines_of(visit: Visit) -> list[int]:
    """Return the lines on which the visit counts: each once, however many services stand on it."""
    return in_order(list(visit.services.order_by().values_list("service_id", flat=True).distinct()))


def _draw(visit: Visit, kind: EntryKind, *, held: int, used: int, by: Actor, at: datetime) -> None:
    lines = lines_of(access.own(visit, by))
    drawn = _change(lines, HAS_ROOM, held, used)
    if drawn != len(lines):
        _refuse(lines)
    _write(visit, kind, lines, held=held, used=used, by=by, at=at)


def _turn(visit: Visit, kind: EntryKind, guard: Q, *, held: int, used: int, by: Actor, at: datetime) -> None:
    lines = lines_of(access.own(visit, by))
    if _change(lines, guard, held, used) != len(lines):
        raise LedgerBroken(f"visit {visit.pk} has nothing to turn on one of its lines {lines}")
    _write(visit, kind, lines, held=held, used=used, by=by, at=at)
    settle_over(lines, by=by, at=at)


def _change(lines: Sequence[int], guard: Q, held: int, used: int) -> int:
    if len(lines) > 1:
        _lock(lines)
    rows = AuthorizedService.objects.filter(guard, pk__in=lines)
    return rows.update(visits_held=F("visits_held") + held, visits_used=F("visits_used") + used)


def _lock(lines: Sequence[int]) -> None:
    """Lock lines by id: an UPDATE takes them as it finds them, and two visits could each wait for the other."""
    rows = AuthorizedService.objects.select_for_update(no_key=True).filter(pk__in=lines)
    list(rows.order_by("pk").values_list("pk", flat=True))


def _refuse(lines: Sequence[int]) -> None:
    rows = AuthorizedService.objects.filter(pk__in=lines).order_by("pk")
    for line in rows:
        drawdown.refuse_draw(line.count, name=line.description)
    names = " or ".join(line.description for line in rows)
    raise drawdown.VisitsExhausted(f"the last authorized visit of the line {names} has just been taken")


def _write(
    visit: Visit, kind: EntryKind, lines: Sequence[int], *, held: int, used: int, by: Actor, at: datetime
) -> None:
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            practice_id=visit.practice_id,
            service_id=line,
            visit=visit,
            kind=kind,
            held_change=held,
            used_change=used,
            on=visit.on,
            recorded_at=at,
            recorded_by_id=by.user_id,
        )
        for line in lines
    )
    forecasts.keep_one(visit.authorization_id, by=by, at=at)
