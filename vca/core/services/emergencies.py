"""Emergency access: a person of the practice sees for an hour what their role does not show, with a reason.

It lends reading alone (``LENT``). Its begin and its end are events, administrators are alerted at once, and every event
in between carries the reason. What is open lies in the person's session and ends with it, by the clock, or by hand; a
job that is due at the end writes the second event where nobody else has. Source: 45 CFR 164.312(a)(2)(ii), emergency
access procedure; HL7 and DICOM call it break-glass.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet

from vca.core import access, alerts, audit, jobs
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.jobs import Run
from vca.core.models import AuditEvent, Membership

LENT = frozenset({"see_veterans", "see_referrals", "see_claims", "open_documents"})
LASTS = timedelta(minutes=60)
KEY = "emergency"


@dataclass(frozen=True, slots=True)
class Emergency:
    """What is open: in which practice, until when, and why; ``key`` names it on the audit trail."""

    key: str
    practice_id: int
    until: datetime
    reason: str


def begin(*, reason: str, by: Actor, at: datetime) -> Emergency:
    """Record that it begins, alert the administrators, and plan its end. Raises NotPermitted."""
    access.require(by, "open_in_emergency")
    opened = Emergency(secrets.token_hex(8), by.practice_id, at + LASTS, reason)
    told = {"reason": reason, "until": opened.until.isoformat()}
    with transaction.atomic():
        audit.record(by=by, action="emergency.began", subject=_subject(opened.key), changes=told)
        alerts.raise_alert(_reached(opened, by), by=by, at=at)
        product = replace(by, user_id=None, acting_as="emergency access")
        people = [by.user_id] if by.user_id else []
        jobs.enqueue(kind="end_emergency", key=opened.key, by=product, subject_ids=people, due_at=opened.until)
    return opened


def end(key: str, *, how: str, by: Actor) -> bool:
    """Record that it is over; tell whether nobody had. ``how`` is person or time."""
    with transaction.atomic():
        # One at a time: whoever ends it by hand in its last second meets the job here.
        _members(by).select_for_update(no_key=True).first()
        if _is_ended(key):
            return False
        audit.record(by=by, action="emergency.ended", subject=_subject(key), changes={"how": how})
    return True


def _is_ended(key: str) -> bool:
    return AuditEvent.objects.filter(action="emergency.ended", subject_kind=KEY, subject_id=key).exists()


def end_in_time(run: Run) -> None:
    """Write the end of what nobody has ended by hand; the job that is due then calls this in its last chunk."""
    user_id = next(iter(run.job.subject_ids), None)
    end(run.job.key, how="time", by=replace(run.by, user_id=user_id))


def _subject(key: str) -> str:
    return f"{KEY} {key}"


def _reached(opened: Emergency, by: Actor) -> Reached:
    found = _members(by).select_related("user")[0]
    headline = f"{found.user.name} opened emergency access for an hour. The reason stands on the audit trail."
    return Reached("emergency", "ACCESS-13", "membership", found.pk, (0,), opened.key, headline[:200], None)


def _members(by: Actor) -> QuerySet[Membership]:
    return Membership.objects.filter(user_id=by.user_id or 0, practice_id=by.practice_id, is_active=True).order_by("pk")


def keep(session: SessionBase, opened: Emergency) -> None:
    """Let the session know of it."""
    until = int(opened.until.timestamp())
    session[KEY] = {"key": opened.key, "practice": opened.practice_id, "until": until, "reason": opened.reason}


def found(session: SessionBase, *, practice_id: int, at: datetime) -> Emergency | None:
    """Return what is open in the practice now.

    The trail is asked too: a slow request that began before the end would write the session back as it was.
    """
    said = session.get(KEY)
    if not said or said["practice"] != practice_id or at.timestamp() >= said["until"] or _is_ended(said["key"]):
        return None
    return Emergency(said["key"], practice_id, datetime.fromtimestamp(said["until"], UTC), said["reason"])


def lend(actor: Actor, opened: Emergency | None) -> Actor:
    """Return the actor with what is lent and why."""
    return replace(actor, lent=LENT, reason=opened.reason) if opened else actor
