"""Make the demonstration practices: invented data, made by the services that people use."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing import queries as billing
from referrals import queries as referrals
from vca.core import access
from vca.core.isolation import within
from vca.core.models import Practice, RealData
from vca.demo.people import PASSWORD
from vca.demo.seed import SCRIPTS, SEED, seed
from vca.domain.wording import counted

RANDOM_BYTES = 18


class Command(BaseCommand):
    """./run manage seed_demo [--if-empty] [--seed N] [--even-in-production]

    The people of the demo share a password that stands in the source. With DEBUG off the command therefore refuses;
    told --even-in-production it gives them a random password and prints it once.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """``--if-empty`` is for the start of the try-out: it never refuses."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is a practice already")
        parser.add_argument("--seed", type=int, default=SEED, help="another number makes other people")
        parser.add_argument("--even-in-production", action="store_true", help="with DEBUG off: use a random password")

    def handle(self, *, if_empty: bool, seed: int, even_in_production: bool, **_: Any) -> None:
        """Refuse to make them twice, and to hand out a known password where others may reach the server."""
        public = not settings.DEBUG
        if if_empty and (Practice.objects.exists() or (public and not even_in_production)):
            return
        _refuse_second_time()
        if RealData.objects.exists():
            raise CommandError("There is a real practice here, so nobody could sign in to the demo. Use another place.")
        if public and not even_in_production:
            raise CommandError(
                "DEBUG is off, and the demo's password is public. Use --even-in-production: "
                "the demo then has a random password, which is printed once."
            )
        self._seed(seed, secrets.token_urlsafe(RANDOM_BYTES) if public else PASSWORD)

    def _seed(self, number: int, password: str) -> None:
        for practice in seed(now=timezone.now(), number=number, password=password):
            self.stdout.write(summary(practice))
        if password != PASSWORD:
            self.stdout.write(f"The password of the demo's people, shown this once: {password}")


def _refuse_second_time() -> None:
    taken = [script.blueprint.code for script in SCRIPTS]
    if Practice.objects.filter(code__in=taken).exists():
        raise CommandError("The demo is there already. Seed it into an empty database.")


def summary(practice: Practice) -> str:
    """Return one line on what was made."""
    by = access.acting_for(practice, what="seed_demo")
    with within(practice.pk):
        claims = sum(number for number, _ in billing.counts_by_state(by).values())
        veterans, visits = referrals.veterans(by).count(), practice.visits.count()
    found = (counted(veterans, "Veteran"), counted(visits, "visit"), counted(claims, "claim"))
    return f"{practice.code}: {practice.name}, {', '.join(found)}"
