"""What somebody does about their own account touches nobody else's, and what others have does not count as theirs.

Sources: OWASP ASVS 5.0.0, 6.3.3 and 8.2.2; 45 CFR 164.312(d).
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from pytest_django import DjangoDbBlocker

from tests import world
from tests.access.scene import Scene, standing
from tests.vca.core.authenticator import Device
from tests.world import NOW
from vca.core.access import Nowhere
from vca.core.models import ApiToken, AuthenticatorApp, Passkey, RecoveryCode, User
from vca.core.services import departures, factors, passkeys, passwords, people
from vca.core.services.passkeys import Site
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

SITE = Site("testserver", "http://testserver")


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def bare(scene: Scene) -> User:
    """Return the nurse, who has no second factor any more; the administrators have one of each kind."""
    nurse = scene.ours.people[Role.NURSE]
    AuthenticatorApp.objects.filter(user=nurse).delete()
    return nurse


def add_app(user: User) -> str:
    """Add an app; return its secret."""
    secret = pyotp.random_base32()
    factors.add_app(user=user, secret=secret, code=pyotp.TOTP(secret).at(NOW), by=Nowhere(user.pk), at=NOW)
    return secret


def use_app(user: User) -> None:
    code = pyotp.TOTP(add_app(user)).at(NOW + timedelta(seconds=30))
    assert factors.use_code(user=user, code=code, address="", at=NOW) == "app"


def add_passkey(user: User, *, name: str) -> list[str]:
    asked, state = passkeys.begin_adding(user, site=SITE)
    answer = Device().create(asked, SITE.origin)
    return passkeys.add(user=user, name=name, answer=answer, state=state, site=SITE, by=Nowhere(user.pk), at=NOW)


def add_and_remove_app(user: User) -> None:
    add_app(user)
    assert factors.remove_app(user=user, by=Nowhere(user.pk))


DEEDS: dict[str, Callable[[User], Any]] = {
    "add_app": add_app,
    "use_app": use_app,
    "new_codes": lambda user: factors.new_codes(user=user, by=Nowhere(user.pk)),
    "remove_app": add_and_remove_app,
    "remove_no_app": lambda user: factors.remove_app(user=user, by=Nowhere(user.pk)),
    "drop_all": factors.drop_all,
}


def of_others(user: User) -> list[Any]:
    models: tuple[Any, ...] = (AuthenticatorApp, Passkey, RecoveryCode)
    return [list(model.objects.exclude(user=user).order_by("pk").values_list()) for model in models]


@pytest.mark.parametrize("deed", DEEDS)
def test_factors_of_others_stay_as_they_were(scene: Scene, deed: str) -> None:
    user = bare(scene)
    before = of_others(user)

    DEEDS[deed](user)

    assert of_others(user) == before


def test_factors_of_others_are_not_ones_own(scene: Scene) -> None:
    user = bare(scene)
    asked, _ = passkeys.begin_adding(user, site=SITE)

    assert (factors.has_any(user), factors.codes_left(user)) == (False, 0)
    assert not asked["publicKey"].get("excludeCredentials")
    assert b"Remove the app" not in scene.ours.keys[Role.NURSE].ask("factors", "GET", {}).content


def test_app_is_shown_to_whose_it_is(scene: Scene) -> None:
    assert b"Remove the app" in scene.ours.keys[Role.NURSE].ask("factors", "GET", {}).content


def test_last_factor_stays_whatever_others_have(scene: Scene) -> None:
    user = bare(scene)
    world.real_practice("cape", name="Cape Clinic")
    add_app(user)

    with pytest.raises(factors.LastFactor):
        factors.remove_app(user=user, by=Nowhere(user.pk))


def test_code_that_lies_with_somebody_else_is_not_taken(scene: Scene) -> None:
    user = bare(scene)
    code, *_ = factors.new_codes(user=user, by=Nowhere(user.pk))
    RecoveryCode.objects.filter(user=user).update(user=scene.ours.people[Role.BILLER])

    with pytest.raises(factors.NotTheCode):
        factors.use_code(user=user, code=code, address="", at=NOW)


def test_first_passkey_brings_codes_and_may_be_called_as_that_of_another(scene: Scene) -> None:
    assert len(add_passkey(bare(scene), name="key")) == factors.RECOVERY_CODES


def test_passkey_may_be_renamed_to_what_another_is_called(scene: Scene) -> None:
    user = bare(scene)
    add_passkey(user, name="mine")

    passkeys.rename(passkey=user.passkeys.get(), name="key", by=Nowhere(user.pk))

    assert user.passkeys.get().name == "key"


def test_somebody_works_where_they_have_a_role(scene: Scene) -> None:
    assert passwords.works_in(bare(scene)) == {scene.ours.world.practice.pk}


def of_both(scene: Scene) -> tuple[User, ApiToken]:
    """Let who works in both practices be an administrator here too; return them and a token of theirs over there."""
    user = User.objects.get(email="nurse@both.example")
    people.give_role(user=user, role=Role.ADMINISTRATOR, by=scene.ours.world.by)
    return user, people.issue_token(user=user, name="beyond", by=scene.theirs.world.by, at=NOW)[0]


def test_own_tokens_of_another_practice_are_not_shown(scene: Scene) -> None:
    of_both(scene)
    page = scene.others["of two practices"].ask("tokens", "GET", {})
    assert (page.status_code, b"beyond" in page.content) == (200, False)


def test_own_token_of_another_practice_is_not_revoked(scene: Scene) -> None:
    _, token = of_both(scene)
    assert scene.others["of two practices"].ask("revoke_token", "POST", {"token_id": token.pk}).status_code == 404


def test_who_leaves_takes_no_token_of_others_along(scene: Scene) -> None:
    user, _ = of_both(scene)

    departures.disable(user=user, by=scene.theirs.world.by, at=NOW)

    revoked = ApiToken.objects.filter(practice=scene.theirs.world.practice, revoked_at__isnull=False)
    assert set(revoked.values_list("user", flat=True)) == {user.pk}
