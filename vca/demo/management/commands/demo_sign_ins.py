"""Print how to sign in to the demonstration practices, as long as they are there."""

from typing import Any

from django.core.management.base import BaseCommand

from vca.core.models import Practice, RealData, User
from vca.core.vocabulary import ROLE_WORDS
from vca.demo.people import PASSWORD, SIGN_INS, SignIn


class Command(BaseCommand):
    """./run manage demo_sign_ins"""

    help = __doc__

    def handle(self, **_: Any) -> None:
        """Say nothing without a demo; say no password that no longer opens the door."""
        if RealData.objects.exists() or not Practice.objects.filter(code="demo", test_data=True).exists():
            return
        known = User.objects.filter(email=SIGN_INS[0].email).first()
        shared = known is not None and known.check_password(PASSWORD)
        words = f"the password of all is {PASSWORD}" if shared else "the password was printed when they were made"
        self.stdout.write(f"Demo people, with invented data only; {words}")
        for one in SIGN_INS:
            self.stdout.write(line(one))


def line(one: SignIn) -> str:
    """Return address, roles and what is to be seen."""
    roles = ", ".join(sorted({ROLE_WORDS[role].lower() for role in one.roles.values()}))
    return f"  {one.email:<30} {roles:<14} {one.finds}"
