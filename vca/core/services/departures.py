"""Somebody leaves a practice: from that moment nothing acts in their name there, and their work has another owner.

Source: OWASP ASVS 5.0.0, 7.4.2; 45 CFR 164.308(a)(3)(ii)(C), termination procedures.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from vca.core import access, alerts, audit, jobs, vocabulary
from vca.core.access import Actor
from vca.core.models import ApiToken, Membership, User
from vca.core.services import chores, factors, inbox, passwords, people
from vca.domain.errors import RuleError


class NotAColleague(RuleError):
    """Open work can be left only to somebody else who works in the practice."""

    code = "ACCESS-11"


def colleagues(user: User, *, by: Actor) -> QuerySet[User]:
    """Return who else works in the practice."""
    members = Membership.objects.filter(practice_id=by.practice_id, is_active=True).exclude(user=user)
    return User.objects.filter(pk__in=members.values("user_id"), is_active=True).order_by("name", "pk")


def disable(*, user: User, by: Actor, at: datetime, successor: User | None = None) -> None:
    """End a person's roles, sessions, tokens, links and background work in the practice; hand tasks and alerts over.

    They go to the successor as far as these may do or see them, else to whoever has the role. Who works nowhere else
    cannot sign in any more. Raises NotAColleague, LastAdministrator.
    """
    with transaction.atomic():
        alerts.hold(by)  # two who leave at once: the one is no successor of the other
        if successor and not colleagues(user, by=by).filter(pk=successor.pk).exists():
            raise NotAColleague("this person does not work here", field="successor")
        for membership in user.memberships.filter(practice_id=by.practice_id, is_active=True).order_by("pk"):
            people.end_role(membership=membership, by=by)
        for token in ApiToken.objects.filter(practice_id=by.practice_id, user=user, revoked_at=None).order_by("pk"):
            people.revoke_token(token=token, by=by, at=at)
        people.withdraw_all_of(user, by=by, at=at)
        jobs.cancel_all_of(user.pk, by=by)
        _hand_over(user, successor, by=by)
        factors.end_sessions(user)
        if not passwords.works_in(user):
            User.objects.filter(pk=user.pk).update(is_active=False)
        audit.record(by=by, action="person.disabled", subject=user)


def _hand_over(user: User, successor: User | None, *, by: Actor) -> None:
    roles = access.active_roles(successor.pk, by.practice_id) if successor else frozenset()
    may = vocabulary.permissions_of(roles)
    for task in chores.open_tasks(by).filter(owner=user).order_by("pk"):
        fits = successor is not None and vocabulary.in_charge(task.kind) in may
        chores.hand_over(task=task, owner=successor if fits else None, by=by)
    inbox.leave(user=user, successor=successor, roles=roles, by=by)
