"""Alerts: one open per subject and kind, upgraded in place; each threshold reaches each person once per basis.

The basis is the deadline or limit that a threshold was computed from, so that an extended authorization warns again.
An alert that closed itself opens again when its cause is back; one that a person dismissed stays closed until a
tighter threshold is reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from vca.core import audit, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, AlertState, Delivery, Membership, Outcome, Practice
from vca.core.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Reached:
    """What is to be raised. ``passed`` holds all thresholds reached, the tightest last; ``basis`` what they hang on.

    The smaller a threshold, the tighter: days left, visits left.
    """

    kind: str
    rule_code: str
    subject_kind: str
    subject_id: int
    passed: tuple[int, ...]
    basis: str
    headline: str
    due_on: date | None
    roles: tuple[Role, ...]


def raise_alert(due: Reached, *, by: Actor, at: datetime) -> Alert | None:
    """Open or upgrade the alert and deliver it once; ``None`` when all of this was said before.

    Raises KeyError for an undeclared kind.
    """
    vocabulary.words(vocabulary.Family.ALERT, due.kind)
    with transaction.atomic():
        last = _last(due, by)
        if last and _stays_dismissed(last, due):
            return None
        fresh = _undelivered(due, by)
        if last and last.state == AlertState.OPEN and not fresh:
            _keep_true(last, due)
            return None
        alert = _open(due, by=by, at=at)
        Delivery.objects.bulk_create(
            [_delivery(due, alert, threshold, recipient, at) for threshold, recipient in fresh],
            ignore_conflicts=True,
        )
    return alert


def _last(due: Reached, by: Actor) -> Alert | None:
    """Return the newest alert on that subject, as it is and stays until this transaction ends.

    Where there is none yet there is no row of its own to lock: the practice's keeps a second raising waiting.
    """
    Practice.objects.select_for_update(no_key=True).get(pk=by.practice_id)
    return Alert.objects.select_for_update(no_key=True).filter(**_about(due, by)).order_by("-pk").first()


def _about(due: Reached, by: Actor) -> dict[str, Any]:
    subject = {"subject_kind": due.subject_kind, "subject_id": due.subject_id}
    return {"practice_id": by.practice_id, "kind": due.kind, **subject}


def _said(due: Reached) -> dict[str, Any]:
    return {"threshold": due.passed[-1], "basis": due.basis, "headline": due.headline, "due_on": due.due_on}


def _stays_dismissed(alert: Alert, due: Reached) -> bool:
    said_no = alert.state == AlertState.DISMISSED and alert.basis == due.basis
    return said_no and due.passed[-1] >= alert.threshold


def _keep_true(alert: Alert, due: Reached) -> None:
    """Let an open alert say what is so now, such as more visits left than when it was raised; nobody is told again."""
    said = _said(due)
    if any(getattr(alert, name) != value for name, value in said.items()):
        Alert.objects.filter(pk=alert.pk, state=AlertState.OPEN).update(**said)


def _undelivered(due: Reached, by: Actor) -> list[tuple[int, Membership]]:
    recipients = Membership.objects.filter(
        practice_id=by.practice_id,
        is_active=True,
        user__is_active=True,
        role__in=due.roles,
    )
    known = set(
        Delivery.objects.filter(
            kind=due.kind,
            subject_kind=due.subject_kind,
            subject_id=due.subject_id,
            basis=due.basis,
        ).values_list("threshold", "recipient_id")
    )
    pairs = [(threshold, recipient) for threshold in due.passed for recipient in recipients.order_by("pk")]
    return [pair for pair in pairs if (pair[0], pair[1].pk) not in known]


def _open(due: Reached, *, by: Actor, at: datetime) -> Alert:
    said = {**_said(due), "upgraded_at": at}
    about = _about(due, by)
    alert = None
    while alert is None:  # the open one that is in the way may be dismissed before it is read
        fresh = Alert(**about, **said, rule_code=due.rule_code, raised_at=at)
        Alert.objects.bulk_create([fresh], ignore_conflicts=True)
        alert = Alert.objects.select_for_update(no_key=True).filter(**about, state=AlertState.OPEN).first()
    Alert.objects.filter(pk=alert.pk).update(**said)
    audit.record(
        by=by,
        action="alert.raised",
        subject=alert,
        changes={"threshold": due.passed[-1]},
    )
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


def bring_up_to_date(kind: str, due: Sequence[Reached], *, by: Actor, at: datetime) -> tuple[int, int]:
    """Raise what is due of a kind and close every open alert of it that is due no more; return both numbers.

    ``due`` is all of that kind in the practice: what is missing from it has lost its cause.
    """
    raised = sum(1 for one in due if raise_alert(one, by=by, at=at))
    live = {(one.subject_kind, one.subject_id) for one in due}
    mine = open_alerts(by).filter(kind=kind)
    gone = [pk for pk, *about in mine.values_list("pk", "subject_kind", "subject_id") if tuple(about) not in live]
    reason = "the cause is gone"
    return raised, _close(mine.filter(pk__in=gone), state=AlertState.RESOLVED, reason=reason, by=by, at=at)


def resolve(*, kind: str, subject_kind: str, subject_ids: Sequence[int], by: Actor, at: datetime) -> int:
    """Close open alerts whose cause is gone; return how many."""
    gone = open_alerts(by).filter(kind=kind, subject_kind=subject_kind, subject_id__in=subject_ids)
    return _close(gone, state=AlertState.RESOLVED, reason="the cause is gone", by=by, at=at)


def dismiss(*, alert: Alert, reason: str, by: Actor, at: datetime) -> bool:
    """Close an alert by a person's decision; tell whether it was still open."""
    mine = open_alerts(by).filter(pk=alert.pk)
    return bool(_close(mine, state=AlertState.DISMISSED, reason=reason, by=by, at=at))


def _close(alerts: QuerySet[Alert], *, state: AlertState, reason: str, by: Actor, at: datetime) -> int:
    with transaction.atomic():
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
    dismissed = Alert.objects.filter(pk=alert.pk, practice_id=by.practice_id, state=AlertState.DISMISSED)
    try:
        with transaction.atomic():
            return bool(dismissed.update(state=AlertState.OPEN, closed_at=None, closed_reason=""))
    except IntegrityError:
        return False  # alert_one_open_per_subject_and_kind


def open_alerts(by: Actor) -> QuerySet[Alert]:
    """Return the practice's open alerts."""
    return Alert.objects.filter(practice_id=by.practice_id, state=AlertState.OPEN)
