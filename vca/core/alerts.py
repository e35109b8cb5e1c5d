"""Alerts: one open per subject and kind, upgraded in place; each threshold reaches each person once per basis.

The basis is the deadline or limit that a threshold was computed from, so that an extended authorization warns again.
An alert that closed itself opens again when its cause is back; one that a person dismissed stays closed until a
tighter threshold is reached. One that a person snoozed sleeps until its day, or until then; no job has to run for it
to wake. Who is told of a kind is declared with it, and nobody else sees it.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from vca.core import audit, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, AlertState, Delivery, Membership, Outcome, Practice

CHUNK = 25  # alerts that one transaction raises or closes: well under a second
Within = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Reached:
    """What is to be raised. ``passed`` holds all thresholds reached, the tightest last; ``basis`` what they hang on.

    The smaller a threshold, the tighter: days left, visits left. ``location_id``: whose calendar it follows.
    """

    kind: str
    rule_code: str
    subject_kind: str
    subject_id: int
    passed: tuple[int, ...]
    basis: str
    headline: str
    due_on: date | None
    location_id: int | None = None


def raise_alert(due: Reached, *, by: Actor, at: datetime) -> Alert | None:
    """Open or upgrade the alert and deliver it once; ``None`` when all of this was said before.

    A new colleague is told of an open one as it stands: nothing rose. Raises KeyError for an undeclared kind.
    """
    vocabulary.alert_kind(due.kind)
    with transaction.atomic():
        last = _last(due, by)
        if last and _stays_dismissed(last, due):
            return None
        fresh = _undelivered(due, by)
        stands = last if last and last.state == AlertState.OPEN and (not fresh or _is_at(last, due)) else None
        if stands:
            _keep_true(stands, due, by=by, at=at)
        alert = stands or _open(due, by=by, at=at)
        if fresh:
            made = [_delivery(due, alert, threshold, recipient, at) for threshold, recipient in fresh]
            Delivery.objects.bulk_create(made, ignore_conflicts=True)
    return None if stands else alert


def _is_at(alert: Alert, due: Reached) -> bool:
    return (alert.threshold, alert.basis) == (due.passed[-1], due.basis)


def _last(due: Reached, by: Actor) -> Alert | None:
    """Return the alert on that subject that is open or was closed last, as it stays until this transaction ends."""
    hold(by)
    rows = Alert.objects.select_for_update(no_key=True).filter(**_about(due, by))
    return rows.order_by(F("closed_at").desc(nulls_first=True), "-pk").first()  # an old one may be open again


def hold(by: Actor) -> None:
    """Keep everybody else who would raise or close alerts of the practice waiting until this transaction ends.

    An alert that is not there yet has no row to lock, and of two who lock several one after another each could wait for
    the other.
    """
    Practice.objects.select_for_update(no_key=True).get(pk=by.practice_id)


def _about(due: Reached, by: Actor) -> dict[str, Any]:
    subject = {"subject_kind": due.subject_kind, "subject_id": due.subject_id}
    return {"practice_id": by.practice_id, "kind": due.kind, **subject}


def _said(due: Reached) -> dict[str, Any]:
    hangs_on = {"threshold": due.passed[-1], "basis": due.basis, "due_on": due.due_on, "location_id": due.location_id}
    return {**hangs_on, "headline": due.headline, "rule_code": due.rule_code}


def _stays_dismissed(alert: Alert, due: Reached) -> bool:
    said_no = alert.state == AlertState.DISMISSED and alert.basis == due.basis
    return said_no and due.passed[-1] >= alert.threshold


def _keep_true(alert: Alert, due: Reached, *, by: Actor, at: datetime) -> None:
    """Let an open alert say what is so now, such as more visits left than when it was raised; nobody is told again."""
    if _differs(alert, due):
        woken = _woken(alert, due, at)
        Alert.objects.filter(pk=alert.pk, state=AlertState.OPEN).update(**_said(due), **woken)
        if woken:
            audit.record(by=by, action="alert.woken", subject=alert, changes={"threshold": due.passed[-1]})


def _differs(alert: Alert, due: Reached) -> bool:
    return any(getattr(alert, name) != value for name, value in _said(due).items())


def _woken(alert: Alert, due: Reached, at: datetime) -> dict[str, None]:
    """Return what wakes an alert that sleeps: a tighter threshold, or another basis."""
    sleeps = alert.wakes_at is not None and alert.wakes_at > at
    tightens = due.passed[-1] < alert.threshold or due.basis != alert.basis
    return {"wakes_at": None} if sleeps and tightens else {}


def _recipients(kind: str, by: Actor) -> list[Membership]:
    mine = Membership.objects.filter(practice_id=by.practice_id, is_active=True, user__is_active=True)
    return list(mine.filter(role__in=vocabulary.alert_kind(kind).roles).order_by("pk"))


def _undelivered(due: Reached, by: Actor) -> list[tuple[int, Membership]]:
    known = set(
        Delivery.objects.filter(
            kind=due.kind,
            subject_kind=due.subject_kind,
            subject_id=due.subject_id,
            basis=due.basis,
        ).values_list("threshold", "recipient_id")
    )
    pairs = product(due.passed, _recipients(due.kind, by))
    return [pair for pair in pairs if (pair[0], pair[1].pk) not in known]


def _open(due: Reached, *, by: Actor, at: datetime) -> Alert:
    said = {**_said(due), "upgraded_at": at}
    about = _about(due, by)
    alert = None
    while alert is None:  # the open one that is in the way may be dismissed before it is read
        fresh = Alert(**about, **said, raised_at=at)
        Alert.objects.bulk_create([fresh], ignore_conflicts=True)
        alert = Alert.objects.select_for_update(no_key=True).filter(**about, state=AlertState.OPEN).first()
    woken = _woken(alert, due, at)
    Alert.objects.filter(pk=alert.pk).update(**said, **woken)
    told = {"threshold": due.passed[-1]} | ({"woken": True} if woken else {})
    audit.record(by=by, action="alert.raised", subject=alert, changes=told)
    return alert


def _delivery(due: Reached, alert: Alert, threshold: int, recipient: Membership, at: datetime) -> Delivery:
    return Delivery(
        practice_id=alert.practice_id,
        alert=alert,
        kind=due.kind,
        subject_kind=due.subject_kind,
        subject_id=due.subject_id,
        threshold=threshold,
        basis=due.basis,
        recipient=recipient,
        outcome=Outcome.DELIVERED if threshold == due.passed[-1] else Outcome.PASSED,
        at=at,
    )


def bring_up_to_date(
    kind: str,
    due: Sequence[Reached],
    *,
    among: QuerySet[Any, Any] | None = None,
    by: Actor,
    at: datetime,
    within: Within = transaction.atomic,
) -> tuple[int, int]:
    """Raise what is due of a kind and close every open alert of it that is due no more; return both numbers.

    Each ``CHUNK`` is one short transaction, opened by ``within``: nobody waits long for the practice.
    """
    raised = raise_each(due, by=by, at=at, within=within)
    return raised, close_gone(kind, due, among=among, by=by, at=at, within=within)


def raise_each(due: Sequence[Reached], *, by: Actor, at: datetime, within: Within = transaction.atomic) -> int:
    """Raise what is due, a chunk at a time, and return the number of alerts raised or upgraded."""
    raised = 0
    for start in range(0, len(due), CHUNK):
        with within():
            news = _unsaid(due[start : start + CHUNK], by)
            raised += sum(1 for one in news if raise_alert(one, by=by, at=at))
    return raised


def _unsaid(due: Sequence[Reached], by: Actor) -> list[Reached]:
    """Return what ``raise_alert`` has something to do for, without a lock: on most mornings nothing.

    It looks once more itself, under the lock.
    """
    recipients = {kind: _recipients(kind, by) for kind in {one.kind for one in due}}
    subjects: dict[str, Any] = {"kind__in": list(recipients), "subject_id__in": {one.subject_id for one in due}}
    rows = Alert.objects.filter(practice_id=by.practice_id, **subjects)
    rows = rows.order_by(F("closed_at").asc(nulls_last=True), "pk")  # as in _last: of each subject the last one stays
    last = {(row.kind, row.subject_kind, row.subject_id): row for row in rows}
    key = ("kind", "subject_kind", "subject_id", "basis", "threshold", "recipient_id")
    told = set(Delivery.objects.filter(practice_id=by.practice_id, **subjects).values_list(*key))

    def is_said(one: Reached) -> bool:
        about = (one.kind, one.subject_kind, one.subject_id)
        row = last.get(about)
        if row is None or _stays_dismissed(row, one):
            return row is not None
        keys = {(*about, one.basis, *pair) for pair in product(one.passed, (to.pk for to in recipients[one.kind]))}
        return row.state == AlertState.OPEN and not _differs(row, one) and keys <= told

    return [one for one in due if not is_said(one)]


def close_gone(
    kind: str,
    due: Iterable[Reached],
    *,
    among: QuerySet[Any, Any] | None = None,
    by: Actor,
    at: datetime,
    within: Within = transaction.atomic,
) -> int:
    """Close every open alert of a kind that is due no more, and return how many.

    ``due`` is all of that kind on the subjects ``among``, in the whole practice without them: what is missing from it
    has lost its cause.
    """
    mine = open_alerts(by).filter(kind=kind)
    if among is not None:
        mine = mine.filter(subject_id__in=among.order_by().values("pk"))
    gone = mine.exclude(subject_id__in=[one.subject_id for one in due if one.kind == kind])
    ids = list(gone.order_by("pk").values_list("pk", flat=True))
    closed = 0
    for start in range(0, len(ids), CHUNK):  # none on most mornings: no lock, no savepoint
        some = open_alerts(by).filter(pk__in=ids[start : start + CHUNK])
        with within():
            closed += _close(some, state=AlertState.RESOLVED, reason="the cause is gone", by=by, at=at)
    return closed


def dismiss(*, alert: Alert, reason: str, by: Actor, at: datetime) -> bool:
    """Close an alert by a person's decision; tell whether it was still open, and as that person saw it."""
    mine = seen(by).filter(pk=alert.pk, state=AlertState.OPEN, threshold=alert.threshold, basis=alert.basis)
    return bool(_close(mine, state=AlertState.DISMISSED, reason=reason, by=by, at=at))


