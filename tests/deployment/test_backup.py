"""A backup restored into an empty place: the same rows and the same bytes, on either database, from either."""

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from gzip import decompress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from billing.models import ControlNumbers
from tests import world
from tests.deployment import places
from tests.deployment.places import Installation
from tests.world import World
from vca.core import documents
from vca.core.management.commands import backup as backup_command
from vca.core.models import AuditEvent, Document
from vca.core.services import backups
from vca.core.services.archive import Reader
from vca.demo.seed import seed

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

LETTER = "va_referral_list"
NOW = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)
OTHERWISE = ("core_auditevent", "billing_controlnumbers")  # a restore adds an event, and leaves a gap of numbers


@pytest.fixture(autouse=True)
def as_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as a test does, who sees everything too: the owner's connection is closed to tests, not to processes."""
    monkeypatch.setattr(backups, "owner", lambda: "default")


@pytest.fixture
def clinic(documents_dir: Path) -> World:
    """A practice with a kept file."""
    place = world.practice()
    with transaction.atomic():
        documents.keep(b"a letter", kind=LETTER, filename="a.json", media_type="application/json", by=place.by)
    return place


def content(archive: bytes) -> dict[str, Any]:
    """Return the members of an archive; the parts of a table as its rows."""
    found: dict[str, Any] = {}
    with tarfile.open(mode="r|", fileobj=Reader(io.BytesIO(archive))) as tar:
        for member in tar:
            raw = tar.extractfile(member).read()  # type: ignore[union-attr]
            kind, _, name = member.name.partition("/")
            if kind == "tables":
                found.setdefault(name.partition("/")[0], []).extend(
                    json.loads(one) for one in decompress(raw).splitlines()
                )
            else:
                found[member.name] = raw
    return found


def backed_up() -> bytes:
    file = io.BytesIO()
    backups.back_up(file, at=NOW, alias="default")
    return file.getvalue()


@contextmanager
def every_kind(folder: Path) -> Iterator[list[Installation]]:
    """Have an empty installation of each kind that this machine offers."""
    sqlite = places.on_sqlite(folder / "sqlite")
    if connections["default"].vendor != "postgresql":
        yield [sqlite]
        return
    with places.on_postgresql(folder / "postgresql") as postgresql:
        yield [sqlite, postgresql]


GOES_ON = """
import json
from django.utils import timezone
from billing.models import ControlNumbers
from vca.core import audit
from vca.core.isolation import within
from vca.core.models import AuditEvent, Practice
numbers = []
for practice in Practice.objects.order_by("pk"):
    with within(practice.pk):
        mine = ControlNumbers.objects.filter(practice=practice)
        numbers += mine.order_by("pk").values_list("pk", "interchange", "group", "claim")
while audit.seal(timezone.now()):
    pass
row = Practice.objects.create(code="new", name="New")
print(json.dumps([row.pk, AuditEvent.objects.filter(sealed=None).count(), sorted(numbers)]))
"""


def test_backup_restored_elsewhere_is_the_same_and_goes_on(documents_dir: Path, tmp_path: Path) -> None:
    practices = seed(now=timezone.now())
    first = tmp_path / "first.backup"
    first.write_bytes(backed_up())
    before = content(first.read_bytes())
    with every_kind(tmp_path) as installations:
        for there in installations:
            succeed(there, "restore", str(first))
            succeed(there, "backup", str(there.folder / "again"), "--without-keys")
            assert_same(before, content((there.folder / "again").read_bytes()))
            went_on = json.loads(succeed(there, "shell", "--no-imports", "--command", GOES_ON))
            assert went_on == [max(one.pk for one in practices) + 1, 0, numbers_after_a_gap()]


def succeed(there: Installation, *command: str) -> str:
    done = there.manage(*command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert differing == {*OTHERWISE, "end.json"}
    events = before["core_auditevent"]
    assert without_transaction(after["core_auditevent"][: len(events)]) == without_transaction(events)


def without_transaction(events: list[list[Any]]) -> list[list[Any]]:
    """Leave out the number of the transaction, which means nothing in another cluster."""
    at = [one.attname for one in AuditEvent._meta.concrete_fields].index("transaction_id")
    return [row[:at] + row[at + 1 :] for row in events]


def numbers_after_a_gap() -> list[list[int]]:
    rows = ControlNumbers.objects.order_by("pk").values_list("pk", "interchange", "group", "claim")
    return [[pk, *(number + 10_000 for number in numbers)] for pk, *numbers in rows]


def test_restore_adds_to_nothing(clinic: World, tmp_path: Path) -> None:
    archive = tmp_path / "first.backup"
    archive.write_bytes(backed_up())
    there = places.on_sqlite(tmp_path / "there")
    assert there.manage("restore", str(archive)).returncode == 0
    again = there.manage("restore", str(archive))
    assert (again.returncode, again.stderr.strip()) == (
        1,
        "CommandError: Nothing was restored: there are people or practices here; restore into an empty database.",
    )


def test_restore_of_a_damaged_file_leaves_the_place_empty(clinic: World, tmp_path: Path) -> None:
    archive = tmp_path / "first.backup"
    archive.write_bytes(backed_up()[:-40])
    there = places.on_sqlite(tmp_path / "there")
    done = there.manage("restore", str(archive))
    assert done.returncode == 1
    assert "of this backup is damaged, or its end is missing" in done.stderr
    archive.write_bytes(backed_up())
    assert there.manage("restore", str(archive)).returncode == 0


def test_backup_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "schema", lambda alias: ["core.0000_older"])
    archive = tmp_path / "first.backup"
    archive.write_bytes(backed_up())
    done = places.on_sqlite(tmp_path / "there").manage("restore", str(archive))
    assert done.returncode == 1
    assert "made by another version of the product. Restore it with that version, then upgrade" in done.stderr


def test_backup_with_a_kept_file_missing_is_not_made(clinic: World, documents_dir: Path, tmp_path: Path) -> None:
    document = Document.objects.order_by("pk")[0]
    path = documents.path(document)
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(backup_command.CommandError, match="No backup was made"):
        call_command("backup", str(tmp_path / "a.backup"), "--without-keys")
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(kept)


def test_backup_writes_over_nothing_and_keeps_keys_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("backup", str(tmp_path / "a.backup"), "--keys-to", str(tmp_path / "a.keys"))
    assert sorted((one.name, oct(one.stat().st_mode)) for one in tmp_path.iterdir()) == [
        ("a.backup", "0o100600"),
        ("a.keys", "0o100600"),
    ]
    assert "keep the two apart" in capsys.readouterr().err
    with pytest.raises(backup_command.CommandError, match="is there already"):
        call_command("backup", str(tmp_path / "a.backup"), "--without-keys")


def test_backup_goes_through_pipes(clinic: World, tmp_path: Path) -> None:
    """As out of one container and into another."""
    source = places.on_sqlite(tmp_path / "source")
    first = tmp_path / "first.backup"
    first.write_bytes(backed_up())
    succeed(source, "restore", str(first))
    piped = source.manage("backup", "-", "--without-keys", text=False)
    there = places.on_sqlite(tmp_path / "there")
    assert there.manage("restore", "-", text=False, input=piped.stdout).returncode == 0
    assert content(piped.stdout)["core_practice"] == content(first.read_bytes())["core_practice"]


def test_backup_shows_nothing_without_a_key(clinic: World) -> None:
    assert b"harbor" not in backed_up().lower()
