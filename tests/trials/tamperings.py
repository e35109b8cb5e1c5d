"""Somebody who owns the tables alters the audit trail in a way of fifty: verify_audit names the first altered row.

Each control looks as is often done, at the hash that stands beside each event, with no seal and no anchor.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from tests import databases, world
from tests.trials.registry import Outcome, trial
from tests.world import NOW
from vca.core import audit
from vca.core.models import AuditEvent, AuditSeal
from vca.core.services import trail

ROWS, ROWS_IN_CI = 100_000, 3_000
WHOLE = 50  # from so many trials on, in all rows
KEYS = {"core_auditevent": "id", "core_sealedevent": "event_id", "core_auditseal": "id"}


@dataclass(frozen=True, slots=True)
class Tampering:
    """Statements, the rows of each table that they touch, and what must be named first."""

    statements: tuple[str, ...]
    touched: dict[str, list[int]]
    named: str


def changed(event: int, statement: str, *, others: tuple[int, ...] = ()) -> Tampering:
    rows = f"UPDATE core_auditevent SET {statement} WHERE id IN ({', '.join(map(str, (event, *others)))})"
    return Tampering((rows,), {"core_auditevent": [event, *others]}, f"event {event} was changed")


def rehashed(event: int, _: Random) -> Tampering:
    """Change an event and its own hash, as whoever knows how it is made would."""
    row = AuditEvent.objects.get(pk=event)
    row.subject_id = "altered"
    return changed(event, f"subject_id = 'altered', hash = '{audit.digest(row)}'")


def retimed(event: int, random: Random) -> Tampering:
    later = (NOW + timedelta(days=random.randint(400, 900))).isoformat(sep=" ")
    return changed(event, f"at = '{later}'")


def swapped(event: int, _: Random) -> Tampering:
    """Let two events say what the other said."""
    one, other = (f"(SELECT subject_id FROM core_auditevent WHERE id = {pk})" for pk in (event, event + 1))
    return changed(event, f"subject_id = CASE id WHEN {event} THEN {other} ELSE {one} END", others=(event + 1,))


def deleted(event: int, _: Random) -> Tampering:
    tables = ("core_sealedevent", "core_auditevent")
    statements = [f"DELETE FROM {table} WHERE {KEYS[table]} = {event}" for table in tables]
    touched = {"core_auditevent": [event], "core_sealedevent": [event]}
    return Tampering(tuple(statements), touched, f"event {event} was deleted")


def cut_off(_: int, __: Random) -> Tampering:
    """Delete the last seal and all that it held."""
    seal = AuditSeal.objects.latest("pk")
    among = ", ".join(map(str, seal.event_ids))
    statements = (
        f"DELETE FROM core_sealedevent WHERE seal_id = {seal.pk}",
        f"DELETE FROM core_auditseal WHERE id = {seal.pk}",
        f"DELETE FROM core_auditevent WHERE id IN ({among})",
    )
    touched = {"core_auditevent": seal.event_ids, "core_sealedevent": seal.event_ids, "core_auditseal": [seal.pk]}
    named = f"event {seal.event_ids[-1]} was deleted with the end of the trail, from seal {seal.pk} on"
    return Tampering(statements, touched, named)


def seal_changed(event: int, _: Random) -> Tampering:
    seal = AuditSeal.objects.get(sealed_events=event)
    named = f"seal {seal.pk} was changed, or what it holds of events {seal.event_ids[0]} to {seal.event_ids[-1]}"
    statement = f"UPDATE core_auditseal SET hash = '{'0' * 64}' WHERE id = {seal.pk}"
    return Tampering((statement,), {"core_auditseal": [seal.pk]}, named)


KINDS: tuple[Callable[[int, Random], Tampering], ...] = (
    *(lambda event, _: changed(event, "acting_as = 'nobody'"), rehashed, retimed, swapped, deleted, cut_off),
    seal_changed,
)


def fill(number: int) -> None:
    """Write events, and seal and anchor them all."""
    databases.empty()
    audit.anchors().unlink(missing_ok=True)
    harbor = world.practice()
    common = {"practice": harbor.practice, "acting_as": "test", "action": "practice.changed", "transaction_id": 0}
    events, begun = [], timezone.now()
    for one in range(number):
        at = begun + timedelta(milliseconds=one)
        event = AuditEvent(**common, subject_kind="trial", subject_id=str(one), changes={"number": one}, at=at)
        event.hash = audit.digest(event)
        events.append(event)
    AuditEvent.objects.bulk_create(events, batch_size=1000)
    hours = 1
    while audit.seal(begun + timedelta(hours=hours)):
        hours += 1


def save(cursor: CursorWrapper, touched: dict[str, list[int]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return rows as they stand, with JSON as text."""
    kept = {}
    for table, ids in touched.items():
        columns = ", ".join(f"CAST({name} AS text)" for name in names(cursor, table))
        cursor.execute(f"SELECT {columns} FROM {table} WHERE {KEYS[table]} IN ({', '.join(map(str, ids))})")
        kept[table] = cursor.fetchall()
    return kept


