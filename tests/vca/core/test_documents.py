"""Documents: the same bytes are one, nobody reads them on the disk, and a crash leaves nothing half."""

import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.models import PrintedClaim
from tests import world
from tests.vca.core.at_once import at_once
from tests.world import World
from vca.core import crypto, documents, jobs
from vca.core.crypto import SealBroken
from vca.core.models import Document, Job

pytestmark = [pytest.mark.django_db, pytest.mark.both]

CONTENT = b"ISA*00*Sample, Alex~"


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    return tmp_path / "documents"


def kept(one: World, content: bytes = CONTENT, *, kind: str = "claims_837p", filename: str = "1.837") -> Document:
    return documents.keep(content, kind=kind, filename=filename, media_type="application/edi-x12", by=one.by)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("content", [CONTENT, b"", bytes(range(256)) * 4000])
def test_bytes_come_back_as_they_were_kept(harbor: World, content: bytes) -> None:
    document = kept(harbor, content)

    assert (documents.read(document), document.size) == (content, len(content))


def test_same_bytes_are_one_document(harbor: World, folder: Path) -> None:
    first, again = kept(harbor), kept(harbor, filename="other.837")

    assert (again, again.filename, len(files(folder))) == (first, "1.837", 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_same_bytes_at_once_are_one_document(harbor: World, folder: Path) -> None:
    found = at_once(*[partial(kept, harbor)] * 8)

    assert ({document.pk for document in found}, len(files(folder))) == ({Document.objects.get().pk}, 1)


def test_same_bytes_are_another_document_of_another_practice_or_kind(harbor: World, folder: Path) -> None:
    lake = world.practice("lake")

    found = [kept(harbor), kept(lake), kept(harbor, kind="va_referral_list")]

    assert (len({document.pk for document in found}), len(files(folder))) == (3, 3)


def test_undeclared_kind_is_refused(harbor: World, folder: Path) -> None:
    with pytest.raises(KeyError, match="letter"):
        kept(harbor, kind="letter")

    assert files(folder) == []


def test_nobody_reads_the_disk(harbor: World, folder: Path) -> None:
    kept(harbor)

    (file,) = files(folder)
    assert (CONTENT in file.read_bytes(), b"Sample" in file.read_bytes()) == (False, False)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_disk_would_be_read_without_sealing(harbor: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "seal", lambda plain, about: plain)
    kept(harbor)

    assert files(folder)[0].read_bytes() == CONTENT


@pytest.mark.parametrize("left", [None, b"damaged"])
def test_bytes_of_a_backup_come_back_over_what_a_fault_left(harbor: World, folder: Path, left: bytes | None) -> None:
    document = kept(harbor)
    place, sealed = documents.place_of(document), files(folder)[0].read_bytes()
    if left is None:
        files(folder)[0].unlink()
    else:
        files(folder)[0].write_bytes(left)

    documents.put_back(place, sealed)

    assert (documents.read(document), len(files(folder))) == (CONTENT, 1)


@pytest.mark.parametrize("altered", [b"", b"plain", CONTENT])
def test_altered_file_is_refused(harbor: World, folder: Path, altered: bytes) -> None:
    document = kept(harbor)
    files(folder)[0].write_bytes(altered)

    with pytest.raises(SealBroken):
        documents.read(document)


def test_file_of_another_document_is_refused(harbor: World, folder: Path) -> None:
    document, other = kept(harbor), kept(harbor, b"other")
    place = {document.sha256: None, other.sha256: None} | {file.name: file for file in files(folder)}
    os.replace(str(place[other.sha256]), str(place[document.sha256]))

    with pytest.raises(SealBroken):
        documents.read(document)


def test_missing_file_is_an_error_of_its_own(harbor: World, folder: Path) -> None:
    document = kept(harbor)
    files(folder)[0].unlink()

    with pytest.raises(FileNotFoundError):
        documents.read(document)


def test_crash_between_file_and_row_leaves_a_file_that_the_next_keeping_uses(harbor: World, folder: Path) -> None:
    with transaction.atomic():
        kept(harbor)
        transaction.set_rollback(True)
    left = [(file, file.stat().st_ino) for file in files(folder)]

    document = kept(harbor)

    assert (len(left), [(file, file.stat().st_ino) for file in files(folder)]) == (1, left)
    assert documents.read(document) == CONTENT


def test_crash_while_the_file_is_written_leaves_no_half_document(
    harbor: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError, match="power cut"):
            kept(harbor)

    assert Document.objects.count() == 0
    assert documents.read(kept(harbor)) == CONTENT


@pytest.mark.parametrize("there_already", [False, True])
def test_name_of_a_file_and_of_each_folder_above_it_is_made_durable(
    harbor: World, folder: Path, monkeypatch: pytest.MonkeyPatch, there_already: bool
) -> None:
    if there_already:
        kept(harbor)
        Document.objects.all().delete()
    synced: list[Path] = []
    monkeypatch.setattr(documents, "_sync_folder", synced.append)

    kept(harbor)

    (file,) = files(folder)
    kind, practice = file.parents[1], file.parents[2]
    assert synced == [file.parent, kind, practice, folder, folder.parent]


def test_long_name_keeps_its_end(harbor: World) -> None:
    assert kept(harbor, filename="x" * 250 + ".json").filename == "x" * 115 + ".json"


def test_documents_of_a_kind_are_found_newest_first(harbor: World) -> None:
    made = [kept(harbor, bytes([number])) for number in range(3)]
    kept(harbor, kind="va_referral_list")
    kept(world.practice("lake"))

    assert list(documents.received(harbor.by, "claims_837p")) == made[::-1]


def test_discarded_document_is_gone_with_its_file_after_the_commit(
    harbor: World, folder: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    document = kept(harbor)
    job = jobs.enqueue(kind="write_837p", key="1", by=harbor.by)
    Job.objects.filter(pk=job.pk).update(result=document)

    with django_capture_on_commit_callbacks(execute=True):
        documents.discard(document)
        before = len(files(folder))

    assert (before, files(folder), Document.objects.count()) == (1, [], 0)
    assert Job.objects.get(pk=job.pk).result is None


def test_document_that_something_points_at_is_not_discarded(harbor: World, folder: Path) -> None:
    document = kept(harbor)
    claim = world.ready_claim(harbor)
    PrintedClaim.objects.create(
        practice=harbor.practice, document=document, claim=claim, revision=1, printed_at=world.NOW
    )

    with pytest.raises(ProtectedError):
        documents.discard(document)


@pytest.mark.parametrize("left_by", ["a crash", "a row that is deleted", "nobody"])
def test_sweep_removes_what_no_row_names(harbor: World, folder: Path, left_by: str) -> None:
    with transaction.atomic():
        document = kept(harbor)
        transaction.set_rollback(left_by == "a crash")
    if left_by == "a row that is deleted":
        Document.objects.filter(pk=document.pk).delete()
    kept(world.practice("lake"))

    removed = [documents.remove_unnamed(one) for one in documents.unnamed_files(harbor.practice.pk)]

    assert (removed, len(files(folder))) == (([], 2) if left_by == "nobody" else ([True], 1))


class Killed(BaseException):
    """The process ends here: nothing that comes after is run."""


def killed_write(harbor: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep bytes until just before the file has its name, as a killed process does; return what it left."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as here:
        here.setattr(Path, "rename", killed)
        here.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Killed), transaction.atomic():
            kept(harbor)
    (left,) = files(folder)
    return left


def swept(harbor: World, hours: int) -> int:
    return documents.remove_unfinished(harbor.practice.pk, before=timezone.now() - timedelta(hours=24 - hours))


@pytest.mark.parametrize(("hours", "gone"), [(0, False), (23, False), (25, True)])
def test_what_a_killed_write_left_goes_after_a_day(
    harbor: World, folder: Path, monkeypatch: pytest.MonkeyPatch, hours: int, gone: bool
) -> None:
    left = killed_write(harbor, folder, monkeypatch)

    assert (swept(world.practice("lake"), hours), swept(harbor, hours), left.exists()) == (0, int(gone), not gone)


@pytest.mark.parametrize("name", ["whole", ".nobody.knows", f".{'a' * 64}", f".{'a' * 64}.{'b' * 16}x", "folder"])
def test_what_is_no_unfinished_write_stays(harbor: World, name: str) -> None:
    place = documents.path(kept(harbor))
    other = place if name == "whole" else place.with_name(f".{'a' * 64}.{'b' * 16}" if name == "folder" else name)
    if name == "folder":
        other.mkdir()
    elif name != "whole":
        other.write_bytes(b"x")

    assert (swept(harbor, 30), other.exists()) == (0, True)


def test_file_that_has_its_row_is_not_removed_and_no_row_is_left_by_trying(harbor: World, folder: Path) -> None:
    document = kept(harbor)
    before = list(Document.objects.values_list())

    assert not documents.remove_unnamed(documents.path(document))
    assert (documents.read(document), list(Document.objects.values_list())) == (CONTENT, before)


def keep_slowly(one: World, *, begun: Event, go: Event) -> Document:
    """Keep the bytes, and commit when told to."""
    with transaction.atomic():
        document = kept(one)
        begun.set()
        assert go.wait(10)
    return document


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_file_that_somebody_is_keeping_anew_is_not_removed(harbor: World, folder: Path) -> None:
    with transaction.atomic():
        kept(harbor)
        transaction.set_rollback(True)
    (place,) = documents.unnamed_files(harbor.practice.pk)
    begun, go = Event(), Event()

    def sweep() -> bool:
        assert begun.wait(10)
        Timer(0.3, go.set).start()
        return documents.remove_unnamed(place)

    document, removed = at_once(partial(keep_slowly, harbor, begun=begun, go=go), sweep)

    assert (removed, documents.read(document)) == (False, CONTENT)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_file_that_somebody_is_keeping_anew_would_be_lost_to_a_mere_look(harbor: World, folder: Path) -> None:
    with transaction.atomic():
        kept(harbor)
        transaction.set_rollback(True)
    (place,) = documents.unnamed_files(harbor.practice.pk)
    begun, go = Event(), Event()

    def sweep() -> None:
        assert begun.wait(10)
        if not Document.objects.exists():
            place.unlink()
        go.set()

    document, _ = at_once(partial(keep_slowly, harbor, begun=begun, go=go), sweep)

    with pytest.raises(FileNotFoundError):
        documents.read(document)
