"""Keyset pages, and POSTs that may be repeated."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vca.core import idempotency
from vca.core.api.authentication import actor_of


class Pages(CursorPagination):
    """Keyset pages: as fast on page 10,000 as on page 1."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"


def repeatable(post: Callable[..., Response]) -> Callable[..., Response]:
    """Give a repeated POST with the same Idempotency-Key the first answer; key, deed and answer are one commit."""

    @wraps(post)
    def guarded(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise exceptions.ValidationError(
                {"Idempotency-Key": "Send this header with every POST, for instance a UUID."}
            )
        by = actor_of(request)
        said = f"{request.method} {request.path}\n".encode() + request.body
        with transaction.atomic():
            earlier = idempotency.earlier_answer(by=by, key=key[:80], request=said)
            if earlier:
                return Response(earlier[1], status=earlier[0])
            response = post(view, request, *args, **kwargs)
            idempotency.remember(by=by, key=key[:80], status=response.status_code, body=response.data)
        return response

    return guarded