def _close(alerts: QuerySet[Alert], *, state: AlertState, reason: str, by: Actor, at: datetime) -> int:
    with transaction.atomic():
        hold(by)
        closing = list(alerts.select_for_update(no_key=True).order_by("pk"))
        Alert.objects.filter(pk__in=[alert.pk for alert in closing]).update(
            state=state, closed_at=at, closed_reason=reason
        )
        for alert in closing:
            audit.record(by=by, action=f"alert.{state.lower()}", subject=alert)
    return len(closing)


def reopen(*, alert: Alert, by: Actor) -> bool:
    """Undo a dismissal; tell whether there was one to undo and no newer alert has taken its place."""
    with transaction.atomic():
        again = _open_again(alert, by)
        if again:
            audit.record(by=by, action="alert.reopened", subject=alert)
    return again


def _open_again(alert: Alert, by: Actor) -> bool:
    dismissed = seen(by).filter(pk=alert.pk, state=AlertState.DISMISSED)
    try:
        with transaction.atomic():
            return bool(dismissed.update(state=AlertState.OPEN, closed_at=None, closed_reason=""))
    except IntegrityError:
        return False  # alert_one_open_per_subject_and_kind


def open_alerts(by: Actor) -> QuerySet[Alert]:
    """Return the practice's open alerts, asleep or not, whoever is told of them: what the watches keep true."""
    return Alert.objects.filter(practice_id=by.practice_id, state=AlertState.OPEN)


def seen(by: Actor) -> QuerySet[Alert]:
    """Return the practice's alerts, open and closed, of the kinds that the actor's roles are told."""
    return Alert.objects.filter(practice_id=by.practice_id, kind__in=vocabulary.alerts_told(by.acts_in))


def awake(by: Actor, *, at: datetime) -> QuerySet[Alert]:
    """Return the open alerts that ask the actor for something now."""
    up = Q(wakes_at__isnull=True) | Q(wakes_at__lte=at)
    return seen(by).filter(up, state=AlertState.OPEN)


def asleep(by: Actor, *, at: datetime) -> QuerySet[Alert]:
    """Return the open alerts that somebody has snoozed."""
    return seen(by).filter(wakes_at__gt=at, state=AlertState.OPEN)
