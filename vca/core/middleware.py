"""What surrounds every request: who acts, how a refusal is shown, and what browsers are told."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render

from vca.core import access
from vca.core.access import NotPermitted
from vca.core.health import PROBES
from vca.core.models import Practice
from vca.core.pages import PRACTICE_KEY, came_from, in_words
from vca.domain.errors import RuleError

Answer = Callable[[HttpRequest], HttpResponseBase]


def probes(get_response: Answer) -> Answer:
    """Answer ``/healthz`` and ``/readyz`` before anything asks for a host name, TLS or a session."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path)
        return probe() if probe else get_response(request)

    return middleware


def cross_origin_isolation(get_response: Answer) -> Answer:
    """Tell browsers that nobody else may embed what we answer, and that pages with a person are not stored."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def actor(get_response: Answer) -> Answer:
    """Set ``request.actor`` and ``request.practice`` from the session; both ``None`` without an active role there."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        practice = _chosen_practice(request)
        found = access.person(request.user, practice) if practice else None  # type: ignore[arg-type]
        request.actor = found  # type: ignore[attr-defined]
        request.practice = practice if found else None  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def _chosen_practice(request: HttpRequest) -> Practice | None:
    if not request.user.is_authenticated:
        return None
    mine = Practice.objects.filter(memberships__user=request.user, memberships__is_active=True).distinct()
    chosen = request.session.get(PRACTICE_KEY)
    if chosen:
        return mine.filter(pk=chosen).first()
    only = list(mine[:2])
    return only[0] if len(only) == 1 else None


class Refusals:
    """Show a RuleError as what it is: what happened, which rule, its source, and what to do next.

    An address that takes only forms, opened as a page, says so too.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, and fill the empty answer of ``require_POST``."""
        answer = self.get_response(request)
        if isinstance(answer, HttpResponseNotAllowed) and not answer.content:
            page = render(request, "405.html", status=answer.status_code)
            page.headers["Allow"] = answer.headers["Allow"]
            return page
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a refusal into a message on the page that the person came from, or into a page of its own."""
        if not isinstance(exception, RuleError):
            return None
        if isinstance(exception, NotPermitted):
            return render(request, "errors/refused.html", {"refusal": exception}, status=403)
        origin = came_from(request, "")
        if request.method == "POST" and origin:
            messages.error(request, in_words(exception), extra_tags=exception.code)
            return redirect(origin)
        return render(request, "errors/refused.html", {"refusal": exception}, status=409)


refusals = Refusals
