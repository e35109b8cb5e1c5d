"""The audit trail: an event goes in with its deed, says what it says for ever, and is chained to those before it.

Tests that seal are serial: PostgreSQL counts the open transactions of the whole cluster, those of other tests too.
"""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError
from pytest_django import Settings

from tests import databases
from tests.vca.core.at_once import at_once, in_another_thread
from tests.world import NOW
from vca.core import access, audit
from vca.core.access import Actor
from vca.core.db import ONLY_ADDED_TO, TRAIL
from vca.core.models import AuditEvent, AuditSeal, Practice, SealedEvent
from vca.core.services import trail

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


def named() -> list[str]:
    """Return what verify_audit names."""
    return [str(one) for one in trail.altered()]


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
    assert list(AuditSeal.objects.order_by("pk").values_list("event_ids", flat=True)) == [events()[:3], events()[3:]]
    assert (sealed(), named()) == (events(), [])


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_sealer_that_was_down_for_days_catches_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SEAL_AT_MOST", 2)
    by = actor()
    for number in range(5):
        with time_machine.travel(NOW + timedelta(hours=number), tick=False):
            deed(by, number)

    taken = [audit.seal(NOW + timedelta(days=9)) for _ in range(4)]

    assert (taken, sealed(), named()) == ([2, 2, 1, 0], events(), [])


def events() -> list[int]:
    return list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))


DELETED, OUT = "event 2 was deleted", "event 2 was taken out of its seal"
LAST_SEAL = "(SELECT MAX(id) FROM core_auditseal)"
TAMPERINGS = {
    "other action": ("UPDATE core_auditevent SET action = 'practice.created' WHERE id = 2", "event 2 was changed"),
    "other changes": ("UPDATE core_auditevent SET changes = '{\"a\": 2}' WHERE id = 2", "event 2 was changed"),
    "other time": ("UPDATE core_auditevent SET at = '2020-01-01 00:00:00+00:00' WHERE id = 2", "event 2 was changed"),
    "other person": ("UPDATE core_auditevent SET acting_as = 'nobody' WHERE id = 2", "event 2 was changed"),
    "other subject": ("UPDATE core_auditevent SET subject_id = '9' WHERE id = 2", "event 2 was changed"),
    "hashed anew": ("UPDATE core_auditevent SET hash = 'x' WHERE id = 2", "event 2 was changed"),
    "deleted": ("DELETE FROM core_sealedevent WHERE event_id = 2; DELETE FROM core_auditevent WHERE id = 2", DELETED),
    "unsealed": ("DELETE FROM core_sealedevent WHERE event_id = 2", "event 2 was taken out of its seal"),
    "moved": (f"UPDATE core_sealedevent SET seal_id = {LAST_SEAL} WHERE event_id = 2", OUT),
    "swapped": (
        "UPDATE core_auditevent SET subject_id = CASE id WHEN 2 THEN '3' ELSE '2' END WHERE id IN (2, 3)",
        "event 2 was changed",
    ),
    "seal rehashed": (
        "UPDATE core_auditseal SET hash = 'x' WHERE id = 1",
        "seal 1 was changed, or what it holds of events 1 to 2",
    ),
    "seal with other ids": (
        "UPDATE core_auditseal SET event_ids = '[1]' WHERE id = 1",
        "seal 1 was changed, or what it holds of events 1 to 1",
    ),
    "end cut off": (
        "DELETE FROM core_sealedevent WHERE seal_id = 2; DELETE FROM core_auditseal WHERE id = 2; "
        "DELETE FROM core_auditevent WHERE id > 2",
        "event 4 was deleted with the end of the trail, from seal 2 on",
    ),
}


@pytest.fixture(autouse=True)
def anchors() -> Iterator[Path]:
    """The file of anchors, which every seal of the test writes to."""
    audit.anchors().unlink(missing_ok=True)
    yield audit.anchors()
    audit.anchors().unlink(missing_ok=True)


