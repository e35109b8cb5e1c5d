"""./run manage create_practice CODE NAME --administrator ADDRESS"""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests import world
from vca.core.models import Invitation, Practice
from vca.core.services import people

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def proven() -> None:
    """A backup has been proven."""
    world.proven_backup()


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command("create_practice", "harbor", "Harbor", "--administrator=Dana@example.org", *words, stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.usefixtures("proven")
def test_practice_is_created_with_one_link() -> None:
    _, link = run("--site=https://vca.example/")

    invitation = people.usable_invitation(link.rstrip("/").rpartition("/")[2], at=timezone.now())
    assert (invitation.practice.code, invitation.email, invitation.role) == (
        *("harbor", "dana@example.org"),
        "ADMINISTRATOR",
    )
    assert (link.startswith("https://vca.example/invitations/"), Practice.objects.get().test_data) == (True, False)


@pytest.mark.usefixtures("proven")
def test_code_that_is_taken_is_refused_and_nothing_is_created() -> None:
    run()

    with pytest.raises(CommandError, match="There is a practice with the code harbor already"):
        run()

    assert (Practice.objects.count(), Invitation.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("code", "name", "administrator", "said"),
    [
        ("", "Harbor", "dana@example.org", "The code has 1 to 24"),
        ("har bor", "Harbor", "dana@example.org", "The code has 1 to 24"),
        ("h" * 25, "Harbor", "dana@example.org", "The code has 1 to 24"),
        ("harbor", " ", "dana@example.org", "The name has 1 to 120"),
        ("harbor", "H" * 121, "dana@example.org", "The name has 1 to 120"),
        ("harbor", "Harbor", "dana", "no e-mail address"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(code: str, name: str, administrator: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("create_practice", code, name, f"--administrator={administrator}")

    assert Practice.objects.count() == 0


def test_first_practice_waits_for_a_proven_backup() -> None:
    with pytest.raises(
        CommandError, match=r"No backup of this installation has been proven.*prove_backup FILE.*KEPT-02"
    ):
        run()

    assert Practice.objects.count() == 0
