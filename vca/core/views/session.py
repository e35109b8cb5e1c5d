"""A session: how long it lasts, its end, the practice to work in, and what every template is given."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from vca.core import access, alerts, sessions, vocabulary
from vca.core.models import Practice, User
from vca.core.pages import PRACTICE_KEY, path_of
from vca.core.services import sign_ins


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Give every template the actor, the practice, its zone, the navigation and the number of alerts that are awake."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"actor": None, "practice": None, "seconds_left": _seconds_left(request)}
    return {
        "actor": actor,
        "seconds_left": _seconds_left(request),
        "practice": request.practice,  # type: ignore[attr-defined]
        "emergency": request.emergency,  # type: ignore[attr-defined]
        "open_alerts": alerts.awake(actor, at=timezone.now()).count(),
        "nav": [
            {"label": one.label, "url": reverse(one.page), "current": _current(reverse(one.page), request.path)}
            for one in vocabulary.navigation()
            if actor.may(one.permission)
        ],
        "zone": _zone(request.practice),  # type: ignore[attr-defined]
    }


def _seconds_left(request: HttpRequest) -> int:
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    return sessions.seconds_left(request.session, at=timezone.now()) if signed_in else 0


def _current(url: str, path: str) -> str:
    """What ``aria-current`` says of an entry: "page" for the page itself, "true" for one further in, else nothing."""
    if path == url:
        return "page"
    return "true" if url != "/" and path.startswith(url) else ""


def _zone(practice: Practice) -> Callable[[], ZoneInfo]:
    """Return what finds the zone of the practice's first place, once and only when a template asks."""

    @cache
    def zone() -> ZoneInfo:
        place = practice.locations.filter(is_active=True).order_by("name", "pk").first()
        return place.zone if place else ZoneInfo("UTC")

    return zone


@access.takes_forms
def stay(request: HttpRequest) -> JsonResponse:
    """Tell how many seconds the sign-in still lasts. To ask does not extend it; to send the form does."""
    now = timezone.now()
    if request.method == "POST" and request.user.is_authenticated:
        sessions.touch(request.session, at=now)
    return JsonResponse({"seconds": sessions.seconds_left(request.session, at=now)})


@require_POST
def keep_form(request: HttpRequest) -> HttpResponse:
    """Keep what was typed on a page whose sign-in ends now."""
    page, action = (path_of(request.POST.get(name, "")) for name in ("kept_page", "kept_action"))
    access.keep_form(request, page=page, action=action)
    return HttpResponse(status=204)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and let the browser forget what it kept of it. Source: OWASP ASVS 5.0.0, 14.3.1."""
    if request.user.is_authenticated:
        sign_ins.over(request.user, how="person")
    logout(request)
    answer = redirect("sign_in")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@access.signed_in()
def choose_practice(request: HttpRequest) -> HttpResponse:
    """Choose the practice to work in; the choice lies in the session."""
    mine = access.practices_of(cast(User, request.user))
    if request.method == "POST":
        chosen = next((one.pk for one in mine if str(one.pk) == request.POST.get("practice")), None)
        if chosen is None:
            raise Http404
        request.session[PRACTICE_KEY] = chosen
        return redirect("today")
    return render(request, "core/choose_practice.html", {"practices": mine})
