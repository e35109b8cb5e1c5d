"""People in a practice: one-time links by which they join or set a new password, roles, API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from vca.core import access, audit
from vca.core.access import Actor
from vca.core.isolation import within
from vca.core.models import (
    ApiToken,
    AuthenticatorApp,
    Channel,
    Delivery,
    Invitation,
    Membership,
    Outcome,
    Passkey,
    Practice,
    User,
)
from vca.core.services import factors, passwords, tokens
from vca.core.services.passwords import NotOursToReset
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(days=1)  # of an account that opens doors already. Source: OWASP ASVS 5.0.0, 6.4.1
TOKEN_LASTS = timedelta(days=365)


class InvitationNotUsable(RuleError):
    """The link does not exist, was used or withdrawn, or is too old."""

    code = "ACCESS-02"


class NameNotOneLine(RuleError):
    """The name of a token has line breaks or control characters, which would forge lines of lists and logs."""

    code = "RECORD-02"


class LastAdministrator(RuleError):
    """Nobody would be left to manage the practice."""

    code = "ACCESS-03"


def hashed(token: str) -> str:
    """Return what is kept of a token; it is long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(*, email: str, role: Role, by: Actor, at: datetime) -> tuple[Invitation, str]:
    """Return an invitation and the token of its link, which is shown this once; an older one like it is dead."""
    with transaction.atomic():
        invitation = _waiting_or_new(by, email=email.lower(), role=role)
        token = _write_link(invitation, at=at)
        audit.record(by=by, action="invitation.sent", subject=invitation, changes={"role": role})
    return invitation, token


def offer_reset(*, user: User, by: Actor, at: datetime) -> tuple[Invitation, str]:
    """Return a link by which somebody who forgot the password sets a new one; ``passwords`` says who may make it.

    Raises NotOursToReset. An operator's command, behind which no person of a practice stands, may for every member.
    """
    with transaction.atomic():
        link = _waiting_or_new(by, email=user.email, resets=user)
        _require_resettable(user, link)
        token = _write_link(link, at=at)
        audit.record(by=by, action="password.reset_offered", subject=user)
    return link, token


def offer_new_factors(*, user: User, by: Actor, at: datetime) -> tuple[Invitation, str]:
    """Return a link by which somebody who lost the second factors is rid of them, by the present password.

    Raises NotOursToReset: the same people may make it as the link for a new password.
    """
    with transaction.atomic():
        link = _waiting_or_new(by, email=user.email, resets=user, drops_factors=True)
        _require_resettable(user, link)
        token = _write_link(link, at=at)
        audit.record(by=by, action="factors.reset_offered", subject=user)
    return link, token


def _waiting_or_new(by: Actor, **about: Any) -> Invitation:
    about = {"role": "", "resets": None, "drops_factors": False} | about
    like_it = invitations(by).filter(**about).select_for_update(no_key=True, of=("self",))
    found = like_it.first() or Invitation(practice_id=by.practice_id, **about)
    found.invited_by_id = by.user_id  # who makes a link answers for it: an operator's is not handed on
    return found


def _require_resettable(user: User, link: Invitation) -> None:
    if not user.is_active:
        raise NotOursToReset("this person's account is closed")
    if link.invited_by_id or link.practice_id not in passwords.works_in(user):
        passwords.require_ours(user, practice_id=link.practice_id)


def _write_link(invitation: Invitation, *, at: datetime) -> str:
    """Save the invitation with a new token, return it; a link that was made before is dead."""
    token = secrets.token_urlsafe(32)
    lasts = RESET_LASTS if invitation.resets_id else INVITATION_LASTS
    invitation.token_hash, invitation.expires_at = hashed(token), at + lasts
    invitation.save()
    return token


def invitations(by: Actor) -> QuerySet[Invitation]:
    """Return the links of the practice that nobody has used or withdrawn, newest first; some may be too old."""
    waiting = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
    return access.scope(waiting, by).select_related("invited_by", "resets").order_by("-expires_at", "-pk")


def invite_again(*, invitation: Invitation, by: Actor, at: datetime) -> str:
    """Return the token of a new link in the place of the old one. Raises InvitationNotUsable, NotOursToReset."""
    with transaction.atomic():
        waiting = invitations(by).filter(pk=invitation.pk).select_for_update(no_key=True, of=("self",)).first()
        if waiting is None:
            raise InvitationNotUsable("this invitation was used or withdrawn in the meantime")
        waiting.invited_by_id = by.user_id
        if waiting.resets:
            _require_resettable(waiting.resets, waiting)
        token = _write_link(waiting, at=at)
        audit.record(by=by, action="invitation.sent_again", subject=waiting)
    return token


def withdraw_invitation(*, invitation: Invitation, by: Actor, at: datetime) -> bool:
    """Let a link open nothing any more; tell whether it still would have."""
    with transaction.atomic():
        withdrawn = invitations(by).filter(pk=invitation.pk).update(withdrawn_at=at)
        if withdrawn:
            audit.record(by=by, action="invitation.withdrawn", subject=invitation)
    return bool(withdrawn)


def withdraw_all_of(user: User, *, by: Actor, at: datetime) -> None:
    """Let no link open anything that this person made in the practice, or that was made for them."""
    of_them = Q(invited_by=user) | Q(resets=user) | Q(email=user.email)
    for link in invitations(by).filter(of_them).order_by("pk"):
        withdraw_invitation(invitation=link, by=by, at=at)


