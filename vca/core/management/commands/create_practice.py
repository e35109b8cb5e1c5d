"""Create a real practice and print the link by which its first administrator joins."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from vca.core import access
from vca.core.models import Practice
from vca.core.services import people, practices
from vca.core.vocabulary import Role


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
        if Practice.objects.filter(code=code).exists():
            raise CommandError(f"There is a practice with the code {code} already. Choose another code.")
        with transaction.atomic():
            practice = practices.create(code=code, name=name, test_data=False)
            by = access.acting_for(practice, what="create practice")
            now = timezone.now()
            _, token = people.invite(email=administrator, role=Role.ADMINISTRATOR, by=by, at=now)
        self.stdout.write(f"Practice {code} is created. Its first administrator joins within 7 days by this link:")
        self.stdout.write(site.rstrip("/") + reverse("accept_invitation", args=[token]))
