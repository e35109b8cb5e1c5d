"""Write everything into one sealed file: the database and all kept files. The keys go elsewhere."""

import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from vca.core import policies
from vca.core.services import backups
from vca.core.services.backups import Summary

STANDARD_OUTPUT = Path("-")
KEYS = ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY")
NEEDS_OWNER = (
    "No backup was made: the role of DATABASE_URL sees one practice at a time. Set DATABASE_OWNER_URL to the owner of "
    "the tables; in the containers, run backup in the service migrate."
)


class Command(BaseCommand):
    """./run manage backup clinic.backup --keys-to /media/safe/clinic.keys"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to; whoever does not want the keys says so."""
        parser.add_argument("file", type=Path, help="a file that is not there yet, or - for the standard output")
        keys = parser.add_mutually_exclusive_group(required=True)
        keys.add_argument("--keys-to", type=Path, help="a file for the keys; keep it apart from the backup")
        keys.add_argument("--without-keys", action="store_true", help="the keys are kept already")

    def handle(self, *, file: Path, keys_to: Path | None, **_: object) -> None:
        """Tell what was written, and what must be kept apart."""
        begun = time.monotonic()
        try:
            refuse_existing(*(path for path in (file, keys_to) if path))
            summary = piped() if file == STANDARD_OUTPUT else written(file)
            if keys_to:
                write_keys(keys_to)
        except OSError as fault:
            raise CommandError(f"No backup was made: {fault}") from fault
        except DatabaseError as fault:
            if getattr(fault.__cause__, "sqlstate", "") != policies.MISSING:
                raise
            raise CommandError(NEEDS_OWNER) from fault
        self.stderr.write(f"{file}: {summary}, in {time.monotonic() - begun:.0f} s.")
        self.stderr.write(about_keys(keys_to))


def refuse_existing(*paths: Path) -> None:
    """Raise FileExistsError rather than write over somebody's backup."""
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path} is there already; choose another name")


def written(path: Path) -> Summary:
    """Write a backup that stands under its name when it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with private(unfinished) as file:
            summary = backups.back_up(file, at=timezone.now(), alias=backups.owner())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return summary


def piped() -> Summary:
    """Write a backup to the standard output, out of a container for example."""
    summary = backups.back_up(sys.stdout.buffer, at=timezone.now(), alias=backups.owner())
    sys.stdout.buffer.flush()
    return summary


def private(path: Path) -> BinaryIO:
    """Open a new file that only its owner reads."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_keys(path: Path) -> None:
    """Write the keys as ./run reads them from var/keys.env."""
    with private(path) as file:
        file.writelines(f"{name}={getattr(settings, name)}\n".encode() for name in KEYS)


def about_keys(path: Path | None) -> str:
    """Return what to do with the keys."""
    if path is None:
        return "The keys are not in it. Without FIELD_KEYS and INDEX_KEY nobody can open it."
    return f"{path}: SECRET_KEY, FIELD_KEYS and INDEX_KEY. Nobody opens the backup without them: keep the two apart."
