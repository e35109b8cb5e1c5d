"""Issue an API token for a member of a practice and print it once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from vca.core import access
from vca.core.isolation import within
from vca.core.models import Practice, User
from vca.core.services import people


class Command(BaseCommand):
    """./run manage issue_token --practice demo --email biller@demo.example --name "nightly export" """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose token, in which practice, for what."""
        parser.add_argument("--practice", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True, help="what will use the token")

    def handle(self, *, practice: str, email: str, name: str, **options: Any) -> None:
        """Refuse somebody who is not a member."""
        row = Practice.objects.filter(code=practice).first()
        user = User.objects.filter(email=email.lower(), is_active=True).first()
        if row is None or user is None or access.person(user, row) is None:
            raise CommandError(f"Nobody with the address {email} works in a practice with the code {practice}.")
        by = access.acting_for(row, what="issue token")
        try:
            with within(row.pk):
                _, token = people.issue_token(user=user, name=name, by=by, at=timezone.now())
        except people.NameNotOneLine as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(token)
