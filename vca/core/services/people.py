"""People in a practice: invitations by link, roles, API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import QuerySet

from vca.core import access, audit
from vca.core.access import Actor
from vca.core.models import ApiToken, Invitation, Membership, Practice, User
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError

INVITATION_LASTS = timedelta(days=7)
TOKEN_LASTS = timedelta(days=365)


class InvitationNotUsable(RuleError):
    """The invitation does not exist, was used, or is too old."""

    code = "ACCESS-02"


class LastAdministrator(RuleError):
    """Nobody would be left to manage the practice."""

    code = "ACCESS-03"


def hashed(token: str) -> str:
    """Return what is kept of a token; it is long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(*, email: str, role: Role, by: Actor, at: datetime) -> tuple[Invitation, str]:
    """Return a new invitation and the token of its link, which is shown this once."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            practice_id=by.practice_id,
            email=email.lower(),
            role=role,
            token_hash=hashed(token),
            invited_by_id=by.user_id,
            expires_at=at + INVITATION_LASTS,
        )
        audit.record(by=by, action="invitation.sent", subject=invitation, changes={"role": role})
    return invitation, token


def usable_invitation(token: str, *, at: datetime) -> Invitation:
    """Return the invitation behind a link. Raises InvitationNotUsable."""
    open_ones = Invitation.objects.select_related("practice").filter(accepted_at__isnull=True, expires_at__gt=at)
    invitation = open_ones.filter(token_hash=hashed(token)).first()
    if invitation is None:
        raise InvitationNotUsable("this invitation was used before, is too old, or never existed")
    return invitation


def accept(*, token: str, name: str, password: str, at: datetime) -> User:
    """Make the invited person a member; somebody known already keeps name and password and only gains the role.

    Raises InvitationNotUsable, and ValidationError when the password is too weak.
    """
    with transaction.atomic():
        invitation = usable_invitation(token, at=at)
        used = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(accepted_at=at)
        if not used:
            raise InvitationNotUsable("this invitation was used before")
        user = User.objects.filter(email=invitation.email).first()
        if user is None:
            validate_password(password, User(email=invitation.email, name=name))
            user = User.objects.create_user(invitation.email, name=name, password=password)
        by = Actor(invitation.practice_id, user.pk, "invitation")
        audit.record(by=by, action="invitation.accepted", subject=invitation)
        give_role(user=user, role=Role(invitation.role), by=by)
    return user


def give_role(*, user: User, role: Role, by: Actor) -> Membership:
    """Give somebody a role in the actor's practice."""
    with transaction.atomic():
        membership, _ = Membership.objects.update_or_create(
            user=user,
            practice_id=by.practice_id,
            role=role,
            defaults={"is_active": True},
        )
        audit.record(by=by, action="membership.given", subject=membership, changes={"role": role})
    return membership


def end_role(*, membership: Membership, by: Actor) -> bool:
    """End a role; it works no more from the next request on. Tell whether it was active. Raises LastAdministrator."""
    with transaction.atomic():
        Practice.objects.select_for_update(no_key=True).get(pk=by.practice_id)
        others = Membership.objects.filter(practice_id=by.practice_id, role=Role.ADMINISTRATOR, is_active=True)
        if membership.role == Role.ADMINISTRATOR and not others.exclude(pk=membership.pk).exists():
            raise LastAdministrator("this is the practice's last administrator")
        mine = Membership.objects.filter(pk=membership.pk, practice_id=by.practice_id, is_active=True)
        ended = mine.update(is_active=False)
        if ended:
            audit.record(
                by=by,
                action="membership.ended",
                subject=membership,
                changes={"role": membership.role},
            )
    return bool(ended)


def members(by: Actor) -> QuerySet[Membership]:
    """Return the practice's memberships, active ones first."""
    rows = access.scope(Membership.objects.all(), by)
    return rows.select_related("user").order_by("-is_active", "user__name", "role", "pk")


def issue_token(*, user: User, name: str, by: Actor, at: datetime) -> tuple[ApiToken, str]:
    """Return a new API token and its text, which is shown this once."""
    token = "vca_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            practice_id=by.practice_id,
            user=user,
            name=name,
            token_hash=hashed(token),
            expires_at=at + TOKEN_LASTS,
        )
        audit.record(by=by, action="token.issued", subject=row)
    return row, token


def revoke_token(*, token: ApiToken, by: Actor, at: datetime) -> bool:
    """End a token at once; tell whether it was live."""
    with transaction.atomic():
        mine = ApiToken.objects.filter(pk=token.pk, practice_id=by.practice_id, revoked_at__isnull=True)
        revoked = mine.update(revoked_at=at)
        if revoked:
            audit.record(by=by, action="token.revoked", subject=token)
    return bool(revoked)


def holder(token: str, *, at: datetime) -> ApiToken | None:
    """Return the live token with that text whose person is active, or ``None``."""
    live = ApiToken.objects.filter(revoked_at__isnull=True, expires_at__gt=at, user__is_active=True)
    return live.select_related("user", "practice").filter(token_hash=hashed(token)).first()
