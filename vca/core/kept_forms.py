"""What somebody had typed when their sign-in ended, or when they had to prove who they are before it was done.

It lies in the database, sealed, for an hour; it is given to the same person in the same practice on the same page,
once. Nothing of it lies in the browser. Source: WCAG 2.2, 2.2.5, re-authenticating.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from vca.core import crypto
from vca.core.isolation import within
from vca.core.models import KeptForm
from vca.domain.refill import refilled

KEPT_FOR = timedelta(hours=1)
LONGEST = 100_000  # characters; a form of ours has a few hundred
SESSION_KEY = "kept_forms"
NOT_KEPT = ("csrfmiddlewaretoken", "sent_once", "kept_")
HERE_AGAIN = "What you had entered is here again. Nothing of it was saved yet: check it, then send it."


@dataclass(frozen=True, slots=True)
class Whose:
    """To whom a form is given back, and in which practice."""

    user_id: int
    practice_id: int


def keep(*, page: str, action: str, fields: Iterable[tuple[str, str]], whose: Whose, at: datetime) -> bool:
    """Keep a form of the page that sends to the action, in the place of an earlier one; tell whether there was one."""
    typed = [(name, value) for name, value in fields if not name.startswith(NOT_KEPT) and "password" not in name]
    said = json.dumps({"page": page, "action": action, "fields": typed})
    if not any(value.strip() for _, value in typed) or len(said) > LONGEST:
        return False
    about = {"user_id": whose.user_id, "practice_id": whose.practice_id, "path_hash": path_hash(page)}
    with within(whose.practice_id), transaction.atomic():
        KeptForm.objects.filter(**about).delete()
        row = KeptForm(**about, fields=said, kept_at=at)
        KeptForm.objects.bulk_create([row], ignore_conflicts=True)  # another tab was faster
    return True


def path_hash(page: str) -> str:
    """Return what stands for the address of a page: it may hold the name that somebody searched for."""
    return crypto.blind_index(page, about="kept_form.page")


def remember(session: SessionBase, *, user_id: int) -> None:
    """Let the session know for which pages something is kept, so that no other page has to ask."""
    with within(None):
        pages = KeptForm.objects.filter(user_id=user_id).order_by("pk").values_list("path_hash", flat=True)
        session[SESSION_KEY] = list(pages)


def answer(
    request: HttpRequest, *, whose: Whose, view: Callable[[], HttpResponseBase], at: datetime
) -> HttpResponseBase:
    """Answer a page, with what was kept for it put back."""
    waiting: list[str] = request.session.get(SESSION_KEY) or []
    key = path_hash(request.get_full_path()) if waiting and request.method == "GET" else ""
    if key not in waiting:
        return view()
    request.session[SESSION_KEY] = [other for other in waiting if other != key]
    row = KeptForm.objects.filter(user_id=whose.user_id, practice_id=whose.practice_id, path_hash=key).first()
    if row is None or row.kept_at <= at - KEPT_FOR:
        return view()
    messages.info(request, HERE_AGAIN)
    response = view()
    if isinstance(response, HttpResponse) and response.status_code == 200:
        response.content = refilled(response.text, **json.loads(row.fields))
        row.delete()
    return response


def forget_old(*, at: datetime) -> int:
    """Delete what nobody came back for; return how many."""
    return KeptForm.objects.filter(kept_at__lte=at - KEPT_FOR).delete()[0]