def names(cursor: CursorWrapper, table: str) -> list[str]:
    return [one.name for one in cursor.db.introspection.get_table_description(cursor, table)]


def types(cursor: CursorWrapper, table: str) -> list[str]:
    cursor.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [table],
    )
    return [one for (one,) in cursor.fetchall()]


def put_back(cursor: CursorWrapper, kept: dict[str, list[tuple[Any, ...]]], touched: dict[str, list[int]]) -> None:
    """Leave the rows as they were."""
    for table in ("core_sealedevent", "core_auditseal", "core_auditevent"):
        if table in kept:
            cursor.execute(f"DELETE FROM {table} WHERE {KEYS[table]} IN ({', '.join(map(str, touched[table]))})")
    for table in ("core_auditevent", "core_auditseal", "core_sealedevent"):
        places = ", ".join(f"%s::{kind}" for kind in types(cursor, table))
        cursor.executemany(f"INSERT INTO {table} VALUES ({places})", kept.get(table, []))


def tampered(tampering: Tampering) -> tuple[bool, bool]:
    """Alter rows and put them back; tell whether verify_audit names the first, and whether plain hashes miss it."""
    with databases.as_owner() as owner, closing(owner.cursor()) as cursor:
        with altering(cursor):
            kept = save(cursor, tampering.touched)
            databases.run(cursor, list(tampering.statements))
        first = [str(one) for one in islice(trail.altered(), 1)]
        missed = all(audit.digest(one) == one.hash for one in AuditEvent.objects.iterator())
        with altering(cursor):
            put_back(cursor, kept, tampering.touched)
    if first != [tampering.named]:
        print(f"{tampering.named!r} was wanted, {first} was named", file=sys.stderr)
    return first == [tampering.named], missed


@contextmanager
def altering(cursor: CursorWrapper) -> Iterator[None]:
    cursor.execute("BEGIN")
    with databases.unguarded(cursor):
        yield
    cursor.execute("COMMIT")


@trial(
    "audit-tamperings",
    full=50,
    ci=14,
    claim="One of 100,000 audit rows is changed, hashed anew, re-timed, swapped, deleted or cut off: it is named",
)
def audit_tamperings(n: int, *, start: int) -> Iterator[Outcome]:
    """The control looks at each event's own hash alone."""
    number_of_rows = ROWS if n >= WHOLE else ROWS_IN_CI
    fill(number_of_rows)
    for number in range(start, n):
        random = Random(number)
        event = random.randint(1, number_of_rows - 1)
        first = AuditEvent.objects.order_by("pk").values_list("pk", flat=True)[event - 1 : event + 1]
        named, missed = tampered(KINDS[number % len(KINDS)](first[0], random))
        yield Outcome(named, missed if KINDS[number % len(KINDS)] in (rehashed, deleted, cut_off) else None)
    databases.empty()
