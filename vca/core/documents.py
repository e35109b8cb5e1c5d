"""Keep bytes: everything received or produced, by its hash, encrypted at rest; what it says never changes.

A file is written whole (temporary name, fsync, rename, fsync of the folders) before its row is committed; a crash in
between leaves a file that no row names, which the next keeping of the same bytes uses and the daily sweep removes. A
write that was killed leaves its temporary file, which the daily sweep removes after a day.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, models, transaction

from vca.core import access, audit, crypto, vocabulary
from vca.core.access import Actor
from vca.core.models import Document, Job
from vca.core.signals import whose

LONG_NUMBER = re.compile(r"\d(?:[-. ]?\d){6,}(?:V\d{6})?", re.IGNORECASE)  # SSN, EDIPI, ICN
UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{16}")  # as _put names what it is writing
LONGEST_NAME = 120  # a file system allows more; the end holds the extension


def keep(
    content: bytes,
    *,
    kind: str,
    filename: str,
    media_type: str,
    by: Actor,
    practice_id: int | None = None,
) -> Document:
    """Store bytes and return their document; the same bytes of the same kind are one document of the practice.

    Raises KeyError for an undeclared kind. Must run in the transaction of the deed that needs the document.
    """
    vocabulary.words(vocabulary.Family.DOCUMENT, kind)
    owner = practice_id or by.practice_id
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(owner, kind, sha256)
    with transaction.atomic():
        # The row first: until the commit it keeps the file from being removed as one that no row names.
        document, created = Document.objects.get_or_create(
            practice_id=owner,
            kind=kind,
            sha256=sha256,
            defaults={
                "size": len(content),
                "media_type": media_type,
                "filename": filename[-LONGEST_NAME:],
                "created_by_id": by.user_id,
            },
        )
        _write(path, crypto.seal(content, about=_about(path)))
        if created:
            audit.record(
                by=by,
                action="document.kept",
                subject=document,
                changes={"kind": kind, "sha256": sha256},
            )
    return document


def masked(filename: str) -> str:
    """Return the name of a file that somebody has sent, with numbers that may be a person's cut to their last four.

    >>> masked("Doe 219-47-9999 1012345678V123456.pdf"), masked("letter of 3 May 2026.pdf")
    ('Doe ...9999 ...3456.pdf', 'letter of 3 May 2026.pdf')
    """
    return LONG_NUMBER.sub(lambda found: f"...{found[0][-4:]}", filename)


def read(document: Document) -> bytes:
    """Return the bytes as they were kept. Raises SealBroken when the file was altered, OSError when it is gone."""
    return unsealed(path(document), path(document).read_bytes())


def unsealed(place: Path, sealed: bytes) -> bytes:
    """Return the bytes of a file that lies at this place. Raises SealBroken."""
    return crypto.unseal(sealed, about=_about(place))


def place_of(document: Document) -> Path:
    """Return where a document lies below DOCUMENTS_DIR."""
    return path(document).relative_to(settings.DOCUMENTS_DIR)


def opened(document: Document, *, by: Actor) -> bytes:
    """Return the bytes for somebody to read, and record that they did. Raises DoesNotExist for another practice's."""
    access.own(document, by)
    with transaction.atomic():
        audit.record(by=by, action="document.read", subject=document, veterans=whose(document))
    return read(document)


def received(by: Actor, kind: str) -> models.QuerySet[Document]:
    """Return the practice's documents of a kind, newest first."""
    return Document.objects.filter(practice_id=by.practice_id, kind=kind).order_by("-created_at", "-pk")


def path(document: Document) -> Path:
    """Return where the sealed bytes of a document lie."""
    return _path(document.practice_id, document.kind, document.sha256)


