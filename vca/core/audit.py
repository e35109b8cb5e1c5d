"""The audit trail: an event goes in with the deed, in its transaction; a sealer chains committed events afterwards.

Nothing waits for the chain: events carry their own hash, and the sealer takes only those whose transaction is older
than the oldest one still open. Source: 45 CFR 164.312(b), audit controls.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from vca.core import vocabulary
from vca.core.models import AuditEvent, AuditSeal, SealedEvent

FIRST_LINK = "0" * 64
SEAL_AT_MOST = 1000
LOOK_BACK = timedelta(days=1)


class By(Protocol):
    """Whoever acts: see access.Actor."""

    @property
    def practice_id(self) -> int | None: ...
    @property
    def user_id(self) -> int | None: ...
    @property
    def acting_as(self) -> str: ...


class CurrentTransaction(models.Func):
    """The number of the running transaction; zero on SQLite, where transactions end in the order of their events."""

    function = "pg_current_xact_id"
    template = "%(function)s()::text::bigint"
    arity = 0
    output_field = models.BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[str | int, ...]]:
        """SQLite has one writer at a time."""
        return "0", ()


def record(
    *,
    by: By,
    action: str,
    subject: models.Model | str,
    changes: dict[str, Any] | None = None,
) -> None:
    """Write one event in the running transaction. ``changes`` holds names of fields and ids, no health data.

    Raises KeyError for an undeclared action, and TransactionManagementError outside a transaction: a deed and its
    event stand or fall together.
    """
    vocabulary.words(vocabulary.Family.AUDIT, action)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an audit event belongs into the transaction of its deed")
    kind, subject_id = _name(subject)
    event = AuditEvent(
        practice_id=by.practice_id,
        user_id=by.user_id,
        acting_as=by.acting_as,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        changes=changes or {},
        at=timezone.now(),
    )
    event.hash = digest(event)
    event.transaction_id = CurrentTransaction()  # an expression, which the INSERT evaluates
    event.save(force_insert=True)


def _name(subject: models.Model | str) -> tuple[str, str]:
    if isinstance(subject, str):
        return subject, ""
    return subject._meta.model_name or "", str(subject.pk)


def digest(event: AuditEvent) -> str:
    """Return the hash of what an event says."""
    said = [
        event.practice_id,
        event.user_id,
        event.acting_as,
        event.action,
        event.subject_kind,
        event.subject_id,
    ]
    text = json.dumps(
        [*said, event.changes, event.at.isoformat()],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_ids(ids: Iterable[int]) -> str:
    """Return a hash by which it can be shown which rows one event about many rows is about."""
    return hashlib.sha256(",".join(map(str, sorted(ids))).encode()).hexdigest()


def seal(now: datetime) -> int:
    """Chain what has been committed and return the number of events sealed; zero when another sealer was faster."""
    try:
        with transaction.atomic():
            return _add_link(now)
    except IntegrityError:
        return 0


def _add_link(now: datetime) -> int:
    last = AuditSeal.objects.order_by("-pk").first()
    events = list(_settled(last).order_by("pk")[:SEAL_AT_MOST])
    if not events:
        return 0
    previous = last.hash if last else FIRST_LINK
    # The unique previous_hash lets one of two sealers win.
    link = AuditSeal.objects.create(
        previous_hash=previous,
        hash=chain(previous, events),
        events=len(events),
        sealed_at=now,
    )
    SealedEvent.objects.bulk_create(SealedEvent(event=event, seal=link) for event in events)
    return len(events)


def chain(previous: str, events: list[AuditEvent]) -> str:
    """Return the hash of a link over the one before it and its events in order of id."""
    return hashlib.sha256("".join([previous, *(event.hash for event in events)]).encode()).hexdigest()


def _settled(last: AuditSeal | None) -> models.QuerySet[AuditEvent]:
    """Return committed events that no seal holds and that no open transaction can still join from below."""
    events = AuditEvent.objects.filter(sealed__isnull=True)
    if last:
        # Not the moment of the seal: a sealer that was down for days has older events left than one seal holds.
        newest = SealedEvent.objects.filter(seal=last).aggregate(at=models.Max("event__at"))["at"]
        events = events.filter(at__gte=newest - LOOK_BACK)
    if connection.vendor == "postgresql":
        oldest_open = models.Func(
            function="pg_snapshot_xmin",
            template="pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
        )
        events = events.filter(transaction_id__lt=models.ExpressionWrapper(oldest_open, models.BigIntegerField()))
    return events
