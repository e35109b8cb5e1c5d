"""One shape for every error of the API."""

from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import SuspiciousOperation
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from vca.core.access import NotPermitted, note_refusal
from vca.core.audit import NotRecorded, TooOften
from vca.domain.errors import RuleError
from vca.domain.rules import CATALOGUE

CODES = {401: "NOT-SIGNED-IN", 403: "ACCESS-01", 404: "NOT-FOUND", 405: "METHOD"}


STATUS: dict[type[RuleError], int] = {NotPermitted: 403, TooOften: 429, NotRecorded: 503}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: a rule's code or a word, a sentence, the field, the rule's source, and what to do next."""

    code: str
    message: str
    field: str = ""
    source: str = ""
    next_act: str = ""


class ProblemOutput(serializers.Serializer):
    """What went wrong. ``code`` is a rule's, or INPUT, NOT-SIGNED-IN, ACCESS-01, NOT-FOUND, METHOD."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(help_text="Such as `lines[1].visits`; empty when it is about no field.")
    source: Any = serializers.CharField(help_text="Where the rule comes from: statute, guide, or this product.")
    next_act = serializers.CharField(help_text="What to do about it.")
    details = serializers.JSONField(required=False, help_text="By field, when the request could not be read.")


class ErrorOutput(serializers.Serializer):
    """Every error of the API."""

    error = ProblemOutput()


def explain(fault: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every error in one shape: ``{"error": {"code", "message", "field", "source", "next_act"}}``."""
    if isinstance(fault, RuleError):
        status = STATUS.get(type(fault), 409)
        rule = fault.rule
        _note(fault.code, context)
        body = Problem(fault.code, fault.detail, fault.field, rule.source, rule.next_act)
        return Response({"error": asdict(body)}, status=status)
    if isinstance(fault, RecursionError):
        fault = exceptions.ParseError("The body is nested too deeply.")
    if isinstance(fault, SuspiciousOperation):  # Django's limits of size and of parts
        fault = exceptions.ParseError("The body is larger than any of ours, or has more parts.")
    response = exception_handler(fault, context)
    if response is None:
        return None
    if isinstance(fault, exceptions.ValidationError):
        field, message = first_fault(fault.detail)
        return Response({"error": {**asdict(Problem("INPUT", message, field)), "details": response.data}}, status=422)
    code = CODES.get(response.status_code, "INPUT")
    if code == NotPermitted.code:
        _note(code, context)
    found = CATALOGUE.get(code)
    known = {"source": found.source, "next_act": found.next_act} if found else {}
    response.data = {"error": asdict(Problem(code, str(getattr(fault, "detail", "Not found.")), **known))}
    return response


def _note(code: str, context: dict[str, Any]) -> None:
    request = context["request"]
    token = request.auth
    who = f"token {token.pk} of person {token.user_id} in practice {token.practice_id}" if token else "nobody"
    note_refusal(code, who=who, request=request._request)


def first_fault(detail: Any, path: str = "") -> tuple[str, str]:
    """Return the first faulty field, as a path such as ``lines[1].visits``, and its sentence."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        return first_fault(inner, _inside(path, name))
    if isinstance(detail, list):
        place, inner = next(((at, item) for at, item in enumerate(detail) if item), (0, ""))
        return first_fault(inner, f"{path}[{place}]" if isinstance(inner, dict | list) else path)
    return path, str(detail)


def _inside(path: str, name: str | int) -> str:
    """Return the path one step further in; what is wrong with the whole of something is named by that."""
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name
