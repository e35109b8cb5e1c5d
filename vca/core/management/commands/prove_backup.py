"""Restore a backup into an empty place, compare it with what it says, and record that it can be relied on."""

import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from vca.core.services import restorable
from vca.core.services.archive import Unreadable
from vca.core.services.backups import NotEmpty
from vca.core.services.restorable import NotRestorable

STANDARD_INPUT = Path("-")


class Command(BaseCommand):
    """./run manage prove_backup clinic.backup"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and another database than one in memory."""
        parser.add_argument("file", type=Path, help="a file that backup wrote, or - for the standard input")
        parser.add_argument(
            "--into", default=restorable.IN_MEMORY, help="the address of an empty database; else one in memory is used"
        )

    def handle(self, *, file: Path, into: str, **_: object) -> None:
        """Tell what was compared."""
        begun = time.monotonic()
        try:
            if file == STANDARD_INPUT:
                summary = restorable.prove(sys.stdin.buffer, at=timezone.now(), into=into)
            else:
                with file.open("rb") as archive:
                    summary = restorable.prove(archive, at=timezone.now(), into=into)
        except (OSError, Unreadable, NotEmpty, NotRestorable, DatabaseError) as fault:
            raise CommandError(f"Nothing is proven: {fault}.") from fault
        seconds = time.monotonic() - begun
        self.stdout.write(f"Proven: {summary} were restored and are what the backup says, in {seconds:.0f} s.")
