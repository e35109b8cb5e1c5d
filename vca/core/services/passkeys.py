"""Passkeys: added, asked for at the door, renamed, removed.

A passkey is asked for without a name and verifies its user, so it is two factors at once. What the browser answers
belongs to one challenge, to this host, and to the very origin of the page. Source: W3C Web Authentication, level 2,
7.1 and 7.2; NIST SP 800-63B-4, AAL2 (phishing-resistant).
"""

import base64
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vca.core import audit, crypto
from vca.core.audit import By
from vca.core.models import Passkey, RecoveryCode, User
from vca.core.services import factors
from vca.domain.errors import RuleError

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, struct.error)
State = dict[str, Any]


class PasskeyRefused(RuleError):
    """What the browser answered is not what was asked for, or belongs to a passkey that is not known."""

    code = "ACCESS-10"


class NameTaken(RuleError):
    """Another passkey of the same person has that name."""

    code = "RECORD-01"


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys belong: the host without its port, and the origin of the pages."""

    host: str
    origin: str


def _server(site: Site) -> Fido2Server:
    # The origin itself: left alone, the library would take that of every subdomain.
    entity = PublicKeyCredentialRpEntity(name=factors.ISSUER, id=site.host)
    return Fido2Server(entity, verify_origin=lambda origin: origin == site.origin)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn whatever is wrong with an answer into PasskeyRefused: it comes from outside."""
    try:
        yield
    except (*MALFORMED, Passkey.DoesNotExist):
        raise PasskeyRefused("this passkey was not accepted") from None


def begin_adding(user: User, *, site: Site) -> tuple[dict[str, Any], State]:
    """Return what the browser is asked, and what its answer is held against."""
    handle = bytes.fromhex(crypto.blind_index(str(user.pk), about="passkey.user"))
    entity = PublicKeyCredentialUserEntity(name=user.email, id=handle, display_name=user.name)
    asked, state = _server(site).register_begin(
        entity,
        [_credential(row) for row in Passkey.objects.filter(user=user)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(asked), state


def add(*, user: User, name: str, answer: str, state: State, site: Site, by: By, at: datetime) -> list[str]:
    """Add a passkey; return recovery codes with the first factor, else nothing. Raises PasskeyRefused, NameTaken."""
    with _refusing():
        said = RegistrationResponse.from_dict(json.loads(answer))
        data = _server(site).register_complete(state, said)
        credential = AttestedCredentialData(data.credential_data or b"")
    row = Passkey(user=user, name=name, credential_id=websafe_encode(credential.credential_id))
    row.credential = base64.b64encode(credential).decode()
    row.sign_count, row.added_at = data.counter, at
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _insert(row)
        audit.record(by=by, action="factor.added", subject=row, changes={"kind": "passkey"})
        factors.end_sessions(user)
        return [] if RecoveryCode.objects.filter(user=user).exists() else factors.fresh_codes(user)


def _insert(row: Passkey) -> None:
    if Passkey.objects.filter(user=row.user, name=row.name).exists():
        raise NameTaken("one of your passkeys has this name already", field="name")
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise PasskeyRefused("this passkey was added already") from None


def _credential(row: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(base64.b64decode(row.credential))


def begin_asking(*, site: Site) -> tuple[dict[str, Any], State]:
    """Return what the browser is asked for any passkey of this site, and what its answer is held against."""
    asked, state = _server(site).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(asked), state


def use(*, answer: str, state: State, site: Site, at: datetime) -> User:
    """Return whose passkey answered. Raises PasskeyRefused, also for a passkey whose count shows a copy."""
    with _refusing():
        said = AuthenticationResponse.from_dict(json.loads(answer))
        row = Passkey.objects.select_related("user").get(credential_id=websafe_encode(said.raw_id))
        _server(site).authenticate_complete(state, [_credential(row)], said)
        count = said.response.authenticator_data.counter
    newer = Q(sign_count__lt=count) if count else Q(sign_count=0)
    if not Passkey.objects.filter(newer, pk=row.pk).update(sign_count=count, last_used_at=at):
        raise PasskeyRefused("this passkey was not accepted: it may have been copied")
    return row.user


def rename(*, passkey: Passkey, name: str, by: By) -> None:
    """Give a passkey another name. Raises NameTaken."""
    with transaction.atomic():
        if Passkey.objects.filter(user_id=passkey.user_id, name=name).exclude(pk=passkey.pk).exists():
            raise NameTaken("one of your passkeys has this name already", field="name")
        Passkey.objects.filter(pk=passkey.pk).update(name=name)
        audit.record(by=by, action="factor.renamed", subject=passkey)


def remove(*, passkey: Passkey, by: By) -> None:
    """Take a passkey away. Raises LastFactor."""
    with transaction.atomic():
        factors.require_another(passkey.user)
        audit.record(by=by, action="factor.removed", subject=passkey, changes={"kind": "passkey"})
        Passkey.objects.filter(pk=passkey.pk).delete()
        factors.settle(passkey.user)