def put_back(place: Path, content: bytes) -> None:
    """Write sealed bytes of a backup to their place below DOCUMENTS_DIR, over what a fault has left there.

    Raises ValueError for a place outside.
    """
    target = (settings.DOCUMENTS_DIR / place).resolve()
    if not target.is_relative_to(settings.DOCUMENTS_DIR.resolve()):
        raise ValueError(f"{place} lies outside of the documents")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(target, content)
    _sync_names(target)


def kept_files(practice_id: int) -> Iterator[Path]:
    """Return every file of a practice, also one that a crash has left without a row: the same bytes will use it."""
    return (settings.DOCUMENTS_DIR / str(practice_id)).glob("*/*/[!.]*")


def remove_unfinished(practice_id: int, *, before: datetime) -> int:
    """Remove what killed writes have left since before that moment; return how many. No writing takes so long."""
    gone = 0
    for place in (settings.DOCUMENTS_DIR / str(practice_id)).glob("*/*/.*"):
        if UNFINISHED.fullmatch(place.name) and place.is_file() and place.stat().st_mtime < before.timestamp():
            place.unlink(missing_ok=True)
            gone += 1
    return gone


def discard(document: Document) -> None:
    """Delete a document that nothing needs any more: its row now, its file after the commit, or by the daily sweep.

    Work that produced it stays on record without it. Raises ProtectedError while something else points at it. Must run
    in the transaction of the deed that disposes of it.
    """
    place = path(document)
    Job.objects.filter(result=document).update(result=None)
    document.delete()
    transaction.on_commit(partial(remove_unnamed, place), robust=True)


def unnamed_files(practice_id: int) -> list[Path]:
    """Return the files of a practice that no committed row names: a crash has left them, or their row is deleted."""
    named = set(Document.objects.filter(practice_id=practice_id).values_list("kind", "sha256"))
    return [one for one in kept_files(practice_id) if (one.parts[-3], one.name) not in named]


def remove_unnamed(place: Path) -> bool:
    """Remove a file, if no row names it; tell whether.

    It takes the place of the row and gives it back: who is about to keep the same bytes has the place, or waits for it.
    """
    practice_id, kind, _, sha256 = place.parts[-4:]
    with transaction.atomic():
        try:
            with transaction.atomic():
                Document.objects.create(practice_id=int(practice_id), kind=kind, sha256=sha256, size=0)
        except IntegrityError:
            return False
        place.unlink(missing_ok=True)
        transaction.set_rollback(True)
    return True


def key_of(path: Path) -> str:
    """Return the id of the key that sealed a file."""
    with path.open("rb") as file:
        return crypto.sealed_with(file.read(crypto.LONGEST_ID + 1))


def reseal(path: Path) -> None:
    """Seal a file anew with the key that seals now: whoever reads meanwhile gets the one or the other, whole.

    Raises SealBroken. Must run in a transaction, which keeps a file that is being destroyed from coming back.
    """
    practice_id, kind, _, sha256 = path.parts[-4:]
    named = Document.objects.filter(practice_id=int(practice_id), kind=kind, sha256=sha256)
    list(named.select_for_update(no_key=True).values_list("pk"))
    if path.exists():
        _put(path, crypto.seal(unsealed(path, path.read_bytes()), about=_about(path)))
        _sync_folder(path.parent)


def _about(path: Path) -> str:
    """Return the row that a file belongs to: what it is sealed for."""
    practice_id, kind, _, sha256 = path.parts[-4:]
    return f"document.{practice_id}.{kind}.{sha256}"


def _path(practice_id: int | None, kind: str, sha256: str) -> Path:
    return settings.DOCUMENTS_DIR / str(practice_id) / kind / sha256[:2] / sha256


def _write(path: Path, content: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(path, content)
    # Also where the file was there: whoever wrote it may not have come as far as this.
    _sync_names(path)


def _put(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_names(path: Path) -> None:
    """Make the file's name durable, and those of the folders above it, which may be as new, up to DOCUMENTS_DIR's."""
    for folder in path.parents:
        _sync_folder(folder)
        if folder == settings.DOCUMENTS_DIR.parent:
            return


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
