"""Who signs in, and what of it stands in the audit trail."""

from datetime import date, datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction

from vca.core import audit
from vca.core.access import Actor, Nowhere
from vca.core.isolation import within
from vca.core.models import RealData, User
from vca.core.services import parameters, passwords, practices, tries
from vca.domain.errors import RuleError
from vca.domain.sign_in import Limits


class NoMatch(RuleError):
    """Address and password do not belong together; which of the two is wrong is told to nobody."""

    code = "ACCESS-06"


def by_password(*, email: str, password: str, address: str, at: datetime) -> User:
    """Return who has this address and password.

    Raises TooManyTries before anything is judged, and NoMatch after the failure stands in the audit trail. Neither
    depends on whether anybody has the address, and it takes as long.
    """
    account = email.lower()
    tries.begin(account=account, address=address, at=at)
    user = authenticate(username=account, password=password)
    if not isinstance(user, User) or not may_enter(user):
        failed(User.objects.filter(email=account).first(), how="password", address=address)
        raise NoMatch("e-mail address and password do not match")
    return user


def prove_password(*, user: User, password: str, address: str, at: datetime, field: str = "password") -> None:
    """Let somebody prove who they are by the present password, at the pace of the door.

    Raises TooManyTries, NotThePresentPassword.
    """
    tries.begin(account=user.email, address=address, at=at)
    try:
        passwords.prove(user, password, field=field)
    except passwords.NotThePresentPassword:
        failed(user, how="password", address=address)
        raise
    tries.succeeded(account=user.email, address=address, at=at)


def may_enter(user: User) -> bool:
    """Tell whether the door opens for this account: never again for the demo's, once there is a real practice."""
    return user.is_active and not (user.is_demo and RealData.objects.exists())


def failed(user: User | None, *, how: str, address: str) -> None:
    """Record a failure. An address that nobody has is not written down: it may be a mistyped password."""
    _record(user, "sign_in.failed", {"how": how, "address": address})


def done(user: User, *, how: str, address: str, at: datetime) -> None:
    """Record a sign-in, and forget the failures before it."""
    with transaction.atomic():
        tries.succeeded(account=user.email, address=address, at=at)
        _record(user, "sign_in.done", {"how": how, "address": address})


def proved(user: User, *, how: str) -> None:
    """Record that somebody signed in has proved once more who they are."""
    _record(user, "sign_in.proved", {"how": how})


def over(user: User, *, how: str) -> None:
    """Record that somebody signed out, or that their time was over."""
    _record(user, "sign_out.done", {"how": how})


def limits(user: User, *, at: datetime) -> Limits:
    """Return how long a sign-in that begins now lasts: the strictest of the practices in which the person works."""
    days = {one: _day_in(one, at) for one in passwords.works_in(user)}
    idle = parameters.least("sign-in-idle-minutes", days=days)
    longest = parameters.least("sign-in-hours", days=days)
    return Limits(timedelta(minutes=idle), timedelta(hours=longest))


def _day_in(practice_id: int, at: datetime) -> date:
    with within(practice_id):
        return practices.civil_day(Actor(practice_id, None, "sign-in"), at=at)


def _record(user: User | None, action: str, changes: dict[str, str]) -> None:
    with transaction.atomic():
        by = Nowhere(user.pk if user else None, acting_as="person" if user else "nobody known")
        audit.record(by=by, action=action, subject=user or "user", changes=changes)
