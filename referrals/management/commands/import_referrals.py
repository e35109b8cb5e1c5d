"""Import the JSON list of VA's referral service (CCRA): all of it, or nothing."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from referrals.intake import json_reader
from referrals.services import referrals
from vca.core import access
from vca.core.isolation import within
from vca.core.models import Practice


class Command(BaseCommand):
    """./run manage import_referrals FILE --practice CODE

    Prints one line a record. Exit code 2: the file is broken, nothing was changed, record and field are named.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and the practice that received it."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--practice", required=True, help="the practice's code")

    def handle(self, *, file: Path, practice: str, **_: Any) -> None:
        """Read, import, report."""
        row = Practice.objects.filter(code=practice).first()
        if row is None:
            raise CommandError(f"There is no practice with the code {practice}.", returncode=2)
        try:
            with file.open("rb") as opened:
                content = opened.read(json_reader.LARGEST + 1)
            received = json_reader.read(content)
        except OSError as fault:
            raise CommandError(
                f"{file} cannot be read: {fault.strerror}. Nothing was changed.", returncode=2
            ) from fault
        except json_reader.BrokenFile as fault:
            raise CommandError(
                f"{file.name}: {fault.detail.rstrip('.')}. Nothing was changed.", returncode=2
            ) from fault
        by = access.acting_for(row, what="import_referrals")
        with within(row.pk):
            outcomes = referrals.import_list(
                content=content, received=received, filename=file.name, by=by, at=timezone.now()
            )
        for outcome in outcomes:
            self.stdout.write(outcome.line)
        if not outcomes:
            print("The list is empty; there was nothing to import.", file=sys.stderr)
