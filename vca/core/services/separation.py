"""Separation of duties: who took the first step does not take the second, where the practice asks for that.

Each pair of steps has a parameter of the practice, ``no`` as shipped. A practice in which somebody works alone names
that person in ``separation-exception``: who granted it and why stand with the value, until when stands in it, and each
deed that rests on it says so in the audit trail. Source: GAO-14-704G, Standards for Internal Control in the Federal
Government, 10.12 to 10.14.
"""

from datetime import date, datetime
from typing import Any

from django.db.models import Model

from vca.core import vocabulary
from vca.core.access import Actor
from vca.core.models import AuditEvent, User
from vca.core.services import parameters, practices
from vca.domain.errors import RuleError

EXCEPTION = "separation-exception"


class SamePerson(RuleError):
    """Somebody else must take this step."""

    code = "ACCESS-12"


def keep_apart(*, setting: str, first: str, subject: Model, by: Actor, at: datetime) -> dict[str, Any]:
    """Return what the audit event of the second step says besides: the exception on which it rests, if any.

    ``first`` is the audit event of the first step. Raises SamePerson, which names the setting and its source.
    """
    on = practices.civil_day(by, at=at)
    asked = parameters.in_force(setting, practice_id=by.practice_id, on=on)
    if asked.value == "no" or not _took(first, subject, by):
        return {}
    exception = parameters.in_force(EXCEPTION, practice_id=by.practice_id, on=on)
    if _excepts(exception.value, by, on=on):
        return {EXCEPTION: exception.value}
    raise SamePerson(
        f"you took the step before it ({vocabulary.words(vocabulary.Family.AUDIT, first).lower()}), "
        f"and your practice keeps them apart since it set {setting}; source: {asked.source}"
    )


def _took(first: str, subject: Model, by: Actor) -> bool:
    """Tell whether the actor is the person who took the first step; jobs and commands of nobody took none."""
    named = {"subject_kind": subject._meta.model_name, "subject_id": str(subject.pk), "action": first}
    events = AuditEvent.objects.filter(practice_id=by.practice_id, **named)
    return by.user_id is not None and events.filter(user_id=by.user_id).exists()


def _excepts(value: str, by: Actor, *, on: date) -> bool:
    excepted = vocabulary.person_through(value)
    if excepted is None or excepted.last_day < on:
        return False
    named = User.objects.filter(email=excepted.email).first()
    return named is not None and named.pk == by.user_id
