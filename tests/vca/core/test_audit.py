"""The audit trail: an event goes in with its deed, says what it says for ever, and is chained to those before it.

Tests that seal are serial: PostgreSQL counts the open transactions of the whole cluster, those of other tests too.
"""

from contextlib import closing
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import ProgrammingError, connection, connections, transaction
from django.db.transaction import TransactionManagementError

from tests import databases
from tests.vca.core.at_once import at_once, in_another_thread
from tests.world import NOW
from vca.core import access, audit
from vca.core.access import Actor
from vca.core.models import AuditEvent, AuditSeal, Practice, SealedEvent

pytestmark = pytest.mark.both


@pytest.fixture
def by(db: None) -> Actor:
    return actor()


def actor() -> Actor:
    practice, _ = Practice.objects.get_or_create(code="harbor", defaults={"name": "Harbor"})
    return access.acting_for(practice, what="test")


def deed(by: Actor, number: int = 1, **changes: Any) -> None:
    with transaction.atomic():
        audit.record(by=by, action="practice.changed", subject=f"deed {number}", changes=changes)


def broken_links() -> list[int]:
    """Return the ids of seals that do not follow from the one before and the events they hold, as they are now."""
    broken, previous = [], audit.FIRST_LINK
    for seal in AuditSeal.objects.order_by("pk"):
        events = list(AuditEvent.objects.filter(sealed__seal=seal).order_by("pk"))
        for event in events:
            event.hash = audit.digest(event)
        if (seal.previous_hash, seal.hash, seal.events) != (previous, audit.chain(previous, events), len(events)):
            broken.append(seal.pk)
        previous = seal.hash
    return broken


def sealed() -> list[int]:
    return list(SealedEvent.objects.order_by("pk").values_list("pk", flat=True))


def test_event_says_who_did_what_to_which_thing(by: Actor) -> None:
    practice = Practice.objects.get()

    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        audit.record(by=by, action="practice.changed", subject=practice, changes={"fields": ["npi"]})

    said = ("practice_id", "user_id", "acting_as", "action", "subject_kind", "subject_id", "changes", "at")
    assert AuditEvent.objects.values_list(*said).get() == (
        *(practice.pk, None, "test", "practice.changed", "practice", str(practice.pk)),
        *({"fields": ["npi"]}, NOW),
    )


def test_undeclared_action_is_refused(by: Actor) -> None:
    with pytest.raises(KeyError, match=r"practice\.chnaged"), transaction.atomic():
        audit.record(by=by, action="practice.chnaged", subject="x")

    assert AuditEvent.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError, match="belongs into the transaction of its deed"):
        audit.record(by=actor(), action="practice.changed", subject="x")

    assert AuditEvent.objects.count() == 0


def test_event_goes_back_with_its_deed(by: Actor) -> None:
    with transaction.atomic():
        deed(by)
        transaction.set_rollback(True)

    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("changes", [{}, {"b": 1, "a": [1, "é", None]}, {"nested": {"z": True, "y": "2024-04-11"}}])
def test_event_from_the_database_has_the_digest_it_was_written_with(by: Actor, changes: dict[str, Any]) -> None:
    deed(by, **changes)

    event = AuditEvent.objects.get()

    assert audit.digest(event) == event.hash


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("practice_id", None),
        ("user_id", 7),
        ("acting_as", "somebody"),
        ("action", "practice.created"),
        ("subject_kind", "claim"),
        ("subject_id", "7"),
        ("changes", {"fields": ["npi"]}),
        ("at", NOW),
    ],
)
def test_digest_tells_any_change_of_an_event(by: Actor, field: str, value: Any) -> None:
    deed(by)
    event = AuditEvent.objects.get()

    setattr(event, field, value)

    assert audit.digest(event) != event.hash


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_seals_chain_events_in_their_order() -> None:
    by = actor()
    for number in range(3):
        deed(by, number)
    first = audit.seal(NOW)
    deed(by, 3)

    second = audit.seal(NOW)

    assert (first, second, audit.seal(NOW)) == (3, 1, 0)
    assert list(AuditSeal.objects.order_by("pk").values_list("events", flat=True)) == [3, 1]
    assert (sealed(), broken_links()) == (events(), [])


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_sealer_that_was_down_for_days_catches_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SEAL_AT_MOST", 2)
    by = actor()
    for number in range(5):
        with time_machine.travel(NOW + timedelta(hours=number), tick=False):
            deed(by, number)

    taken = [audit.seal(NOW + timedelta(days=9)) for _ in range(4)]

    assert (taken, sealed(), broken_links()) == ([2, 2, 1, 0], events(), [])


