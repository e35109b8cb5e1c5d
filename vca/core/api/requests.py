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

LONGEST_KEY = 80


class Pages(CursorPagination):
    """Keyset pages: as fast on page 10,000 as on page 1."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"

    def decode_cursor(self, request: Request) -> Any:
        """Return the place in the list. Raises NotFound for a cursor that no page of ours gave."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position and not str(cursor.position).isdecimal():
            raise exceptions.NotFound(self.invalid_cursor_message)
        return cursor


def listed(view: APIView, request: Request, rows: Any, serializer: Any) -> Response:
    """Answer with one page of rows."""
    pages = Pages()
    found: list[Any] | None = pages.paginate_queryset(rows, request, view)
    return pages.get_paginated_response(serializer(found, many=True).data)


def repeatable(post: Callable[..., Response]) -> Callable[..., Response]:
    """Give a repeated POST with the same Idempotency-Key the first answer; key, deed and answer are one commit."""

    @wraps(post)
    def guarded(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= LONGEST_KEY:
            raise exceptions.ValidationError(
                {"Idempotency-Key": f"Send this header with every POST: a UUID, or up to {LONGEST_KEY} characters."}
            )
        by = actor_of(request)
        said = f"{request.method} {request.path}\n".encode() + request.body
        with transaction.atomic():
            earlier = idempotency.earlier_answer(by=by, key=key, request=said)
            if earlier:
                return Response(earlier[1], status=earlier[0])
            response = post(view, request, *args, **kwargs)
            idempotency.remember(by=by, key=key, status=response.status_code, body=response.data)
        return response

    return guarded
