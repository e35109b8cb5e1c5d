"""Who acts, what they may do, and which rows they may see.

Whatever serves somebody starts from ``scope(queryset, by)``: another practice's row is simply not there.
Source: 45 CFR 164.312(a)(1), access control; OWASP ASVS 8.2.2 and 8.4.1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from vca.core import idempotency, vocabulary
from vca.core.models import ApiToken, Job, Membership, Practice, User
from vca.core.pages import came_from, path_of
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError

Row = TypeVar("Row", bound=models.Model)
Rows = TypeVar("Rows", bound=models.QuerySet[Any, Any])
View = Callable[..., HttpResponseBase]


class NotPermitted(RuleError):
    """The actor's roles do not include the act."""

    code = "ACCESS-01"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a practice, a token, or a job or command acting for a practice."""

    practice_id: int
    user_id: int | None
    acting_as: str
    roles: frozenset[Role] = field(default=frozenset())
    everything: bool = False

    @property
    def acts_in(self) -> frozenset[Role]:
        """The roles in which the actor acts: every one, for a job or a command."""
        return frozenset(Role) if self.everything else self.roles

    @property
    def permissions(self) -> frozenset[str]:
        """What the actor may do."""
        return vocabulary.permissions_of(self.acts_in)

    def may(self, permission: str) -> bool:
        """Tell whether the actor may do that."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Somebody signed in who has not chosen a practice, or has none: for the audit trail of their own account."""

    user_id: int
    practice_id: None = None
    acting_as: str = "person"


class PageRequest(HttpRequest):
    """A request behind ``page``: somebody acts in a practice."""

    user: User
    actor: Actor
    practice: Practice


def person(user: User, practice: Practice) -> Actor | None:
    """Return a person acting in a practice, or ``None`` when they have no active role there."""
    roles = active_roles(user.pk, practice.pk) if user.is_active else frozenset()
    return Actor(practice.pk, user.pk, "person", roles) if roles else None


def token(row: ApiToken) -> Actor:
    """Return a person acting through a token; the token may do what the person may."""
    return Actor(
        row.practice_id,
        row.user_id,
        f"token {row.pk}",
        active_roles(row.user_id, row.practice_id),
    )


def acting_for(practice: Practice, *, what: str) -> Actor:
    """Return a command or the product itself acting for one practice. ``what`` is named in the audit trail."""
    return Actor(practice.pk, None, what, everything=True)


def job(row: Job) -> Actor:
    """Return a job acting for its practice; the person who asked for it stays named."""
    if row.practice_id is None:
        raise ValueError("a job of the system acts for no practice")
    return Actor(row.practice_id, row.user_id, f"job {row.kind}"[:40], everything=True)


def active_roles(user_id: int, practice_id: int) -> frozenset[Role]:
    """Return the roles that somebody holds now."""
    held = Membership.objects.filter(user_id=user_id, practice_id=practice_id, is_active=True)
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def scope(queryset: Rows, by: Actor) -> Rows:
    """Return only the rows of the actor's practice."""
    return queryset.filter(practice_id=by.practice_id)


def own(row: Row, by: Actor) -> Row:
    """Return a row of the actor's practice. Raises its DoesNotExist for another's, as a query behind ``scope`` does."""
    if row.practice_id != by.practice_id:  # type: ignore[attr-defined]  # every row of a practice names it
        raise type(row).DoesNotExist  # type: ignore[attr-defined]  # every model has it
    return row


def require(by: Actor, permission: str) -> None:
    """Refuse with NotPermitted unless the actor may do that."""
    if not by.may(permission):
        raise NotPermitted(f"your roles in this practice do not include: {permission.replace('_', ' ')}")


def page(permission: str) -> Callable[[View], View]:
    """Guard a page: signed in, in a practice, permitted; a form sent twice acts once. Views read ``request.actor``."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            actor: Actor | None = getattr(request, "actor", None)
            if actor is None:
                return redirect("choose_practice")
            require(actor, permission)
            return idempotency.answer_form(request, by=actor, view=partial(view, request, *args, **kwargs))

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the access matrix
        return guarded

    return guard


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Send a person to the sign-in page; a fragment's request sends the whole page there.

    A form cannot be sent again after signing in, so its page comes back, with a sentence.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("sign_in")})
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    messages.warning(request, "You were signed out, and nothing was saved. Sign in, then fill in the form again.")
    return redirect_to_login(path_of(came_from(request, "/")))
