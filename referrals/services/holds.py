"""Legal holds: while one stands, nothing of the Veteran, or of the practice, is disposed of.

Source: Fed. R. Civ. P. 37(e): what should have been preserved in the anticipation or conduct of litigation.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from referrals import queries
from referrals.models import LegalHold, Veteran
from vca.core import access, alerts, audit
from vca.core.access import Actor


def place(*, veteran: Veteran | None, matter: str, reason: str, by: Actor, at: datetime) -> LegalHold:
    """Hold a Veteran's records, or without one all of the practice; a disposal that runs now is waited for.

    Raises DoesNotExist when the Veteran's records were disposed of meanwhile, or are another practice's.
    """
    with transaction.atomic():
        alerts.hold(by)
        if veteran:
            veteran = access.scope(Veteran.objects.all(), by).get(pk=veteran.pk)
        hold = LegalHold.objects.create(
            practice_id=by.practice_id,
            veteran=veteran,
            matter=matter,
            reason=reason,
            placed_at=at,
            placed_by_id=by.user_id,
        )
        audit.record(by=by, action="hold.placed", subject=hold)
    return hold


def lift(*, hold: LegalHold, reason: str, by: Actor, at: datetime) -> bool:
    """End a hold; tell whether it stood. Raises DoesNotExist for another practice's."""
    access.own(hold, by)
    with transaction.atomic():
        standing = queries.holds_standing(by).filter(pk=hold.pk)
        ended = standing.update(lifted_at=at, lifted_by_id=by.user_id, lifted_reason=reason)
        if ended:
            audit.record(by=by, action="hold.lifted", subject=hold)
    return bool(ended)


def all_of(by: Actor) -> QuerySet[LegalHold]:
    """Return the practice's holds, those that stand first, the newest on top."""
    rows = access.scope(LegalHold.objects.select_related("veteran__current", "placed_by", "lifted_by"), by)
    return rows.order_by(F("lifted_at").desc(nulls_first=True), "-placed_at", "-pk")