def sealed_in_pairs() -> None:
    """Four events in two seals that are hours apart."""
    by = actor()
    for number in range(1, 5):
        deed(by, number, a=1)
        if number % 2 == 0:
            audit.seal(NOW + timedelta(hours=number))


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_tampered_with_is_named(tampering: str, anchors: Path) -> None:
    sealed_in_pairs()
    whole, (statement, name) = named(), TAMPERINGS[tampering]

    as_owner(statement)

    assert (whole, named()[:1]) == ([], [name])


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_cut_off_end_would_not_be_found_without_anchors(anchors: Path) -> None:
    sealed_in_pairs()
    anchors.unlink()

    as_owner(TAMPERINGS["end cut off"][0])

    assert named() == []


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_command_names_what_was_altered_and_the_tail(anchors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed_in_pairs()
    deed(actor(), 5)
    call_command("verify_audit")
    before = capsys.readouterr().out.splitlines()
    as_owner(TAMPERINGS["other action"][0])

    with pytest.raises(SystemExit, match="1"):
        call_command("verify_audit")

    tail = "Not sealed yet: 1 event, 5 to 5."
    assert before == [tail, "Everything that is sealed is as it was written."]
    assert capsys.readouterr().out.splitlines() == ["ALTERED: event 2 was changed", tail]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_event_hidden_from_a_veteran_is_named(anchors: Path) -> None:
    with transaction.atomic():
        audit.record(by=actor(), action="practice.changed", subject="x", veterans=[7])
    whole = named()

    as_owner("DELETE FROM core_mention")

    assert (whole, named()) == ([], ["event 1 is found, or not, for Veteran 7 against what it says"])


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_hidden_event_is_named_in_whatever_part_it_lies(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "PART", 2)
    for veteran in range(1, 7):
        with transaction.atomic():
            audit.record(by=actor(), action="practice.changed", subject="x", veterans=[veteran])
    whole = named()

    as_owner("DELETE FROM core_mention WHERE veteran_id IN (1, 4, 6)")

    words = "is found, or not, for Veteran {0} against what it says"
    assert (whole, named()) == ([], [f"event {one} {words.format(one)}" for one in (1, 4, 6)])


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("torn", ["2024-", "x y z w v\n", "2024-04-11T10:00:00+00:00 x y z\n", "\n", "\xff\n"])
def test_torn_line_is_told_and_the_next_is_a_line_of_its_own(anchors: Path, torn: str) -> None:
    sealed_in_pairs()
    with anchors.open("ab") as file:
        file.write(torn.encode("latin-1"))
    os.utime(anchors, (NOW.timestamp(),) * 2)
    deed(actor(), 5)
    audit.seal(NOW + timedelta(hours=9))

    told = list(trail.remarks())
    whole = named()
    as_owner("DELETE FROM core_sealedevent WHERE seal_id = 3; DELETE FROM core_auditseal WHERE id = 3")

    assert told == ["Line 3 of the anchors cannot be read: it was torn, or somebody wrote into the file."]
    assert (whole, named()) == ([], ["event 5 was deleted with the end of the trail, from seal 3 on"])


CUT_OFF = TAMPERINGS["end cut off"][0]


def restored_at(moment: datetime, *, event: bool) -> None:
    """Leave what a restore leaves at that moment: the line, and the event of a practice."""
    with time_machine.travel(moment, tick=False), transaction.atomic():
        if event:
            audit.record(by=actor(), action="backup.restored", subject="backup")
        audit.anchor_restore(at=moment)


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_anchors_of_before_a_restore_are_explained_by_it(anchors: Path) -> None:
    sealed_in_pairs()
    as_owner(CUT_OFF)
    before = named()

    restored_at(NOW + timedelta(days=1), event=True)

    said = "up to seal 1; 1 anchor of the time before cannot be compared. Was that you?"
    assert (len(before), named()) == (1, [])
    assert [one.partition(", ")[2] for one in trail.remarks()] == [said]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_what_is_cut_off_after_a_restore_is_named(anchors: Path) -> None:
    sealed_in_pairs()
    restored_at(NOW + timedelta(days=1), event=True)
    deed(actor(), 6)
    audit.seal(NOW + timedelta(days=1, hours=1))

    as_owner("DELETE FROM core_sealedevent WHERE seal_id = 3; DELETE FROM core_auditseal WHERE id = 3")

    assert named() == ["event 6 was deleted with the end of the trail, from seal 3 on"]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_restore_that_the_trail_does_not_know_explains_nothing(anchors: Path) -> None:
    """Who can write the file of anchors alone, or has an old restore in the trail."""
    sealed_in_pairs()
    as_owner(CUT_OFF)
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        audit.record(by=actor(), action="backup.restored", subject="backup")

    restored_at(NOW + timedelta(days=1), event=False)

    assert named() == [
        "line 3 of the anchors tells of a restore, of which the trail has no event",
        "event 4 was deleted with the end of the trail, from seal 2 on",
    ]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_event_of_a_restore_alone_explains_nothing(anchors: Path) -> None:
    """Who can write the database alone."""
    sealed_in_pairs()
    as_owner(CUT_OFF)
    with transaction.atomic():
        audit.record(by=actor(), action="backup.restored", subject="backup")

    assert named() == ["event 4 was deleted with the end of the trail, from seal 2 on"]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_trail_is_anchored_once_an_hour(anchors: Path) -> None:
    by = actor()
    for minutes in (0, 59, 61):
        deed(by)
        audit.seal(NOW + timedelta(minutes=minutes))

    lines = [line.split()[1:] for line in anchors.read_text().splitlines()]
    rows = AuditSeal.objects.filter(pk__in=(1, 3)).order_by("pk")
    assert lines == [[str(one.pk), one.hash, str(one.event_ids[-1])] for one in rows]


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_trail_is_anchored_before_the_first_file_is_kept(settings: Settings, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "not" / "made"
    deed(actor())

    audit.seal(NOW)

    assert len(audit.anchors().read_text().splitlines()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", TRAIL)
@pytest.mark.parametrize("statement", ["UPDATE {table} SET id = id", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"])
def test_owner_may_only_add_to_the_trail_as_long_as_the_triggers_are_there(table: str, statement: str) -> None:
    sealed_in_pairs()
    with transaction.atomic():
        audit.record(by=actor(), action="practice.changed", subject="x", veterans=[7])
    statement = statement.format(table=table)
    if table == "core_sealedevent":
        statement = statement.replace("id = id", "hash = hash")
    if connection.vendor == "sqlite":
        statement = statement.replace("TRUNCATE", "DELETE FROM").removesuffix(" CASCADE")

    with databases.as_owner() as owner, owner.cursor() as cursor, pytest.raises(IntegrityError, match=ONLY_ADDED_TO):
        cursor.execute(statement)


def as_owner(statement: str) -> None:
    """Run statements as the owner of the tables, who can take the triggers away."""
    with databases.as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("BEGIN")
        with databases.unguarded(cursor):
            databases.run(cursor, statement.split("; "))
        cursor.execute("COMMIT")


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
@pytest.mark.parametrize("table", TRAIL)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"],
)
def test_application_may_only_add_to_the_trail(table: str, statement: str) -> None:
    column = {"core_sealedevent": "seal_id", "core_mention": "veteran_id"}.get(table, "hash")

    with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table, column=column))


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE core_job SET key = key", "DELETE FROM core_job"])
def test_application_may_change_what_is_no_trail(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

        assert cursor.rowcount == 0
