"""Keyset pages, and requests that may be repeated."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from vca.core import idempotency, sight
from vca.core.api.authentication import actor_of

LONGEST_KEY = 80
Input = TypeVar("Input", bound=BaseSerializer)


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

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page: its rows, and the addresses of the pages before and after it."""
        link = {"type": ["string", "null"], "format": "uri"}
        shape = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(shape), "properties": shape}


def listed(
    view: APIView, request: Request, rows: Any, serializer: Any, *, note: Callable[[Any], None] = sight.note_rows
) -> Response:
    """Answer with one page of rows. Raises ValidationError for a query that its description does not name.

    ``note`` tells whose rows these are.
    """
    _refuse_unasked(view, request)
    pages = Pages()
    with sight.unseen():  # one row more than is shown
        found: list[Any] = pages.paginate_queryset(rows, request, view) or []
    note(found)
    return pages.get_paginated_response(serializer(found, many=True).data)


def _refuse_unasked(view: APIView, request: Request) -> None:
    """A filter that is not known would be left out unseen, and the answer be of other rows than the caller thinks."""
    asks = {one.name: one for one in getattr(view.get, "asks", ())}  # type: ignore[attr-defined]  # as described
    paging = (Pages.cursor_query_param, Pages.page_size_query_param)
    faults = {}
    for name, said in request.query_params.items():
        if name not in (*asks, *paging):
            faults[name] = f"There is no such filter here. There are: {', '.join((*asks, *paging))}."
        elif name in asks and asks[name].enum and said not in ("", *asks[name].enum):
            faults[name] = f"Choose one of: {', '.join(asks[name].enum)}."
    if faults:
        raise exceptions.ValidationError(faults)


def heard(kind: type[Input], request: Request, **options: Any) -> Input:
    """Return what the body says, read and clean. Raises ValidationError."""
    said = kind(data=request.data, **options)
    said.is_valid(raise_exception=True)
    return said


def _said(request: Request) -> bytes:
    if not (request.content_type or "").startswith("multipart/"):
        return request.body
    # Not the body: a caller divides a form with files by another boundary each time that it is sent.
    files = [f"{name}={one.name} {_digest(one)}" for name, some in request.FILES.lists() for one in some]
    return "\n".join([request.POST.urlencode(), *files]).encode()


def _digest(file: UploadedFile) -> str:
    found = hashlib.sha256()
    for part in file.chunks():
        found.update(part)
    file.seek(0)
    return found.hexdigest()


def repeatable(post: Callable[..., Response]) -> Callable[..., Response]:
    """Give a repeated POST or PATCH with the same Idempotency-Key the first answer, in one commit with the deed."""

    @wraps(post)
    def guarded(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= LONGEST_KEY:
            words = f"Send this header with every {request.method}: a UUID, or up to {LONGEST_KEY} characters."
            raise exceptions.ValidationError({"Idempotency-Key": words})
        by = actor_of(request)
        said = f"{request.method} {request.path}\n".encode() + _said(request)
        with transaction.atomic():
            earlier = idempotency.earlier_answer(by=by, key=key, request=said)
            if earlier:
                return Response(earlier[1], status=earlier[0])
            with sight.overhearing() as seen:
                response = post(view, request, *args, **kwargs)
            idempotency.remember(by=by, key=key, status=response.status_code, body=response.data, veterans=seen)
        return response

    return guarded
