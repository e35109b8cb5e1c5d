"""Fill an empty installation from a backup: the same rows, the same bytes of every file."""

import sys
import time
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from vca.core import audit
from vca.core.services import backups
from vca.core.services.archive import Unreadable
from vca.core.services.backups import NotEmpty, Summary

STANDARD_INPUT = Path("-")


class Command(BaseCommand):
    """./run manage restore clinic.backup, with the keys of the installation that made it"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path, help="a file that backup wrote, or - for the standard input")

    def handle(self, *, file: Path, **_: object) -> None:
        """Make the tables first, then all rows in one transaction."""
        begun = time.monotonic()
        call_command("prepare_database", verbosity=0)
        try:
            summary = restored(file)
        except (OSError, Unreadable, NotEmpty) as fault:
            raise CommandError(f"Nothing was restored: {fault}.") from fault
        audit.anchor_restore(at=timezone.now())
        self.stdout.write(f"Restored {summary}, in {time.monotonic() - begun:.0f} s. Everybody signs in again.")


def restored(path: Path) -> Summary:
    """Restore through the connection of the tables' owner. Raises OSError, Unreadable and NotEmpty."""
    alias = backups.owner()
    if path == STANDARD_INPUT:
        return backups.restore(sys.stdin.buffer, alias=alias)
    with path.open("rb") as file:
        return backups.restore(file, alias=alias)
