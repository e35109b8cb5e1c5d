"""Repeat a request and get the first answer again: the key, the deed and its answer are one commit.

A twin that arrives while the first one runs waits for its commit and is then given its answer; a refused request
leaves nothing, so that it can be sent again with the same key. A request of the API brings its key in a header
(vca.core.api.requests), a form in the hidden field that the tag ``sent_once`` writes (``answer_form``).
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from vca.core import crypto, sight
from vca.core.models import IdempotencyKey
from vca.domain.errors import RuleError

FORM_FIELD = "sent_once"
SHOWN_ONCE = (
    "The form was sent twice and acted once. What its first answer showed is not shown again; if you need it, "
    "make a new one."
)


class By(Protocol):
    """Whoever acts in a practice: see access.Actor."""

    @property
    def practice_id(self) -> int: ...
    @property
    def user_id(self) -> int | None: ...


class KeyReused(RuleError):
    """The key was used for another request."""

    code = "API-01"


def earlier_answer(*, by: By, key: str, request: bytes) -> tuple[int, Any] | None:
    """Return status and body given before, or ``None`` after noting that this request runs now.

    The Veterans whose data the body shows are noted, as if it had been read now. Must run in the transaction of the
    deed. Raises KeyReused when the same key came with another request.
    """
    # Keyed: nobody who reads the table may try which Social Security number was sent.
    digest = crypto.blind_index(hashlib.sha256(request).hexdigest(), about="request")
    row = IdempotencyKey(practice_id=by.practice_id, key=key, request_hash=digest)
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    first = IdempotencyKey.objects.select_for_update(no_key=True).get(practice_id=by.practice_id, key=key)
    if first.request_hash != digest:
        raise KeyReused("this Idempotency-Key was used for another request")
    if first.status is None:
        return None
    sight.note(first.veterans)
    return first.status, json.loads(first.body)


def remember(*, by: By, key: str, status: int, body: Any, veterans: Iterable[int] = ()) -> None:
    """Keep the answer for repetitions, with whose data it shows."""
    row = IdempotencyKey.objects.get(practice_id=by.practice_id, key=key)
    row.status, row.body, row.veterans = status, json.dumps(body), sorted(veterans)
    row.save(update_fields=["status", "body", "veterans"])


def answer_form(request: HttpRequest, *, by: By, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer a page's request. A form that is sent again leads to the same page with the same words, and does nothing.

    Its key holds for one person, address and content: going back to change what was entered is another request. An
    answer that sends the form back with its errors is not kept, so that it can be mended and sent again.
    """
    if not request.POST.get(FORM_FIELD):
        return view()
    said = _said(request, by)
    key = f"form {hashlib.sha256(said).hexdigest()}"
    with transaction.atomic():
        earlier = earlier_answer(by=by, key=key, request=said)
        if earlier:
            return _say_again(request, **earlier[1])
        told_before = len(messages.get_messages(request))
        response = view()
        if response.status_code < 400:
            body = _answer(request, response, told_before)
            remember(by=by, key=key, status=response.status_code, body=body)
        else:
            IdempotencyKey.objects.filter(practice_id=by.practice_id, key=key).delete()
    return response


def _said(request: HttpRequest, by: By) -> bytes:
    # Not the body: a browser divides a form with files by another boundary each time that it is sent.
    files = [f"{name}={one.name} {one.size}" for name, some in request.FILES.lists() for one in some]
    return "\n".join([f"{by.user_id} {request.path}", request.POST.urlencode(), *files]).encode()


def _answer(request: HttpRequest, response: HttpResponseBase, told_before: int) -> dict[str, Any]:
    """Return where the answer leads and the messages that it left. A page shown at once may hold a secret: not kept."""
    to = response.headers.get("Location")
    if not to:
        return {"to": request.path, "words": [(messages.WARNING, SHOWN_ONCE, "")]}
    told: Any = messages.get_messages(request)
    words = [(one.level, str(one.message), one.extra_tags) for one in list(told)[told_before:]]
    told.used = False  # read here, shown on the next page all the same
    return {"to": to, "words": words}


def _say_again(request: HttpRequest, *, to: str, words: list[tuple[int, str, str]]) -> HttpResponseBase:
    told: Any = messages.get_messages(request)
    waiting = [str(one.message) for one in told]  # of a second press, before the page of the first was shown
    told.used = False
    for level, text, tags in words:
        if text not in waiting:
            messages.add_message(request, level, text, extra_tags=tags)
    return redirect(to)
