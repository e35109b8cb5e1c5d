"""Second factors: an authenticator app and recovery codes, and what they have in common with passkeys.

Each code is used once, also by two requests at the same moment: what marks it as used is one conditional UPDATE.
Source: RFC 6238; OWASP ASVS 5.0.0, 6.3.3, 6.5.1 and 6.5.2; 45 CFR 164.312(d), person or entity authentication.
"""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from django.db import transaction
from django.db.models import F

from vca.core import audit, crypto
from vca.core.audit import By
from vca.core.models import AuthenticatorApp, Passkey, RealData, RecoveryCode, User
from vca.core.services import sign_ins, tries
from vca.domain.errors import RuleError

ISSUER = "VCA Desk"
STEPS_EARLY_OR_LATE = 1  # of 30 seconds
RECOVERY_CODES = 10
RECOVERY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none is taken for another
RECOVERY_LENGTH = 24  # 118 bits: beyond guessing, so that a hash without stretching will do (OWASP ASVS 5.0.0, 6.5.2)
APP_CODE = re.compile(r"\d{6}")


class NotTheCode(RuleError):
    """The code is wrong, too old, or was used already; which of these is told to nobody."""

    code = "ACCESS-08"


class LastFactor(RuleError):
    """Nobody may be left without a second factor where there is a real practice."""

    code = "ACCESS-09"


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret for an app that is not added yet: to be read by the app, to be typed, and sealed for the way back."""

    address: str
    secret: str
    sealed: str


def has_any(user: User) -> bool:
    """Tell whether signing in takes more than the password."""
    return Passkey.objects.filter(user=user).exists() or AuthenticatorApp.objects.filter(user=user).exists()


def are_a_must() -> bool:
    """Tell whether there is a real practice: then nobody acts without a second factor, and nothing turns that off."""
    return RealData.objects.exists()


def offer_app(user: User, *, secret: str = "") -> Offer:
    """Return a new secret, or once more one that was offered."""
    secret = secret or pyotp.random_base32()
    sealed = crypto.seal(secret.encode(), about=_about(user))
    address = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)
    return Offer(address, secret, base64.urlsafe_b64encode(sealed).decode())


def offered(user: User, sealed: str) -> Offer | None:
    """Return what was offered to this person; ``None`` for anything else."""
    try:
        secret = crypto.unseal(base64.urlsafe_b64decode(sealed), about=_about(user))
    except (ValueError, crypto.SealBroken):
        return None
    return offer_app(user, secret=secret.decode())


def _about(user: User) -> str:
    return f"authenticator app offered to {user.pk}"


def add_app(*, user: User, secret: str, code: str, by: By, at: datetime) -> list[str]:
    """Add the app, in the place of an earlier one, and return new recovery codes. Raises NotTheCode."""
    step = _step(secret, code, at)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        AuthenticatorApp.objects.filter(user=user).delete()
        app = AuthenticatorApp.objects.create(user=user, secret=secret, last_step=step, added_at=at)
        audit.record(by=by, action="factor.added", subject=app, changes={"kind": "app"})
        end_sessions(user)
        return fresh_codes(user)


def _step(secret: str, code: str, at: datetime) -> int:
    """Return the step of 30 seconds to which a code belongs. Raises NotTheCode."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=at, valid_window=STEPS_EARLY_OR_LATE)
    except pyotp.exceptions.OTPVerificationError:
        raise NotTheCode("this code does not fit", field="code") from None


def use_code(*, user: User, code: str, address: str, at: datetime) -> str:
    """Use up a code of the app or a recovery code, and return which it was. Raises NotTheCode, TooManyTries."""
    account = f"codes of {user.pk}"
    tries.begin(account=account, address=address, at=at)
    plain = "".join(code.lower().split()).replace("-", "")
    try:
        kind = _use_app(user, plain, at) if APP_CODE.fullmatch(plain) else _use_recovery(user, plain, at)
    except NotTheCode:
        sign_ins.failed(user, how="code", address=address)
        raise
    tries.succeeded(account=account, address=address, at=at)
    return kind


def _use_app(user: User, code: str, at: datetime) -> str:
    app = AuthenticatorApp.objects.filter(user=user).first()
    step = _step(app.secret, code, at) if app else 0
    if not AuthenticatorApp.objects.filter(user=user, last_step__lt=step).update(last_step=step):
        raise NotTheCode("this code does not fit, or was used already", field="code")
    return "app"


def _use_recovery(user: User, code: str, at: datetime) -> str:
    unused = RecoveryCode.objects.filter(user=user, used_at__isnull=True)
    if not unused.filter(code_hash=_hashed(user, code)).update(used_at=at):
        raise NotTheCode("this code does not fit, or was used already", field="code")
    return "recovery code"


def _hashed(user: User, code: str) -> str:
    return crypto.blind_index(code, about=f"recovery code of {user.pk}")


def new_codes(*, user: User, by: By) -> list[str]:
    """Return new recovery codes, which are shown this once; the earlier ones are dead."""
    with transaction.atomic():
        codes = fresh_codes(user)
        audit.record(by=by, action="codes.made", subject=user)
    return codes


def fresh_codes(user: User) -> list[str]:
    """Write recovery codes in the place of the earlier ones, in the transaction of the deed; return them."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hashed(user, code)) for code in codes)
    return ["-".join(re.findall(".{6}", code)) for code in codes]


def codes_left(user: User) -> int:
    """Return how many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


def remove_app(*, user: User, by: By) -> bool:
    """Take the app away; tell whether there was one. Raises LastFactor."""
    with transaction.atomic():
        app = AuthenticatorApp.objects.filter(user=user).first()
        if app is None:
            return False
        require_another(user)
        audit.record(by=by, action="factor.removed", subject=app, changes={"kind": "app"})
        app.delete()
        settle(user)
    return True


def require_another(user: User) -> None:
    """Refuse with LastFactor to take away the only factor where there is a real practice."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two requests at once would take away two
    number = Passkey.objects.filter(user=user).count() + AuthenticatorApp.objects.filter(user=user).count()
    if number < 2 and are_a_must():
        raise LastFactor("this is your only second factor")


def settle(user: User) -> None:
    """After a factor went: recovery codes go with the last one, and every session ends."""
    if not has_any(user):
        RecoveryCode.objects.filter(user=user).delete()
    end_sessions(user)


def drop_all(user: User) -> None:
    """Take every second factor away, in the transaction of whoever may do that; every session ends."""
    for model in (AuthenticatorApp, Passkey, RecoveryCode):
        model._default_manager.filter(user=user).delete()
    end_sessions(user)


def end_sessions(user: User) -> None:
    """End every session of a person; the one in which this was asked for is renewed by its page."""
    User.objects.filter(pk=user.pk).update(sign_out_round=F("sign_out_round") + 1)
    user.refresh_from_db(fields=["sign_out_round"])
