"""A code is used once, however many requests bring it at the same moment."""

import time
from datetime import timedelta
from functools import partial

import pyotp
import pytest

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW
from vca.core.models import AuthenticatorApp, Tries, User
from vca.core.services import factors
from vca.core.services.factors import NotTheCode
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TRIALS = 20
STEP = timedelta(seconds=30)


@pytest.fixture
def biller() -> User:
    return world.person(world.practice(), Role.BILLER)


def outcomes(user: User, trials: list[str]) -> list[list[str]]:
    """Return what two requests with each code came to."""
    found = []
    for number, code in enumerate(trials):
        at = NOW + (number + 2) * STEP
        Tries.objects.all().delete()
        use = partial(factors.use_code, user=user, code=code, address="192.0.2.7", at=at)
        found.append(sorted(one if isinstance(one, str) else type(one).__name__ for one in at_once(use, use)))
    return found


def test_app_code_is_used_once_by_two_at_once(biller: User) -> None:
    AuthenticatorApp.objects.create(user=biller, secret=SECRET, last_step=0, added_at=NOW)
    codes = [pyotp.TOTP(SECRET).at(NOW + (number + 2) * STEP) for number in range(TRIALS)]

    assert outcomes(biller, codes) == [["NotTheCode", "app"]] * TRIALS


def test_recovery_code_is_used_once_by_two_at_once(biller: User) -> None:
    codes = factors.fresh_codes(biller)

    assert outcomes(biller, codes) == [["NotTheCode", "recovery code"]] * factors.RECOVERY_CODES


def test_two_would_use_a_code_that_is_read_before_it_is_written(biller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_then_write(user: User, code: str, at: object) -> str:
        app = AuthenticatorApp.objects.get(user=user)
        step = factors._step(app.secret, code, at)
        if app.last_step >= step:
            raise NotTheCode
        time.sleep(0.1)  # what a slow moment between the two does
        AuthenticatorApp.objects.filter(user=user).update(last_step=step)
        return "app"

    AuthenticatorApp.objects.create(user=biller, secret=SECRET, last_step=0, added_at=NOW)
    monkeypatch.setattr(factors, "_use_app", read_then_write)
    codes = [pyotp.TOTP(SECRET).at(NOW + (number + 2) * STEP) for number in range(TRIALS)]

    assert ["app", "app"] in outcomes(biller, codes)
