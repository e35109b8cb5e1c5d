"""What became of one alert, each deed with who and when, from the audit trail; and to whom it was delivered."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from vca.core import access, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, AuditEvent, Delivery
from vca.core.services import practices
from vca.domain.wording import counted, say_day

SAID = {
    "alert.raised": ("Raised again", "bell", "warn"),
    "alert.snoozed": ("Snoozed", "pause", "quiet"),
    "alert.woken": ("Woken", "bell", "info"),
    "alert.dismissed": ("Dismissed", "dash", "quiet"),
    "alert.reopened": ("Dismissal undone", "undo", "info"),
    "alert.resolved": ("Closed itself: the cause is gone", "check", "good"),
    "alert.taken": ("Taken", "person", "info"),
    "alert.given_back": ("Given back", "dash", "quiet"),
    "alert.handed_over": ("Handed over", "person", "info"),
}


def deliveries(alert: Alert) -> list[tuple[Delivery, str]]:
    """Return to whom each threshold was delivered, with the threshold in words, in the order in which that happened."""
    # One that came back hangs on what was told of an earlier row: nobody is told the same of the same basis again.
    about = Q(kind=alert.kind, subject_kind=alert.subject_kind, subject_id=alert.subject_id, basis=alert.basis)
    found = Delivery.objects.filter(Q(alert=alert) | about, practice=alert.practice_id)
    rows = found.select_related("recipient__user").order_by("at", "pk")
    return [(row, say_threshold(alert.kind, row.threshold)) for row in rows]


def history(alert: Alert, by: Actor, *, at: datetime) -> list[dict[str, Any]]:
    """Return what happened, oldest first, as the timeline shows it."""
    happened = AuditEvent.objects.filter(subject_kind="alert", subject_id=str(alert.pk), action__in=SAID)  # no looking
    rows = access.scope(happened, by)
    events = list(rows.select_related("user").order_by("pk"))
    first = {event.action: event.pk for event in reversed(events)}
    last = {event.action: event.pk for event in events}
    told = [
        _told(event, alert, is_first=first[event.action] == event.pk, is_last=last[event.action] == event.pk)
        for event in events
    ]
    zone = alert.location.zone if alert.location else practices.home_zone(by)
    return sorted([*told, *_woke_by_itself(events, zone, at)], key=_moment)


def _moment(event: dict[str, Any]) -> datetime:
    moment: datetime = event["at"]
    return moment


def _woke_by_itself(events: Sequence[AuditEvent], zone: ZoneInfo, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield each waking on the day that somebody chose: no deed did it, so no event tells of it."""
    for place, event in enumerate(events):
        if event.action == "alert.snoozed":
            woke_at = datetime.combine(date.fromisoformat(event.changes["until"]), time(), zone)
            before = [later for later in events[place + 1 :] if later.at < woke_at]
            if woke_at <= at and _slept_through(before):
                yield {"at": woke_at, "what": "Woke on its day", "icon": "bell", "tone": "info"}


def _slept_through(events: Sequence[AuditEvent]) -> bool:
    """Tell whether an alert that was snoozed was still open and asleep after all of these."""
    woken = any(one.action in ("alert.snoozed", "alert.woken") or "woken" in one.changes for one in events)
    turns = [one.action for one in events if one.action in ("alert.dismissed", "alert.reopened", "alert.resolved")]
    return not woken and turns[-1:] in ([], ["alert.reopened"])


def _told(event: AuditEvent, alert: Alert, *, is_first: bool, is_last: bool) -> dict[str, Any]:
    what, icon, tone = SAID[event.action]
    who = event.user.name if event.user else "VCA Desk"
    what = "Raised" if event.action == "alert.raised" and is_first else what
    detail = " ".join(_details(event, alert, with_reason=is_last))
    return {"at": event.at, "what": what, "icon": icon, "tone": tone, "who": who, "detail": detail}


def _details(event: AuditEvent, alert: Alert, *, with_reason: bool) -> Iterator[str]:
    """Yield what a deed said. The reason of the last one of its kind alone is kept, beside the alert."""
    if "threshold" in event.changes:
        yield f"At {say_threshold(alert.kind, event.changes['threshold'])}."
    if "woken" in event.changes:
        yield "It was asleep, and woke."
    if "until" in event.changes:
        yield f"Until {say_day(date.fromisoformat(event.changes['until']))}."
    reason = {"alert.snoozed": alert.note, "alert.dismissed": alert.closed_reason}.get(event.action, "")
    if reason and with_reason:
        yield f"Reason: {reason}"


def say_threshold(kind: str, threshold: int) -> str:
    """Say a threshold of a kind of alert: in days where its parameter has days, else in visits."""
    return f"{counted(threshold, 'day' if vocabulary.alert_kind(kind).days else 'visit')} left"