def events() -> list[int]:
    return list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))


TAMPERINGS = {
    "other action": "UPDATE core_auditevent SET action = 'practice.created' WHERE id = {second}",
    "other changes": "UPDATE core_auditevent SET changes = '{{\"a\": 2}}' WHERE id = {second}",
    "other time": "UPDATE core_auditevent SET at = '2020-01-01 00:00:00+00:00' WHERE id = {second}",
    "other person": "UPDATE core_auditevent SET acting_as = 'nobody' WHERE id = {second}",
    "other subject": "UPDATE core_auditevent SET subject_id = '9' WHERE id = {second}",
    "removed": "DELETE FROM core_sealedevent WHERE event_id = {second}",
    "moved": "UPDATE core_sealedevent SET seal_id = (SELECT MAX(id) FROM core_auditseal) WHERE event_id = {second}",
    "other seal": "UPDATE core_auditseal SET hash = 'x' WHERE id = (SELECT MIN(id) FROM core_auditseal)",
}


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_breaks_the_chain(tampering: str) -> None:
    by = actor()
    for number in range(4):
        deed(by, number, a=1)
        if number % 2:
            audit.seal(NOW)
    whole = broken_links()

    as_owner(TAMPERINGS[tampering].format(second=events()[1]))

    assert (whole, broken_links()[:1]) == ([], [AuditSeal.objects.order_by("pk")[0].pk])


def as_owner(statement: str) -> int:
    """Run a statement as the owner of the tables, whom no grant binds; return the number of rows it changed."""
    with closing(connections[databases.owner_alias()].copy("tampering")) as owner, owner.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


@pytest.mark.serial
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_sealers_at_once_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    both_have_read, chain = Barrier(2), audit.chain
    monkeypatch.setattr(audit, "chain", lambda *read: (both_have_read.wait(), chain(*read))[1])
    by = actor()
    for number in range(3):
        deed(by, number)

    taken = at_once(partial(audit.seal, NOW), partial(audit.seal, NOW))

    assert (sorted(taken), AuditSeal.objects.count(), sealed()) == ([0, 3], 1, events())


@pytest.mark.serial
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_events_of_an_open_transaction_are_left_for_the_next_seal() -> None:
    by = actor()
    with transaction.atomic():
        audit.record(by=by, action="practice.changed", subject="open")
        in_another_thread(partial(deed, by))
        while_open = in_another_thread(partial(audit.seal, NOW))

    after = audit.seal(NOW)

    assert (while_open, after, sealed()) == (0, 2, events())


@pytest.mark.serial
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_event_would_be_chained_before_one_below_it_if_open_transactions_did_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "_settled", lambda last: AuditEvent.objects.filter(sealed__isnull=True))
    by = actor()
    with transaction.atomic():
        audit.record(by=by, action="practice.changed", subject="open")
        in_another_thread(partial(deed, by))
        in_another_thread(partial(audit.seal, NOW))

    audit.seal(NOW)

    assert list(SealedEvent.objects.order_by("seal").values_list("pk", flat=True)) == events()[::-1]


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("table", ["core_auditevent", "core_auditseal", "core_sealedevent"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"],
)
def test_application_may_only_add_to_the_trail(table: str, statement: str) -> None:
    column = "seal_id" if table == "core_sealedevent" else "hash"

    with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table, column=column))


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE core_job SET key = key", "DELETE FROM core_job"])
def test_application_may_change_what_is_no_trail(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

        assert cursor.rowcount == 0
