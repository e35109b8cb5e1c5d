"""Planned visits that cannot be given as they stand: their referral has ended, VA took their day away, or VA's cover is
yet to come.

Each cause has one task on the referral, which closes itself when the last of its visits is moved or cancelled.
"""

from datetime import datetime

from referrals import queries
from referrals.domain.states import ENDED
from referrals.models import Authorization
from vca.core import access
from vca.core.access import Actor
from vca.core.services import chores
from vca.domain.wording import counted

ON_ENDED, OUTSIDE_DAYS, PENCILED = "visits_on_ended", "visits_outside", "visits_penciled"
WAITING = ("booked visit waits", "booked visits wait")
UNCOVERED = ("penciled visit waits", "penciled visits wait")


def tell(authorization: Authorization, *, by: Actor, at: datetime) -> None:
    """Open a task for each cause that there is, and close those whose cause is gone."""
    referral = access.own(authorization, by).referral
    ended = queries.booked(authorization).count() if referral.state in ENDED else 0
    outside = queries.booked_outside(authorization).count()
    kept = list(queries.penciled(authorization).order_by("kept_until").values_list("kept_until", flat=True))
    ask = f"{counted(len(kept), *UNCOVERED)} for VA's cover on {referral.number}: ask VA for more"
    found = (
        (ON_ENDED, ended, f"{counted(ended, *WAITING)} on referral {referral.number}, which has ended", None),
        (OUTSIDE_DAYS, outside, f"{counted(outside, *WAITING)} outside the authorized days of {referral.number}", None),
        (PENCILED, len(kept), ask, kept[0] if kept else None),
    )
    for kind, number, headline, due_on in found:
        if number:
            chores.open_task(kind=kind, subject=referral, headline=headline, by=by, due_on=due_on)
        else:
            chores.close_tasks(kind=kind, subject=referral, proof="none is left", by=by, at=at)


def settle(authorization: Authorization, *, by: Actor, at: datetime) -> None:
    """Close what no longer has a cause, after a booked visit was given up."""
    access.own(authorization, by)
    about = {"subject_kind": "referral", "subject_id": authorization.referral_id}
    if chores.open_tasks(by).filter(**about).exists():
        tell(authorization, by=by, at=at)
