"""A backup is proven by restoring it: what does not come back whole, or does not open, proves nothing."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from referrals.models import VeteranFacts
from tests import world
from tests.deployment import places
from tests.world import NOW, World
from vca.core import documents
from vca.core.models import AuditEvent, BackupDeed, BackupRun, Practice
from vca.core.services import backups, restorable
from vca.core.services.archive import Unreadable
from vca.core.services.restorable import NotRestorable
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

ICN = "1012999999V654321"


@pytest.fixture(autouse=True)
def as_the_tests(
    transactional_db: None,
    django_db_blocker: Any,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """Read as a test does, who sees everything too, and keep files apart from those of other tests."""
    monkeypatch.setattr(backups, "owner", lambda: "default")
    # Django forbids a test every connection that its settings did not name when it began.
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", django_db_blocker._real_ensure_connection)
    settings.DOCUMENTS_DIR = tmp_path / "documents"


@pytest.fixture
def clinic() -> World:
    """A practice with a Veteran and a kept file."""
    one = world.practice()
    world.receive(one, icn=ICN)
    with transaction.atomic():
        documents.keep(b"a letter", kind="va_notice", filename="a.json", media_type="text/json", by=one.by)
    return one


def backed_up() -> io.BytesIO:
    file = io.BytesIO()
    backups.back_up(file, at=NOW, alias="default")
    return io.BytesIO(file.getvalue())


def runs() -> list[tuple[str, datetime]]:
    return list(BackupRun.objects.order_by("pk").values_list("deed", "at"))


def test_whole_backup_is_proven_and_recorded(clinic: World) -> None:
    archive, later = backed_up(), NOW + timedelta(hours=1)

    summary = restorable.prove(archive, at=later)

    assert runs() == [("MADE", NOW), ("PROVEN", later)]
    assert (summary.rows["referrals_veteranfacts"], summary.files) == (1, 2)
    assert AuditEvent.objects.filter(practice=clinic.practice, action="backup.proven").count() == 1


def test_proof_leaves_nothing_behind(clinic: World, tmp_path: Path) -> None:
    archive = backed_up()
    before = sorted(tmp_path.rglob("*"))

    restorable.prove(archive, at=NOW)

    assert (sorted(tmp_path.rglob("*")), restorable.ALIAS in connections.databases) == (before, False)


def test_empty_installation_can_be_proven() -> None:
    restorable.prove(backed_up(), at=NOW)

    assert [deed for deed, _ in runs()] == ["MADE", "PROVEN"]


def lose_a_row(lines: bytes) -> bytes:
    return b"\n".join(lines.splitlines()[1:])


def change_a_name(lines: bytes) -> bytes:
    return lines.replace(b'"Alex"', b'"Alec"')


@pytest.mark.parametrize(
    ("harm", "refusal", "said"),
    [
        (lose_a_row, Unreadable, "does not hold what it says"),
        (change_a_name, NotRestorable, "what was restored differs in: referrals_veteranfacts"),
    ],
)
def test_restore_that_loses_or_changes_something_proves_nothing(
    clinic: World, harm: Callable[[bytes], bytes], refusal: type[Exception], said: str
) -> None:
    archive, insert = backed_up(), backups._insert

    def insert_harmed(model: type, lines: bytes, alias: str) -> int:
        return insert(model, harm(lines) if model is VeteranFacts else lines, alias)

    with patch.object(backups, "_insert", insert_harmed), pytest.raises(refusal, match=said):
        restorable.prove(archive, at=NOW)

    assert [deed for deed, _ in runs()] == ["MADE"]


def test_file_that_does_not_open_proves_nothing(clinic: World) -> None:
    path = next(documents.kept_files(clinic.practice.pk))
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(NotRestorable, match="does not open"):
        restorable.prove(backed_up(), at=NOW)


def test_value_that_does_not_open_proves_nothing(clinic: World) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE referrals_veteranfacts SET icn = 'lost:AAAA'")

    with pytest.raises(NotRestorable, match=r"referrals_veteranfacts\.icn of .* does not open: .*'lost'"):
        restorable.prove(backed_up(), at=NOW)


def test_damaged_backup_proves_nothing(clinic: World) -> None:
    archive = io.BytesIO(backed_up().getvalue()[:-40])

    with pytest.raises(Unreadable, match="damaged"):
        restorable.prove(archive, at=NOW)


def test_backup_of_another_installation_proves_nothing(clinic: World) -> None:
    with patch.object(BackupRun.objects, "create"):
        archive = backed_up()

    with pytest.raises(NotRestorable, match="not made by this installation"):
        restorable.prove(archive, at=NOW)


def test_command_says_what_was_compared(clinic: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("backup", str(tmp_path / "a.backup"), "--without-keys")

    call_command("prove_backup", str(tmp_path / "a.backup"))

    assert capsys.readouterr().out.startswith("Proven: ")
    with pytest.raises(CommandError, match=r"Nothing is proven: this is not a backup of this product\."):
        call_command("prove_backup", __file__)


@pytest.mark.postgres
def test_backup_is_proven_in_another_database(clinic: World, tmp_path: Path) -> None:
    archive = backed_up()
    with places.on_postgresql(tmp_path / "there") as there:
        summary = restorable.prove(archive, at=NOW, into=there.environment["DATABASE_OWNER_URL"])

    assert summary.rows["referrals_veteranfacts"] == 1


@pytest.fixture
def real() -> Practice:
    """A practice of real people, without what real people's data asks of who signs in."""
    one = world.practice()
    Practice.objects.update(test_data=False)
    return one.practice


@pytest.mark.parametrize(
    ("age", "warned"), [(None, True), (timedelta(hours=47), False), (timedelta(days=2, minutes=1), True)]
)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.NURSE])
def test_today_warns_administrators_of_an_old_backup(
    real: Practice, age: timedelta | None, warned: bool, role: Role
) -> None:
    one = World(real, real.locations.get(), real.clinicians.get(), world.access.acting_for(real, what="test"))
    if age:
        BackupRun.objects.create(deed=BackupDeed.MADE, archive="a", rows=1, files=1, at=timezone.now() - age)
    client = Client()
    client.force_login(world.person(one, role))

    page = client.get(reverse("today")).text

    assert ("./run manage backup" in page) is (warned and role == Role.ADMINISTRATOR)


def test_today_does_not_warn_of_test_data() -> None:
    client = Client()
    client.force_login(world.person(world.practice(), Role.ADMINISTRATOR))

    assert "./run manage backup" not in client.get(reverse("today")).text
