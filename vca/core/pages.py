"""What pages share: where a person came from, and keyset pages, as fast at the end of a list as at its start."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

PRACTICE_KEY = "practice"
PAGE_SIZE = 50
Row = TypeVar("Row", bound=Model)


def came_from(request: HttpRequest, fallback: str) -> str:
    """Return the page of ours from which a form was sent, else the fallback."""
    origin = request.headers.get("Referer", "")
    return origin if url_has_allowed_host_and_scheme(origin, {request.get_host()}) else fallback


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """Rows of one page; ``older`` is the cursor of the next one, empty on the last."""

    rows: list[Row]
    older: str


def keyset(
    queryset: QuerySet[Row], *, newest_first: bool = True, after: str = "", size: int = PAGE_SIZE
) -> KeysetPage[Row]:
    """Return a page ordered by id; ``after`` is a cursor that an earlier page gave, nonsense is the first page."""
    order = "-pk" if newest_first else "pk"
    rows = queryset.order_by(order)
    if after.isdecimal():
        rows = rows.filter(pk__lt=int(after)) if newest_first else rows.filter(pk__gt=int(after))
    found = list(rows[: size + 1])
    return KeysetPage(found[:size], str(found[size - 1].pk) if len(found) > size else "")


def keyset_by(queryset: QuerySet[Row], field: str, *, after: str = "", size: int = PAGE_SIZE) -> KeysetPage[Row]:
    """Return a page ordered by a field and then the id, smallest first; the cursor is ``value~id``."""
    rows = queryset.order_by(field, "pk")
    value, tilde, row_id = after.rpartition("~")
    if tilde and row_id.isdecimal():
        rows = rows.filter(Q(**{f"{field}__gt": value}) | Q(**{field: value, "pk__gt": int(row_id)}))
    found = list(rows[: size + 1])
    return KeysetPage(found[:size], _cursor(found[size - 1], field) if len(found) > size else "")


def _cursor(row: Any, field: str) -> str:
    value = row
    for name in field.split("__"):
        value = getattr(value, name)
    return f"{value}~{row.pk}"
