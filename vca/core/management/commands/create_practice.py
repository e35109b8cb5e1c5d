"""Create a real practice and print the link by which its first administrator joins."""

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from vca.core import access
from vca.core.isolation import within
from vca.core.models import Practice
from vca.core.pages import in_words
from vca.core.services import people, practices
from vca.core.vocabulary import Role

LONGEST_NAME = 120


class Command(BaseCommand):
    """./run manage create_practice harbor "Harbor Wellness Clinic" --administrator dana@example.org"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Code, name and the administrator's address."""
        parser.add_argument("code", help="short code, used by commands: letters, digits, hyphens")
        parser.add_argument("name")
        parser.add_argument(
            "--administrator",
            required=True,
            help="e-mail address of the first administrator",
        )
        parser.add_argument(
            "--site",
            default="http://localhost:8000",
            help="where this installation is reached",
        )

    def handle(self, *, code: str, name: str, administrator: str, site: str, **options: Any) -> None:
        """Create the practice and one invitation."""
        refuse_nonsense(code, name, administrator)
        if settings.DEBUG:
            raise CommandError("DEBUG is on, as in the try-out. Set DEBUG=0 and ALLOWED_HOSTS, then make the practice.")
        if Practice.objects.filter(code=code).exists():
            raise CommandError(f"There is a practice with the code {code} already. Choose another code.")
        try:
            token = self._create(code, name, administrator)
        except practices.NotProven as refusal:
            raise CommandError(in_words(refusal)) from refusal
        self.stdout.write(f"Practice {code} is created. Its first administrator joins within 7 days by this link:")
        self.stdout.write(site.rstrip("/") + reverse("accept_invitation", args=[token]))

    def _create(self, code: str, name: str, administrator: str) -> str:
        """Return the token of the invitation."""
        with transaction.atomic():
            practice = practices.create(code=code, name=name, test_data=False)
            by = access.acting_for(practice, what="create practice")
            now = timezone.now()
            with within(practice.pk):
                _, token = people.invite(email=administrator, role=Role.ADMINISTRATOR, by=by, at=now)
        return token


def refuse_nonsense(code: str, name: str, administrator: str) -> None:
    """Raise CommandError for what the tables would not take, or nobody could use."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,24}", code):
        raise CommandError("The code has 1 to 24 letters, digits and hyphens, for instance: harbor.")
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise CommandError(f"The name has 1 to {LONGEST_NAME} characters, for instance: Harbor Wellness Clinic.")
    try:
        validate_email(administrator)
    except ValidationError:
        raise CommandError("--administrator is no e-mail address. Write it like dana@example.org.") from None
