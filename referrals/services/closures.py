"""Days on which the practice or a place is closed, or a clinician is away: entered and taken out.

Neither changes a visit that is booked already: the pages list those, to be moved.
"""

from datetime import date

from django.db import transaction

from referrals.models import Absence, ClosedDays
from vca.core import access, audit
from vca.core.access import Actor
from vca.core.models import Clinician, ServiceLocation


def close(*, location: ServiceLocation | None, first: date, last: date, reason: str, by: Actor) -> ClosedDays:
    """Close the practice, or one place, from the first civil day through the last."""
    place = access.own(location, by) if location else None
    days = {"valid_from": first, "valid_through": last}
    with transaction.atomic():
        row = ClosedDays.objects.create(practice_id=by.practice_id, location=place, reason=reason, **days)
        audit.record(by=by, action="closed_days.entered", subject=row, changes=_said(first, last))
    return row


def reopen(*, closed: ClosedDays, by: Actor) -> None:
    """Take closed days out: visits may be booked on them again."""
    _take_out(closed, action="closed_days.taken_out", by=by)


def away(*, clinician: Clinician, first: date, last: date, by: Actor) -> Absence:
    """Let a clinician be away from the first civil day through the last."""
    access.own(clinician, by)
    days = {"valid_from": first, "valid_through": last}
    with transaction.atomic():
        row = Absence.objects.create(practice_id=by.practice_id, clinician=clinician, **days)
        audit.record(by=by, action="absence.entered", subject=row, changes=_said(first, last))
    return row


def back(*, absence: Absence, by: Actor) -> None:
    """Take an absence out: the clinician may be booked on those days again."""
    _take_out(absence, action="absence.taken_out", by=by)


def _take_out(row: ClosedDays | Absence, *, action: str, by: Actor) -> None:
    access.own(row, by)
    with transaction.atomic():
        audit.record(by=by, action=action, subject=row, changes=_said(row.valid_from, row.valid_through))
        row.delete()


def _said(first: date, last: date) -> dict[str, str]:
    return {"from": first.isoformat(), "through": last.isoformat()}
