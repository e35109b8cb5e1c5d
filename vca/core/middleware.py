"""What surrounds every request: who acts, how a refusal is shown, and what browsers are told."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone

from vca.core import access, audit, sessions, sight
from vca.core.access import Actor, NotPermitted
from vca.core.audit import NotRecorded, TooOften
from vca.core.health import PROBES
from vca.core.isolation import switch, within
from vca.core.kept_forms import Whose
from vca.core.models import ApiToken, Practice
from vca.core.pages import PRACTICE_KEY, address_of, came_from, in_words
from vca.core.services import emergencies, sign_ins
from vca.domain.errors import RuleError

logger = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]
ANSWERED = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
IN_THE_CLEAR = {
    "code": "TLS",
    "message": "This request came without TLS. Nothing was done.",
    "field": "",
    "source": "OWASP ASVS 5.0.0, 4.1.2",
    "next_act": "Write https:// in the address. A token was sent in the clear: revoke it, and make a new one.",
}
TOO_LARGE = {
    "code": "INPUT",
    "message": "This request is larger than anything that is taken here. Nothing was done.",
    "field": "",
    "source": "OWASP ASVS 5.0.0, 5.2.1",
    "next_act": "Send a smaller file: 20 MB at most.",
}


def probes(get_response: Answer) -> Answer:
    """Answer ``/healthz`` and ``/readyz`` before anything asks for a host name or a session."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path)
        return probe() if probe else get_response(request)

    return middleware


def threshold(get_response: Answer) -> Answer:
    """Turn away what nothing here answers, as TRACE, what is larger than any request of ours, and the API without TLS.

    A body is refused unread. A redirect would hide that a token has gone over the line in the clear. Source: OWASP ASVS
    5.0.0, 4.1.2, 5.2.1 and 13.4.4.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in ANSWERED:
            return HttpResponseNotAllowed(ANSWERED)
        if _length(request) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            return _too_large(request)
        if settings.SECURE_SSL_REDIRECT and request.path.startswith("/api/") and not request.is_secure():
            return JsonResponse({"error": IN_THE_CLEAR}, status=403)
        return get_response(request)

    return middleware


def _length(request: HttpRequest) -> int:
    stated = request.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() else 0


def _too_large(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return JsonResponse({"error": TOO_LARGE}, status=413)
    return HttpResponse(render_to_string("413.html"), status=413)


def cross_origin_isolation(get_response: Answer) -> Answer:
    """Tell browsers that nobody else may embed what we answer, and that pages with a person are not stored."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def time_limits(get_response: Answer) -> Answer:
    """Let nobody act whose sign-in is over. Who it was is kept for a form that they may still be sending."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and sessions.is_over(request.session, at=timezone.now()):
            practice = _chosen_practice(request)
            whose = Whose(request.user.pk, practice.pk) if practice else None
            request.time_is_over_for = whose  # type: ignore[attr-defined]
            request.session.pop(emergencies.KEY, None)
            if sessions.close(request.session):
                sign_ins.over(request.user, how="time")
            request.user = AnonymousUser()
        return get_response(request)

    return middleware


def actor(get_response: Answer) -> Answer:
    """Set ``request.actor`` and ``request.practice`` from the session.

    Both are ``None`` without an active role there, and without a second factor where that is a must. For the length of
    the request the database shows that practice alone; without one, no practice's data.
    """

    @within(None)
    def middleware(request: HttpRequest) -> HttpResponseBase:
        practice = _open_practice(request)
        found = access.person(request.user, practice) if practice else None  # type: ignore[arg-type]
        if found:
            switch(found.practice_id)
            opened = emergencies.found(request.session, practice_id=found.practice_id, at=timezone.now())
            request.emergency = opened  # type: ignore[attr-defined]
            found = emergencies.lend(found, opened)
        request.actor = found  # type: ignore[attr-defined]
        request.practice = practice if found else None  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def _open_practice(request: HttpRequest) -> Practice | None:
    practice = _chosen_practice(request)
    waits = practice is not None and practice.needs_second and not sessions.has_second(request.session)  # type: ignore[attr-defined]  # annotated
    return None if waits else practice


def _chosen_practice(request: HttpRequest) -> Practice | None:
    if not request.user.is_authenticated:
        return None
    mine = access.practices_of(request.user)
    chosen = request.session.get(PRACTICE_KEY)
    if chosen:
        return next((one for one in mine if one.pk == chosen), None)
    return mine[0] if len(mine) == 1 else None


def reads(get_response: Answer) -> Answer:
    """Record whose data an answer shows, before it leaves; what cannot be recorded is not shown.

    Views do not ask for this: rows tell by themselves whose they are (vca.core.sight). An answer that leads elsewhere
    shows nobody, nor does a refusal: its words name no person.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with sight.watching() as seen:
            answer = get_response(request)
        if not seen or not _shows(request, answer):
            return answer
        what = "api.read" if _is_api(request) else "page.read"
        try:
            audit.read(
                by=_reader(request), what=what, where=_where(request), veterans=seen, address=address_of(request)
            )
        except NotRecorded as fault:
            return not_recorded(request, fault)
        except TooOften as fault:
            access.note_refusal(fault.code, who=_who(request), request=request)
            return too_often(request, fault)
        return answer

    return middleware


