"""What VA has to be told of a visit that was missed or cancelled: a task until somebody says how it was done.

Nothing here tells VA by itself.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from referrals.domain.contact import NOT_ASKED, Contact
from referrals.models import Visit
from vca.core import access, audit
from vca.core.access import Actor
from vca.core.services import chores
from vca.domain.wording import say_day

KIND = "tell_va"
WHAT = {"NO_SHOW": "was missed", "CANCELLED": "was cancelled"}


def columns(contact: Contact) -> dict[str, Any]:
    """Return what a visit keeps of it."""
    sought = {"contact_attempts": contact.attempts, "contacted_on": contact.last_on, "contacted_by": contact.way or ""}
    return sought | {"va_told": contact.va_told}


FORGOTTEN = columns(NOT_ASKED)


def ask(visit: Visit, *, by: Actor) -> None:
    """Open the task to tell VA when VA was not told."""
    access.own(visit, by)
    if visit.va_told is False:
        number = visit.authorization.referral.number
        words = f"{number}: tell VA that the visit of {say_day(visit.on)} {WHAT[visit.state]}"
        chores.open_task(kind=KIND, subject=visit, headline=words, by=by)


def take_back(visit: Visit, *, by: Actor, at: datetime) -> None:
    """Close the task: the visit was neither missed nor cancelled after all."""
    chores.close_tasks(kind=KIND, subject=access.own(visit, by), proof="undone", by=by, at=at)


def told(*, visit: Visit, how: str, by: Actor, at: datetime) -> bool:
    """Note that VA was told and ``how`` (channel, person, reference); tell whether that was still to be done."""
    with transaction.atomic():
        waiting = Visit.objects.filter(pk=access.own(visit, by).pk, va_told=False)
        is_news = bool(waiting.update(va_told=True))
        if is_news:
            chores.close_tasks(kind=KIND, subject=visit, proof=how, by=by, at=at)
            audit.record(by=by, action="visit.va_told", subject=visit)
    return is_news
