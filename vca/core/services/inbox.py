"""What people do with alerts: snooze, wake, dismiss, open again, take. Several at once are one transaction, or nothing.

An alert that is snoozed sleeps for the whole practice, until the first moment of a civil day at its place. It sleeps no
longer than to its due day, or to the day on which its next, tighter threshold is reached. Whoever snoozes or dismisses
one has seen its threshold and basis: the rows that are handed in hold them as they were shown.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction

from vca.core import alerts, audit, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, AlertState, User
from vca.core.services import chores, parameters, practices
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError
from vca.domain.wording import counted, say_day

DAY = timedelta(days=1)
LONGEST = timedelta(days=90)  # for what is due on no day


class SleepsTooLong(RuleError):
    """The day lies before tomorrow, or beyond the due day or the next threshold."""

    code = "ALERT-01"


class HasMoved(RuleError):
    """The alert is not as it was when the act was asked for: somebody else, or its cause, was faster."""

    code = "ALERT-02"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until which civil day at the place of each alert, exclusive; why is optional."""

    until: date
    note: str = ""


def snooze(rows: Sequence[Alert], *, asked: Snooze, by: Actor, at: datetime) -> None:
    """Let alerts sleep. Raises SleepsTooLong, HasMoved."""
    _put_to_sleep(rows, lambda alert: asked, by=by, at=at)


def snooze_again(rows: Sequence[Alert], *, by: Actor, at: datetime) -> None:
    """Undo a waking: let each alert sleep as it did before. Raises SleepsTooLong, HasMoved."""
    _put_to_sleep(rows, _as_before, by=by, at=at)


def _as_before(alert: Alert) -> Snooze | None:
    return Snooze(alert.snoozed_until, alert.note) if alert.snoozed_until else None


def _put_to_sleep(rows: Sequence[Alert], wish: Callable[[Alert], Snooze | None], *, by: Actor, at: datetime) -> None:
    home = practices.home_zone(by)
    days = thresholds(by, on=at.astimezone(home).date())

    def deed(row: Alert) -> bool:
        alert = alerts.seen(by).select_for_update(no_key=True).filter(pk=row.pk, state=AlertState.OPEN).first()
        asked = wish(alert) if alert else None
        if alert is None or asked is None or (alert.threshold, alert.basis) != (row.threshold, row.basis):
            return False  # what tightened a moment ago is not what somebody wanted to sleep
        zone = alert.location.zone if alert.location else home
        last = latest(alert, days=days.get(alert.kind, ()), today=at.astimezone(zone).date())
        _sleep(alert, asked, datetime.combine(asked.until, time(), zone), last=last, by=by, at=at)
        return True

    _all_or_none(rows, deed, by)


def _sleep(alert: Alert, asked: Snooze, wakes_at: datetime, *, last: date | None, by: Actor, at: datetime) -> None:
    _refuse_outside(alert, asked.until, last, is_past=wakes_at <= at)
    Alert.objects.filter(pk=alert.pk).update(
        snoozed_until=asked.until, snoozed_by_id=by.user_id, note=asked.note, wakes_at=wakes_at
    )
    audit.record(by=by, action="alert.snoozed", subject=alert, changes={"until": asked.until.isoformat()})


def _refuse_outside(alert: Alert, until: date, last: date | None, *, is_past: bool) -> None:
    if last is None:
        raise SleepsTooLong(f'"{alert.headline}" is due and cannot be snoozed; nothing was changed', field="until")
    if is_past:
        raise SleepsTooLong("an alert sleeps until tomorrow at the earliest; nothing was changed", field="until")
    if until > last:
        words = f'"{alert.headline}" can be snoozed until {say_day(last)} at the latest; nothing was changed'
        raise SleepsTooLong(words, field="until")


def thresholds(by: Actor, *, on: date) -> dict[str, tuple[int, ...]]:
    """Return by kind of alert its thresholds in days before the due day; a kind that has none is not there."""
    own = parameters.all_in_force(practice_id=by.practice_id, on=on)
    values = {parameter.name: setting.value for parameter, setting in own}
    kinds = vocabulary.alerts_told(by.acts_in)
    return {kind: vocabulary.whole_numbers(values[one.days]) for kind, one in kinds.items() if one.days}


def latest(alert: Alert, *, days: Iterable[int], today: date) -> date | None:
    """Return the last day until which the alert may sleep, ``None`` when it is due already.

    It is awake on its due day, and on each day that reaches one of its thresholds.
    """
    if alert.due_on is None:
        return today + LONGEST
    tightens = [alert.due_on - number * DAY for number in days]
    return min((day for day in [alert.due_on, *tightens] if day > today), default=None)


def wake(rows: Sequence[Alert], *, by: Actor) -> None:
    """Wake alerts before their day. Raises HasMoved."""

    def deed(row: Alert) -> bool:
        sleeping = alerts.seen(by).filter(pk=row.pk, state=AlertState.OPEN, wakes_at__isnull=False)
        woken = sleeping.update(wakes_at=None)
        if woken:
            audit.record(by=by, action="alert.woken", subject=row)
        return bool(woken)

    _all_or_none(rows, deed, by)


def dismiss(rows: Sequence[Alert], *, reason: str, by: Actor, at: datetime) -> None:
    """Close alerts by a person's decision. Raises HasMoved."""
    _all_or_none(rows, lambda row: alerts.dismiss(alert=row, reason=reason, by=by, at=at), by)


def reopen(rows: Sequence[Alert], *, by: Actor) -> None:
    """Undo a dismissal; what slept then sleeps again. Raises HasMoved, also when a newer alert has taken the place."""
    _all_or_none(rows, lambda row: alerts.reopen(alert=row, by=by), by)


def _all_or_none(rows: Sequence[Alert], deed: Callable[[Alert], bool], by: Actor) -> None:
    """Do the deed on each row, or on none. Raises HasMoved with how many were not as they were shown."""
    with transaction.atomic():
        alerts.hold(by)
        moved = sum(not deed(row) for row in rows)
        if moved:
            those = f"{moved} of the {counted(len(rows), 'alert')}" if len(rows) > 1 else "the alert"
            raise HasMoved(f"{those} changed in the meantime; nothing was done")


def take(*, alert: Alert, by: Actor) -> bool:
    """Let the actor see to an open alert, also in the place of somebody else; tell whether that changed anything.

    Raises HasMoved when it is closed.
    """
    still = alerts.seen(by).filter(pk=alert.pk, state=AlertState.OPEN)
    others = still.exclude(owner_id=by.user_id)
    taken = chores.hand(others, alert, by=by, owner_id=by.user_id, action="alert.taken")
    if not taken and not still.exists():
        raise HasMoved("the alert was closed in the meantime; nothing was done")
    return taken


def give_back(*, alert: Alert, by: Actor) -> bool:
    """Leave an alert of the actor's to anybody; tell whether it was theirs and open."""
    mine = alerts.seen(by).filter(pk=alert.pk, state=AlertState.OPEN, owner_id=by.user_id)
    return chores.hand(mine, alert, by=by, owner_id=None, action="alert.given_back")


def leave(*, user: User, successor: User | None, roles: frozenset[Role], by: Actor) -> None:
    """Give the open alerts of somebody to the successor, as far as these roles are told of them, else to nobody."""
    told = vocabulary.alerts_told(roles)
    theirs = Alert.objects.filter(practice_id=by.practice_id, state=AlertState.OPEN, owner=user)
    for alert in theirs.order_by("pk"):
        owner = successor.pk if successor and alert.kind in told else None
        chores.hand(theirs.filter(pk=alert.pk), alert, by=by, owner_id=owner, action="alert.handed_over")
