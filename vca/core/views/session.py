"""Sign-in, sign-out, the practice to work in, and what every template is given."""

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from vca.core import alerts, forms, vocabulary
from vca.core.models import Practice
from vca.core.pages import PRACTICE_KEY


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Give every template the actor, the practice, its zone, the navigation and the number of alerts that are awake."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"actor": None, "practice": None}
    return {
        "actor": actor,
        "practice": request.practice,  # type: ignore[attr-defined]
        "open_alerts": alerts.awake(actor, at=timezone.now()).count(),
        "nav": [
            {"label": one.label, "url": reverse(one.page), "current": _current(reverse(one.page), request.path)}
            for one in vocabulary.navigation()
            if actor.may(one.permission)
        ],
        "zone": _zone(request.practice),  # type: ignore[attr-defined]
    }


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


def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by password; the answer to a wrong one does not tell whether the address is known."""
    form = forms.SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(
            request,
            username=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
        )
        if user is not None:
            login(request, user)
            return redirect(_next(request))
        form.add_error(None, "E-mail address and password do not match. Check both and try again.")
    return render(
        request,
        "core/sign_in.html",
        {"form": form, "next": _next(request)},
        status=422 if form.errors else 200,
    )


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else reverse("today")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign_in")


@login_required
def choose_practice(request: HttpRequest) -> HttpResponse:
    """Choose the practice to work in; the choice lies in the session."""
    mine = Practice.objects.filter(memberships__user_id=request.user.pk or 0, memberships__is_active=True).distinct()
    if request.method == "POST":
        chosen = request.POST.get("practice", "")
        practice = get_object_or_404(mine, pk=chosen if chosen.isdecimal() and len(chosen) < 10 else 0)
        request.session[PRACTICE_KEY] = practice.pk
        return redirect("today")
    return render(request, "core/choose_practice.html", {"practices": mine.order_by("name", "pk")})
