"""The audit trail: an event goes in with the deed, in its transaction; a sealer chains committed events afterwards.

Nothing waits for the chain: events carry their own hash, and the sealer takes only those whose transaction is older
than the oldest one still open. Source: 45 CFR 164.312(b), audit controls.
"""

import hashlib
import json
import logging
import os
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from vca.core import vocabulary
from vca.core.models import AuditEvent, AuditSeal, Mention, OfVeteran, SealedEvent
from vca.domain.errors import RuleError
from vca.domain.wording import lasting

FIRST_LINK = "0" * 64
VETERANS = "veterans"  # in the changes of an event: the ids of those whom it is about
SEAL_AT_MOST = 1000
RESTORED = "restored"  # begins the line of a restore in the file of anchors
LOOK_BACK = timedelta(days=1)
HOUR = ANCHOR_EVERY = timedelta(hours=1)
logger = logging.getLogger(__name__)


class NotRecorded(RuleError):
    """The audit trail cannot be written: nothing is done, and nothing is shown."""

    code = "AUDIT-01"


class TooOften(RuleError):
    """Somebody has done it so often within an hour that it looks like carrying everything away."""

    code = "ACCESS-14"


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
    veterans: Iterable[int] = (),
) -> None:
    """Write one event in the running transaction. ``changes`` holds names of fields and ids, no health data.

    ``veterans`` are the ids of those whom it is about, where the subject does not say so itself. Raises KeyError for an
    undeclared action, NotRecorded, TooOften, and TransactionManagementError outside a transaction: a deed and its event
    stand or fall together.
    """
    vocabulary.words(vocabulary.Family.AUDIT, action)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an audit event belongs into the transaction of its deed")
    kind, subject_id = _name(subject)
    named = sorted({*veterans, *_veteran_of(subject)})
    event = AuditEvent(
        practice_id=by.practice_id,
        user_id=by.user_id,
        acting_as=by.acting_as,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        changes=(changes or {}) | ({VETERANS: named} if named else {}) | _why(by, changes or {}),
        at=timezone.now(),
    )
    event.hash = digest(event)
    event.transaction_id = CurrentTransaction()  # an expression, which the INSERT evaluates
    try:
        _refuse_too_often(event)
        event.save(force_insert=True)
        Mention.objects.bulk_create(mentions(event))
    except DatabaseError as fault:
        raise NotRecorded from fault


def _refuse_too_often(event: AuditEvent) -> None:
    """Raise TooOften when the person has as many such events within the hour as are allowed. Jobs are not counted."""
    most = vocabulary.hourly().get(event.action, 0)
    if not most or event.user_id is None or event.acting_as.startswith("job "):
        return
    about = {"practice_id": event.practice_id, "user_id": event.user_id, "action": event.action}
    within_an_hour = AuditEvent.objects.filter(**about, at__gt=event.at - HOUR).order_by("-at")
    for first in within_an_hour.values_list("at", flat=True)[most - 1 : most]:
        raise TooOften(f"this was done {most} times within an hour; wait {lasting(first + HOUR - event.at)}")


def read(*, by: By, what: str, where: str, veterans: Collection[int], address: str) -> None:
    """Record whose data was shown to whom: all of them, so that each Veteran's report is whole; in its own commit.

    ``what`` is page.read or api.read, ``where`` the route and the id in its address. Raises NotRecorded, TooOften.
    """
    try:
        with transaction.atomic():
            record(by=by, action=what, subject=where, changes={"from": address}, veterans=veterans)
    except DatabaseError as fault:
        raise NotRecorded from fault


def mentions(event: AuditEvent) -> list[Mention]:
    """Return the rows by which an event is found: one for each Veteran whom it names."""
    named: list[int] = event.changes.get(VETERANS, [])
    practice_id: Any = event.practice_id  # a Veteran is of a practice, and so is what names one
    return [Mention(event=event, practice_id=practice_id, veteran_id=one) for one in named]


def _why(by: By, changes: dict[str, Any]) -> dict[str, str]:
    """Return the reason for which emergency access is open, where the deed has none of its own."""
    reason = getattr(by, "reason", "")
    return {"reason": reason} if reason and "reason" not in changes else {}


def _veteran_of(subject: models.Model | str) -> Iterable[int]:
    return filter(None, [subject.its_veteran]) if isinstance(subject, OfVeteran) else ()


def _name(subject: models.Model | str) -> tuple[str, str]:
    """Return the kind and id of a row, or of what a text names: ``kind id``, or a kind alone."""
    if isinstance(subject, str):
        kind, _, subject_id = subject.partition(" ")
        return kind, subject_id
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
        hash=chain(previous, [(event.pk, event.hash) for event in events]),
        event_ids=[event.pk for event in events],
        sealed_at=now,
    )
    SealedEvent.objects.bulk_create(SealedEvent(event=event, seal=link, hash=event.hash) for event in events)
    transaction.on_commit(partial(anchor, link))
    return len(events)


def chain(previous: str, events: Iterable[tuple[int, str]]) -> str:
    """Return the hash of a link over the one before it, and the id and hash of each of its events in order of id."""
    return hashlib.sha256("\n".join([previous, *(f"{pk} {hash_}" for pk, hash_ in events)]).encode()).hexdigest()


def anchors() -> Path:
    """Return the file outside of the database that names the seals that there were, one in a line."""
    return settings.DOCUMENTS_DIR / "audit-anchors"


def anchor(link: AuditSeal) -> None:
    """Say in the log, and at most once an hour in the file of anchors, up to where the trail was sealed.

    Whoever deletes the end of the trail, seals and all, would have to change these too. A file that cannot be written
    is an error in the log and stops nobody.
    """
    line = f"{link.sealed_at.isoformat()} {link.pk} {link.hash} {link.event_ids[-1]}"
    logger.info("audit trail sealed: %s", line)
    try:
        anchors().parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # else made with the first file that is kept
        last = anchors().stat().st_mtime if anchors().exists() else 0.0
        if link.sealed_at.timestamp() - last >= ANCHOR_EVERY.total_seconds():
            _add_line(line)
            os.utime(anchors(), (link.sealed_at.timestamp(),) * 2)
    except OSError as fault:
        logger.error("the audit trail could not be anchored: %s", type(fault).__name__)


def anchor_restore(*, at: datetime) -> None:
    """Say in the file of anchors that the rows came from a backup, up to which seal; raises OSError.

    Lines before it may name seals that this database never had.
    """
    last = AuditSeal.objects.order_by("-pk").first()
    anchors().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _add_line(f"{RESTORED} {at.isoformat()} {last.pk if last else 0} {last.hash if last else FIRST_LINK}")
    os.utime(anchors(), (at.timestamp(),) * 2)


def _add_line(line: str) -> None:
    """Add a line of its own, also after one that a power cut has torn."""
    with anchors().open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(f"{line}\n".encode())


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
