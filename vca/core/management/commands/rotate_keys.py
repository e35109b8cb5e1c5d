"""Encrypt everything anew with the first of FIELD_KEYS, while others serve."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vca.core import crypto
from vca.core.services import rotation
from vca.domain.wording import counted


class Command(BaseCommand):
    """./run manage rotate_keys; docs/deployment.md tells the steps before and after it"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Looking changes nothing."""
        parser.add_argument("--look", action="store_true", help="only tell what other keys have encrypted")

    def handle(self, *, look: bool, **_: object) -> None:
        """Rotate, unless one only wants to look; fail while something would be lost without the older keys."""
        if not look:
            done = rotation.rotate(tell=self.stderr.write)
            refuse_broken(done.broken)
            self.stdout.write(f"Encrypted anew with key {crypto.sealing()}: {counted(done.done.total(), 'value')}.")
        left = rotation.left()
        if left:
            places = ", ".join(f"{place}: {count:,}" for place, count in sorted(left.items()))
            raise CommandError(
                f"Other keys than {crypto.sealing()} are still needed ({places}). Restart what runs with an older "
                "order of FIELD_KEYS, and run this again. Keep all keys until it finds nothing."
            )
        others = [name for name in list(crypto.keys()) if name != crypto.sealing()]
        self.stdout.write(f"No longer needed here: {', '.join(others) or 'none'}. Backups made before need their keys.")


def refuse_broken(places: set[str]) -> None:
    """Raise CommandError for what no key opens; what could be opened is encrypted anew by then."""
    if places:
        some = ", ".join(sorted(places)[:10])
        raise CommandError(
            f"{counted(len(places), 'value')} could not be opened, because the key is not among FIELD_KEYS or because "
            f"somebody altered them: {some}. Keep every key that you have. The others are encrypted anew."
        )