def usable_invitation(token: str, *, at: datetime) -> Invitation:
    """Return the invitation behind a link. Raises InvitationNotUsable, which says why."""
    with within(None):
        found = Invitation.objects.select_related("practice", "resets").filter(token_hash=hashed(token)).first()
    if found is None:
        raise InvitationNotUsable("this link is not known: a newer one has taken its place, or a part of it is missing")
    if found.accepted_at:
        raise InvitationNotUsable("this link was used already")
    if found.withdrawn_at:
        raise InvitationNotUsable("this link was withdrawn")
    if found.expires_at <= at:
        raise InvitationNotUsable("this link is too old")
    return found


def proved_by(invitation: Invitation) -> User | None:
    """Return who has to prove by the present password to be that person: whose account opens doors already.

    Nobody but they may add a role to it, or be rid of its second factors.
    """
    if invitation.resets_id:
        return invitation.resets if invitation.drops_factors else None
    known = User.objects.filter(email=invitation.email).first()
    return known if known and passwords.works_in(known) else None


def accept(*, token: str, password: str, at: datetime, name: str = "") -> User:
    """Do what the link is for: make the invited person a member, or set a new password.

    Somebody who works in a practice proves to be that person by the present password, and keeps it and the name.
    Raises InvitationNotUsable, NotThePresentPassword, NotOursToReset; ValidationError for a password too weak.
    """
    invitation = usable_invitation(token, at=at)
    with within(invitation.practice_id), transaction.atomic():
        unused = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, withdrawn_at__isnull=True)
        # Made anew since it was looked at, it has another token: the one that was sent before is dead.
        if not unused.filter(token_hash=hashed(token), expires_at__gt=at).update(accepted_at=at):
            raise InvitationNotUsable("this link was used or withdrawn a moment ago")
        if invitation.resets and invitation.drops_factors:
            return _drop_factors(invitation.resets, invitation, password, at)
        if invitation.resets:
            return _reset(invitation.resets, invitation, password, at)
        return _join(invitation, name, password, at)


def _reset(person: User, link: Invitation, password: str, at: datetime) -> User:
    user = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    _require_resettable(user, link)
    by = Actor(link.practice_id, user.pk, "reset link")
    passwords.put(user=user, password=password, by=by, at=at)
    audit.record(by=by, action="password.reset", subject=user)
    return user


def _drop_factors(person: User, link: Invitation, password: str, at: datetime) -> User:
    user = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    _require_resettable(user, link)
    passwords.prove(user, password, field="password")
    factors.drop_all(user)
    tokens.end_all_of(user, acting_as="reset link", at=at)
    audit.record(by=Actor(link.practice_id, user.pk, "reset link"), action="factors.dropped", subject=user)
    return user


def _join(invitation: Invitation, name: str, password: str, at: datetime) -> User:
    user = _newcomer(invitation.email, name, password) or _somebody_known(invitation, password, at)
    by = Actor(invitation.practice_id, user.pk, "invitation")
    User.objects.filter(pk=user.pk).update(is_active=True)  # who had left comes back
    audit.record(by=by, action="invitation.accepted", subject=invitation)
    give_role(user=user, role=Role(invitation.role), by=by)
    return user


def _newcomer(email: str, name: str, password: str) -> User | None:
    """Make an account, unless the address has one, perhaps since this moment by another invitation."""
    if User.objects.filter(email=email).exists():
        return None
    validate_password(password, User(email=email, name=name))
    try:
        with transaction.atomic():
            return User.objects.create_user(email, name=name, password=password)
    except IntegrityError:
        return None  # user_email_is_one_person


def _somebody_known(invitation: Invitation, password: str, at: datetime) -> User:
    # The lock keeps a reset from looking while this adds a practice.
    user = User.objects.select_for_update(no_key=True).get(email=invitation.email)
    if proved_by(invitation):
        passwords.prove(user, password, field="password")
    else:
        by = Actor(invitation.practice_id, user.pk, "invitation")
        passwords.put(user=user, password=password, by=by, at=at)
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
    """Return the practice's memberships, active ones first.

    ``mail`` is what became of the last e-mail to each; ``has_factor`` tells whether there is one to lose.
    """
    mail = access.scope(Delivery.objects.filter(channel=Channel.EMAIL, recipient__user=OuterRef("user")), by)
    last = mail.exclude(outcome=Outcome.NOTED).order_by("-at", "-pk").values("outcome")[:1]
    keys = Passkey.objects.filter(user=OuterRef("user"))
    apps = AuthenticatorApp.objects.filter(user=OuterRef("user"))
    has_factor = Exists(keys) | Exists(apps)
    rows = access.scope(Membership.objects.all(), by).annotate(mail=Subquery(last), has_factor=has_factor)
    return rows.select_related("user").order_by("-is_active", "user__name", "role", "pk")


def issue_token(*, user: User, name: str, by: Actor, at: datetime) -> tuple[ApiToken, str]:
    """Return a new API token and its text, which is shown this once. Raises NameNotOneLine."""
    if not name.isprintable():
        raise NameNotOneLine("a name is one line of letters, digits and signs", field="name")
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


def tokens_of_practice(by: Actor) -> QuerySet[ApiToken]:
    """Return the tokens that somebody may see and end: of everybody, for who manages people, else their own."""
    rows = access.scope(ApiToken.objects.select_related("user"), by).order_by("-created_at", "-pk")
    return rows if by.may("manage_people") else rows.filter(user_id=by.user_id or 0)


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
    with within(None):
        return live.select_related("user", "practice").filter(token_hash=hashed(token)).first()