def _shows(request: HttpRequest, answer: HttpResponseBase) -> bool:
    if _is_api(request):
        return answer.status_code < 300
    return not 300 <= answer.status_code < 400 and answer.status_code not in (403, 404, 405, 429, 503)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _reader(request: HttpRequest) -> Actor:
    token: ApiToken | None = getattr(request, "auth", None)  # DRF leaves here who called
    return access.bearer(token) if token else request.actor  # type: ignore[attr-defined]  # set above


def _where(request: HttpRequest) -> str:
    """Return the route, and the id in its address if there is one."""
    found = request.resolver_match
    ids = [str(one) for one in found.kwargs.values()] if found else []
    return " ".join([found.url_name or "" if found else "", *ids[:1]])


def not_recorded(request: HttpRequest, fault: NotRecorded) -> HttpResponse:
    """Answer 503, with nobody's data, in a shape that needs no database."""
    logger.error("the audit trail could not be written: %s", type(fault.__cause__).__name__)
    if _is_api(request):
        return _api_refusal(fault, status=503)
    return HttpResponse(render_to_string("errors/not_recorded.html", {"refusal": fault}), status=503)


def too_often(request: HttpRequest, fault: TooOften) -> HttpResponse:
    """Answer 429, with nobody's data."""
    if _is_api(request):
        return _api_refusal(fault, status=429)
    return render(request, "errors/refused.html", {"refusal": fault}, status=429)


def _api_refusal(fault: RuleError, *, status: int) -> JsonResponse:
    told = {"source": fault.rule.source, "next_act": fault.rule.next_act}
    body = {"error": {"code": fault.code, "message": fault.detail, "field": "", **told}}
    return JsonResponse(body, status=status)


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
        access.note_refusal(exception.code, who=_who(request), request=request)
        if isinstance(exception, NotRecorded):
            return not_recorded(request, exception)
        if isinstance(exception, NotPermitted):
            return render(request, "errors/refused.html", {"refusal": exception}, status=403)
        if isinstance(exception, TooOften):
            return too_often(request, exception)
        origin = came_from(request, "")
        if request.method == "POST" and origin:
            messages.error(request, in_words(exception), extra_tags=exception.code)
            return redirect(origin)
        return render(request, "errors/refused.html", {"refusal": exception}, status=409)


def _who(request: HttpRequest) -> str:
    by = getattr(request, "actor", None)
    return f"person {by.user_id} in practice {by.practice_id}" if by else "nobody in a practice"


refusals = Refusals
