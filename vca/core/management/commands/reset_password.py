"""Print the link by which a person of a practice sets a new password, or a new second factor.

For who works in several practices.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from vca.core import access
from vca.core.isolation import within
from vca.core.models import Practice, User
from vca.core.services import people
from vca.domain.errors import RuleError


class Command(BaseCommand):
    """./run manage reset_password dana@example.org --practice harbor [--second-factor]"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose password, and in which practice the audit trail names it."""
        parser.add_argument("email")
        parser.add_argument("--practice", required=True, help="a practice in which the person works")
        parser.add_argument("--second-factor", action="store_true", help="the lost second factor, not the password")
        parser.add_argument("--site", default="http://localhost:8000", help="where this installation is reached")

    def handle(self, *, email: str, practice: str, site: str, second_factor: bool = False, **options: Any) -> None:
        """Refuse somebody who is not a member."""
        row = Practice.objects.filter(code=practice).first()
        user = User.objects.filter(email=email.lower()).first()
        if row is None or user is None:
            raise CommandError(f"There is no practice with the code {practice}, or nobody with the address {email}.")
        by = access.acting_for(row, what="reset password")
        try:
            offer = people.offer_new_factors if second_factor else people.offer_reset
            with within(row.pk):
                _, token = offer(user=user, by=by, at=timezone.now())
        except RuleError as refusal:
            raise CommandError(str(refusal)) from refusal
        what = "is rid of the lost second factor" if second_factor else "sets a new password"
        self.stdout.write(f"{email} {what} within a day by this link, which is not shown again:")
        self.stdout.write(site.rstrip("/") + reverse("accept_invitation", args=[token]))
