"""./run manage issue_token --practice CODE --email ADDRESS --name WHAT"""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import world
from tests.world import World
from vca.core.models import ApiToken, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture(autouse=True)
def person(harbor: World) -> User:
    user = User.objects.create_user("biller@example.org", name="Biller")
    people.give_role(user=user, role=Role.BILLER, by=harbor.by)
    return user


def run(*, practice: str = "harbor", email: str = "Biller@example.org") -> str:
    out = StringIO()
    call_command("issue_token", practice=practice, email=email, name="nightly export", stdout=out)
    return out.getvalue().strip()


def test_token_is_printed_once_and_works(person: User) -> None:
    token = people.holder(run(), at=timezone.now())

    assert token
    assert (token.user, token.name) == (person, "nightly export")


@pytest.mark.parametrize("wrong", [{"practice": "nowhere"}, {"email": "nobody@example.org"}])
def test_stranger_gets_no_token(wrong: dict[str, str]) -> None:
    with pytest.raises(CommandError, match="Nobody with the address"):
        run(**wrong)

    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("ended", ["role", "person"])
def test_ended_member_gets_no_token(harbor: World, person: User, ended: str) -> None:
    if ended == "role":
        people.end_role(membership=person.memberships.get(), by=harbor.by)
    else:
        User.objects.update(is_active=False)

    with pytest.raises(CommandError, match="Nobody with the address"):
        run()
