"""What pages share: ids in addresses, files to be saved, where a person came from, and keyset pages.

The last keyset page is as fast as the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls.converters import IntConverter
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme

from vca.core import sight
from vca.domain.errors import RuleError

PRACTICE_KEY = "practice"
PAGE_SIZE = 50
GREATEST_ID = 2**63 - 1
# What a browser that opens a file all the same lets it do: nothing, in an origin of its own.
SANDBOX = "sandbox; default-src 'none'"
Row = TypeVar("Row", bound=Model)
Shown = TypeVar("Shown")


class IdConverter(IntConverter):
    """``<id:...>`` in an address: the id of a row, no greater than a database can look for."""

    def to_python(self, value: str) -> int:
        """Raise ValueError, which is a 404, for one that no row can have."""
        row_id = int(value) if len(value) <= len(str(GREATEST_ID)) else GREATEST_ID + 1
        if row_id > GREATEST_ID:
            raise ValueError("no row can have this id")
        return row_id


def came_from(request: HttpRequest, fallback: str) -> str:
    """Return the page of ours from which a form was sent, else the fallback."""
    origin = request.headers.get("Referer", "")
    return origin if url_has_allowed_host_and_scheme(origin, {request.get_host()}) else fallback


def address_of(request: HttpRequest) -> str:
    """Return from where the request comes, of IPv6 its network of 64 bits, which one household or office has.

    Behind the proxy that is the last address of X-Forwarded-For, which the proxy wrote; those before it are hearsay.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    try:
        address = ip_address((forwarded.split(",")[-1] or request.META.get("REMOTE_ADDR", "")).strip())
    except ValueError:
        return "unknown"
    return str(ip_network((address, 64), strict=False) if isinstance(address, IPv6Address) else address)


def path_of(url: str) -> str:
    """Return path and query of an address of ours."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def in_words(refusal: RuleError) -> str:
    """Return a refusal in one line: what happened, what to do next, and the rule."""
    what = refusal.detail[:1].upper() + refusal.detail[1:].rstrip(".")
    return f"{what}. {refusal.rule.next_act} ({refusal.code})"


def attachment(content: bytes | str, *, filename: str, media_type: str) -> HttpResponse:
    """Answer with a file that is saved, not shown: whoever made it, it never acts as a page of ours."""
    answer = HttpResponse(content, content_type=media_type)
    # Neither the end of a line nor a sign that turns the direction of writing: gpj.exe reads as a picture with one.
    shown = "".join(sign if sign.isprintable() else "_" for sign in filename)
    answer.headers["Content-Disposition"] = content_disposition_header(True, shown) or "attachment"
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def asked_for(text: str, rows: Iterable[Row]) -> Row | None:
    """Return the row whose id an address names, nothing for no text. Raises Http404 for one that is not among them."""
    found = next((one for one in rows if str(one.pk) == text), None) if text else None
    if text and not found:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Shown]):
    """Rows of one page; ``older`` is the cursor of the next one, empty on the last."""

    rows: list[Shown]
    older: str


def keyset(
    queryset: QuerySet[Row], *, newest_first: bool = True, after: str = "", size: int = PAGE_SIZE
) -> KeysetPage[Row]:
    """Return a page ordered by id; ``after`` is a cursor that an earlier page gave, nonsense is the first page."""
    order = "-pk" if newest_first else "pk"
    rows = queryset.order_by(order)
    if after.isdecimal():
        rows = rows.filter(pk__lt=int(after)) if newest_first else rows.filter(pk__gt=int(after))
    with sight.unseen():  # one row more than is shown
        found = list(rows[: size + 1])
    sight.note_rows(found[:size])
    return KeysetPage(found[:size], str(found[size - 1].pk) if len(found) > size else "")


def keyset_by_day(
    queryset: QuerySet[Any, Any], day: str, *, after: str = "", size: int = PAGE_SIZE
) -> KeysetPage[dict[str, Any]]:
    """Return a page of ``values()``, which name the day and ``pk``, ordered by both, the smallest first.

    ``after`` is a cursor ``day~pk`` that an earlier page gave, nonsense is the first page.
    """
    rows = queryset.order_by(day, "pk")
    place = place_of(after)
    if place:
        # The day alone says where in the index to begin; the rest leaves out what the page before has shown.
        rows = rows.filter(Q(**{f"{day}__gt": place[0]}) | Q(pk__gt=place[1]), **{f"{day}__gte": place[0]})
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return KeysetPage(found[:size], f"{last[day]}~{last['pk']}" if last else "")


def place_of(cursor: str) -> tuple[date, int] | None:
    """Return the day and the id that a cursor ``day~pk`` names, nothing for nonsense."""
    day, _, row_id = cursor.partition("~")
    try:
        return (date.fromisoformat(day), int(row_id)) if row_id.isdecimal() else None
    except ValueError:
        return None
