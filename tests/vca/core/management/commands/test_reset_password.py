"""./run manage reset_password ADDRESS --practice CODE"""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import world
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_link_sets_the_password_of_somebody_of_two_practices() -> None:
    harbor = world.practice()
    user = world.person(harbor, Role.BILLER, email="dana@example.org")
    people.give_role(user=user, role=Role.BILLER, by=world.practice("lake").by)
    out = StringIO()

    call_command("reset_password", "Dana@example.org", "--practice=harbor", stdout=out)

    token = out.getvalue().split()[-1].rstrip("/").rpartition("/")[2]
    assert people.usable_invitation(token, at=timezone.now()).resets == user


@pytest.mark.parametrize(
    ("address", "practice", "said"),
    [
        ("nobody@example.org", "harbor", "nobody with the address"),
        ("dana@example.org", "nowhere", "no practice with the code"),
        ("dana@example.org", "lake", "ACCESS-05"),
    ],
)
def test_somebody_who_is_no_member_is_refused(address: str, practice: str, said: str) -> None:
    world.person(world.practice(), Role.BILLER, email="dana@example.org")
    world.practice("lake")

    with pytest.raises(CommandError, match=said):
        call_command("reset_password", address, f"--practice={practice}")
