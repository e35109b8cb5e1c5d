"""Who acts, what they may do, and which rows they may see.

Whatever serves somebody starts from ``scope(queryset, by)``: another practice's row is simply not there.
Source: 45 CFR 164.312(a)(1), access control; OWASP ASVS 8.2.2 and 8.4.1.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from vca.core import idempotency, kept_forms, sessions, vocabulary
from vca.core.isolation import within
from vca.core.kept_forms import Whose
from vca.core.models import ApiToken, Job, Membership, Practice, RealData, User
from vca.core.pages import came_from, path_of
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError

Row = TypeVar("Row", bound=models.Model)
Rows = TypeVar("Rows", bound=models.QuerySet[Any, Any])
View = Callable[..., HttpResponseBase]
SAFE = ("GET", "HEAD")
logger = logging.getLogger(__name__)
takes_forms = require_http_methods([*SAFE, "POST"])  # what a page may take at most; browsers send nothing else
NOT_SAVED = "You were signed out, and nothing was saved. Sign in, then fill in the form again."
WAS_KEPT = "You were signed out, and nothing was saved. What you entered is there again when you have signed in."


class NotPermitted(RuleError):
    """The actor's roles do not include the act."""

    code = "ACCESS-01"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a practice, a token, or a job or command acting for a practice.

    ``lent`` is what emergency access adds for an hour, ``reason`` why: every event then carries it.
    """

    practice_id: int
    user_id: int | None
    acting_as: str
    roles: frozenset[Role] = field(default=frozenset())
    everything: bool = False
    lent: frozenset[str] = field(default=frozenset())
    reason: str = ""

    @property
    def acts_in(self) -> frozenset[Role]:
        """The roles in which the actor acts: every one, for a job or a command."""
        return frozenset(Role) if self.everything else self.roles

    @property
    def permissions(self) -> frozenset[str]:
        """What the actor may do."""
        return vocabulary.permissions_of(self.acts_in) | self.lent

    def may(self, permission: str) -> bool:
        """Tell whether the actor may do that."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Somebody at the door, or without a chosen practice: for the audit trail of their own account.

    ``None`` is somebody whom nobody knows.
    """

    user_id: int | None
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
    return replace(bearer(row), roles=active_roles(row.user_id, row.practice_id))


def bearer(row: ApiToken) -> Actor:
    """Return who acts through a token, for the audit trail: with no roles, which would be asked of the database."""
    return Actor(row.practice_id, row.user_id, f"token {row.pk}")


def acting_for(practice: Practice, *, what: str) -> Actor:
    """Return a command or the product itself acting for one practice. ``what`` is named in the audit trail."""
    return Actor(practice.pk, None, what, everything=True)


def job(row: Job) -> Actor:
    """Return a job acting for its practice; the person who asked for it stays named."""
    if row.practice_id is None:
        raise ValueError("a job of the system acts for no practice")
    return Actor(row.practice_id, row.user_id, f"job {row.kind}"[:40], everything=True)


def practices_of(user: User) -> list[Practice]:
    """Return the practices in which somebody works, by name, wherever they act now.

    ``needs_second`` tells of each, without a query more, whether a second factor is a must.
    """
    with within(None):
        rows = Practice.objects.filter(memberships__user=user, memberships__is_active=True)
        rows = rows.annotate(needs_second=models.Exists(RealData.objects.all()))
        return list(rows.distinct().order_by("name", "pk"))


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


def note_refusal(code: str, *, who: str, request: HttpRequest) -> None:
    """Log who was refused what by which rule, not the sentence, which may name a Veteran.

    Source: OWASP ASVS 5.0.0, 16.3.2 and 16.3.3.
    """
    logger.warning("refused by %s: %s, %s %s", code, who, request.method, request.path_info)


def page(permission: str, *, touches: bool = True, step_up: bool = False) -> Callable[[View], View]:
    """Guard a page: signed in, in a practice, permitted; a form sent twice acts once. Views read ``request.actor``.

    A page that asks again by itself does not ``touch``: it does not show that somebody is there. With ``step_up`` its
    forms are for who has proved within the last five minutes who they are.
    """

    def guard(view: View) -> View:
        @takes_forms
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            actor: Actor | None = getattr(request, "actor", None)
            if actor is None:
                return redirect("factors" if lacks_second(request) else "choose_practice")
            require(actor, permission)
            if touches:
                _touch(request)
            if step_up and request.method not in SAFE and _is_stale(request):
                return _to_proof(request)
            return _answer(request, actor, partial(view, request, *args, **kwargs))

        guarded.permission, guarded.touches = permission, touches  # type: ignore[attr-defined]  # read by tests
        guarded.step_up = step_up  # type: ignore[attr-defined]
        return guarded

    return guard


def signed_in(*, before_second: bool = False, step_up: bool = False) -> Callable[[View], View]:
    """Guard a page of one's own account, which needs no practice.

    ``before_second`` is for the pages on which somebody sets up the second factor that is a must. With ``step_up`` the
    page, not only its forms, is for who has just proved who they are: it may show a secret.
    """

    def guard(view: View) -> View:
        @takes_forms
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not before_second and lacks_second(request):
                return redirect("factors")
            _touch(request)
            return _to_proof(request) if step_up and _is_stale(request) else view(request, *args, **kwargs)

        guarded.before_second, guarded.step_up = before_second, step_up  # type: ignore[attr-defined]  # read by tests
        return guarded

    return guard


def lacks_second(request: HttpRequest) -> bool:
    """Tell whether somebody signed in must show a second factor before they may do anything else."""
    return not sessions.has_second(request.session) and RealData.objects.exists()


def _is_stale(request: HttpRequest) -> bool:
    return not sessions.is_fresh(request.session, at=timezone.now())


def _to_proof(request: HttpRequest) -> HttpResponseBase:
    """Let somebody prove again who they are; then the page comes back, with what was typed."""
    page = request.get_full_path() if request.method in SAFE else path_of(came_from(request, "/"))
    if keep_form(request, page=page, action=request.get_full_path()):
        kept_forms.remember(request.session, user_id=request.user.pk or 0)
    url = f"{reverse('prove')}?{urlencode({'next': page})}"
    return (
        HttpResponse(status=401, headers={"HX-Redirect": url}) if request.headers.get("HX-Request") else redirect(url)
    )


def _touch(request: HttpRequest) -> None:
    if request.method != "HEAD":
        sessions.touch(request.session, at=timezone.now())


def _answer(request: HttpRequest, actor: Actor, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer a form once; put back into a page what was kept for it."""
    if request.method == "POST":
        return idempotency.answer_form(request, by=actor, view=view)
    whose = Whose(request.user.pk or 0, actor.practice_id)
    return kept_forms.answer(request, whose=whose, view=view, at=timezone.now())


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Send a person to the sign-in page; a fragment's request sends the whole page there.

    A form is not acted on after signing in: its page comes back, with what was typed when it is known who typed it.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("sign_in")})
    if request.method in SAFE:
        return redirect_to_login(request.get_full_path())
    page = path_of(came_from(request, "/"))
    kept = keep_form(request, page=page, action=request.get_full_path())
    messages.warning(request, WAS_KEPT if kept else NOT_SAVED)
    return redirect_to_login(page)


def keep_form(request: HttpRequest, *, page: str, action: str) -> bool:
    """Keep what was typed, for somebody who acts or whose time is over; tell whether that could be done."""
    actor: Actor | None = getattr(request, "actor", None)
    whose: Whose | None = getattr(request, "time_is_over_for", None)
    if actor:
        whose = Whose(request.user.pk or 0, actor.practice_id)
    if whose is None:
        return False
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    return kept_forms.keep(page=page, action=action, fields=typed, whose=whose, at=timezone.now())
