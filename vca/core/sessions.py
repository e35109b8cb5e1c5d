"""What a session says of a sign-in: when it began, when somebody was last there, when they last proved who they are.

The server alone writes it, when a page that a person asks for was permitted, and no more often than every 30 seconds:
a page costs no query for it. A sign-in therefore ends up to 30 seconds early, never late. Source: 45 CFR
164.312(a)(2)(iii), automatic logoff; OWASP ASVS 5.0.0, 7.3.1, 7.3.2 and 7.5.1.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from vca.domain.sign_in import Limits, SignedIn

KEY = "sign_in"
WRITTEN_EVERY = timedelta(seconds=30)
FRESH_FOR = timedelta(minutes=5)


def begin(session: SessionBase, *, limits: Limits, at: datetime) -> None:
    """Let a sign-in begin, whose person has just proved who they are."""
    now, idle, longest = int(at.timestamp()), limits.idle.total_seconds(), limits.longest.total_seconds()
    session[KEY] = {"began": now, "seen": now, "proved": now, "idle": int(idle), "longest": int(longest)}


def found(session: SessionBase) -> SignedIn | None:
    """Return the sign-in of a session; ``None`` when it has none, or one that is over and was closed."""
    said: dict[str, Any] | None = session.get(KEY)
    if not said:
        return None
    limits = Limits(timedelta(seconds=said["idle"]), timedelta(seconds=said["longest"]))
    return SignedIn(_instant(said["began"]), _instant(said["seen"]), limits)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def is_over(session: SessionBase, *, at: datetime) -> bool:
    """Tell whether the person must sign in again."""
    signed_in = found(session)
    return signed_in is None or signed_in.ends_at <= at


def seconds_left(session: SessionBase, *, at: datetime) -> int:
    """Return for how long the sign-in still lasts if nobody does anything."""
    signed_in = found(session)
    return max(0, int((signed_in.ends_at - at).total_seconds())) if signed_in else 0


def close(session: SessionBase) -> bool:
    """Let a sign-in be over; tell whether it had not been closed yet. Who it was stays known."""
    was_open = bool(session.get(KEY))
    session[KEY] = None
    return was_open


def touch(session: SessionBase, *, at: datetime) -> None:
    """Note that somebody is there."""
    said, now = session.get(KEY), int(at.timestamp())
    if said and now - said["seen"] >= WRITTEN_EVERY.total_seconds():
        session[KEY] = said | {"seen": now}


def note_second(session: SessionBase) -> None:
    """Note that the person has shown a second factor."""
    session[KEY] = session[KEY] | {"second": True}


def has_second(session: SessionBase) -> bool:
    """Tell whether the person has shown a second factor in this sign-in."""
    return bool((session.get(KEY) or {}).get("second"))


def prove(session: SessionBase, *, at: datetime) -> None:
    """Note that the person has just proved who they are, under a new session key."""
    session.cycle_key()
    session[KEY] = (session.get(KEY) or {}) | {"proved": int(at.timestamp())}


def is_fresh(session: SessionBase, *, at: datetime) -> bool:
    """Tell whether the person proved it a few minutes ago."""
    said = session.get(KEY) or {}
    return at - _instant(said.get("proved", 0)) <= FRESH_FOR
