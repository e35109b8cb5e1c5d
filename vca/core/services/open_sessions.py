"""Where somebody is signed in now, and ending it there. Source: OWASP ASVS 5.0.0, 7.5.2.

A session names its person inside of its content alone, which is signed and not encrypted: all that have not expired are
opened, some dozens in a practice, when somebody asks for their own.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction

from vca.core import sessions
from vca.core.models import User
from vca.core.services import sign_ins


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One sign-in that lasts; ``mark`` names it on a page, where its key must not stand."""

    mark: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def found(user: User, *, this: str | None, at: datetime) -> list[OpenSession]:
    """Return where the person is signed in, this session first, then the last one seen."""
    rows = [one for _, one in _open(user, this, at)]
    return sorted(rows, key=lambda one: (one.is_this, one.seen_at), reverse=True)


def end(user: User, *, marks: Collection[str], this: str | None, at: datetime) -> int:
    """End these of the person's sign-ins, but never the one in which it is asked for; return how many were open."""
    with transaction.atomic():
        keys = [key for key, one in _open(user, this, at) if one.mark in marks and not one.is_this]
        Session.objects.filter(session_key__in=keys).delete()
        for _ in keys:
            sign_ins.over(user, how="another device")
    return len(keys)


def _open(user: User, this: str | None, at: datetime) -> Iterator[tuple[str, OpenSession]]:
    for row in Session.objects.filter(expire_date__gt=at).order_by("pk"):
        content = SessionStore(row.session_key)
        content._session_cache = row.get_decoded()  # type: ignore[attr-defined]  # else each is read once more
        mine = (
            content.get(SESSION_KEY) == str(user.pk) and content.get(HASH_SESSION_KEY) == user.get_session_auth_hash()
        )
        signed_in = sessions.found(content) if mine else None
        if signed_in and signed_in.ends_at > at:
            mark = sha256(row.session_key.encode()).hexdigest()[:16]
            yield row.session_key, OpenSession(mark, signed_in.began_at, signed_in.seen_at, row.session_key == this)
