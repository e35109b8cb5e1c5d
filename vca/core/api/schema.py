"""The API described by itself: OpenAPI 3.1 at /api/schema/, made from the views, so that it says what they do."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vca.core.api.errors import ErrorOutput
from vca.core.api.requests import LONGEST_KEY, Pages

REPEATED = ("POST", "PATCH")
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    OpenApiParameter.HEADER,
    required=True,
    description="New for each request, a UUID for instance. The same request sent again gets the first answer.",
)
ERRORS = {
    "400": "The body is not JSON.",
    "401": "No token, or one that is not known, has ended, or was revoked.",
    "403": "The roles of the token's person do not include it.",
    "404": "There is no such row in this practice.",
    "409": "A rule refuses; nothing was changed. ``code`` names the rule.",
    "422": "Something in the request cannot be read; ``field`` says what.",
    "429": "The token's person has asked too often within an hour; ``message`` says how long to wait.",
}


def described(
    gives: Any, *, takes: Any = None, statuses: Sequence[Any] = (200,), refused_by: Sequence[str] = (), asks: Any = ()
) -> Callable[..., Any]:
    """Say of a method what it answers, what it takes, the codes of the rules that may refuse it, and its query.

    A status stands alone, or with the media type of what is not JSON.
    """
    extended = extend_schema(
        request=takes,
        responses=dict.fromkeys(statuses, gives),
        parameters=list(asks),
        extensions={"x-rule-codes": sorted(refused_by)},
    )

    def told(method: Any) -> Any:
        method.asks = tuple(asks)  # for ``requests.listed``, which refuses any other
        return extended(method)

    return told


def state_filter(states: Any) -> OpenApiParameter:
    """Return the query parameter ``state``."""
    return OpenApiParameter("state", str, enum=[str(one) for one in states], description="Only those of this state.")


def kind_filter(kinds: Any) -> OpenApiParameter:
    """Return the query parameter ``kind``."""
    return OpenApiParameter("kind", str, enum=sorted(kinds), description="Only those of this kind.")


def yes_filter(name: str, description: str) -> OpenApiParameter:
    """Return a query parameter that is there or not, whatever it says."""
    return OpenApiParameter(name, str, description=description)


class Described(AutoSchema):
    """What each operation has besides its own: key, permission, rule codes, and the one error shape."""

    def get_operation_id(self) -> str:
        """Return the method and the words of the address: ``post_claims_claim_id_ready``."""
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path.removeprefix("/api/v1"))])

    def get_tags(self) -> list[str]:
        """Group by the first word of the address."""
        return [self.path.removeprefix("/api/v1/").partition("/")[0]]

    def get_override_parameters(self) -> list[Any]:
        """Add the key of what may be repeated."""
        return [*super().get_override_parameters(), *([KEY] if self.method in REPEATED else [])]

    def _get_paginator(self) -> Pages:
        return Pages()

    def get_operation(self, *args: Any) -> dict[str, Any] | None:
        """Return the operation with its permission, its rule codes and its errors."""
        operation: dict[str, Any] | None = super().get_operation(*args)
        if operation is None:
            return None
        codes = [*operation.get("x-rule-codes", ()), *(["API-01"] if self.method in REPEATED else [])]
        permission = cast(Any, self.view).permissions[self.method]
        operation |= {"x-rule-codes": codes, "x-permission": permission}
        said = [f"Permission: `{permission}`.", f"Rules: {', '.join(codes)}." if codes else ""]
        operation["description"] = "\n\n".join([operation["description"], *filter(None, said)])
        operation["responses"] |= {status: self._error(status, codes) for status in self._possible(operation, codes)}
        return operation

    def _possible(self, operation: dict[str, Any], codes: list[str]) -> list[str]:
        reads = self.method in REPEATED or any(one["in"] == "query" for one in operation.get("parameters", ()))
        so = {"400": self.method in REPEATED, "409": bool(codes), "422": reads}
        return [status for status in ERRORS if so.get(status, True)]

    def _error(self, status: str, codes: list[str]) -> dict[str, Any]:
        schema: dict[str, Any] = self.resolve_serializer(ErrorOutput, "response").ref
        if status == "409":
            code = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
            schema = {"allOf": [schema, code]}
        return {"description": ERRORS[status], "content": {"application/json": {"schema": schema}}}


class TokenScheme(OpenApiAuthenticationExtension):
    """``Authorization: Bearer vca_...``."""

    target_class = "vca.core.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """A token of a person in a practice."""
        return {"type": "http", "scheme": "bearer", "description": "From Practice, API tokens, or `issue_token`."}


class SchemaDocument(APIView):
    """The description of the API: it holds no row, and is there for anybody."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def get(self, request: Request) -> Response:
        """Return OpenAPI 3.1 as JSON."""
        return Response(document())


@cache
def document() -> dict[str, Any]:
    """Return the description; it is as old as the process."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found
