"""Passwords: changed by who knows the present one, and set anew by a one-time link for who forgot it.

Who may make that link: an administrator whose practice is the only one in which the person works. Somebody who works in
two practices opens the doors of both with one password; neither practice may take them over to enter the other. For
them the operator of the installation makes the link (``manage.py reset_password``). The rule holds when the link is
made and again when it is used, since the person may have joined another practice, or left this one, in between.
"""

from datetime import datetime

from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from vca.core import audit
from vca.core.audit import By
from vca.core.isolation import within
from vca.core.models import Membership, User
from vca.core.services import tokens
from vca.domain.errors import RuleError
from vca.domain.passwords import is_of_this_trade, is_two_of


class NotThePresentPassword(RuleError):
    """Whoever asks does not know the present password."""

    code = "ACCESS-04"


class NotOursToReset(RuleError):
    """The person does not work in the practice, or works in another one too."""

    code = "ACCESS-05"


class HardToGuess(CommonPasswordValidator):
    """Django's validator, and more: no two common ones side by side, no words of this trade alone."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError for one that is easy to guess although it is long."""
        super().validate(password, user)  # type: ignore[arg-type]  # which reads no user
        if is_of_this_trade(password) or is_two_of(self.passwords, password):
            raise ValidationError("This password is easy to guess here. Put words into it that nobody expects.")


def prove(user: User, password: str, *, field: str) -> None:
    """Refuse with NotThePresentPassword whoever does not know it."""
    if not user.check_password(password):
        raise NotThePresentPassword(f"this is not the present password of {user.email}", field=field)


def change(*, user: User, present: str, new: str, by: By, at: datetime) -> None:
    """Change one's own password; every other session and every API token of the person ends.

    Raises NotThePresentPassword, and ValidationError when the new one is too weak.
    """
    with transaction.atomic():
        prove(User.objects.select_for_update(no_key=True).get(pk=user.pk), present, field="present")
        put(user=user, password=new, by=by, at=at)
        audit.record(by=by, action="password.changed", subject=user)


def put(*, user: User, password: str, by: By, at: datetime) -> None:
    """Let that be the password, and end every API token of the person. Raises ValidationError when it is too weak."""
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    tokens.end_all_of(user, acting_as=by.acting_as, at=at)


def works_in(user: User) -> frozenset[int]:
    """Return the ids of the practices in which somebody works."""
    with within(None):
        active = Membership.objects.filter(user=user, is_active=True)
        return frozenset(active.values_list("practice_id", flat=True))


def require_ours(user: User, *, practice_id: int) -> None:
    """Refuse with NotOursToReset unless the person works in this practice and in no other."""
    if works_in(user) != {practice_id}:
        raise NotOursToReset("this person does not work here, or works in another practice too")
