"""Encryption of fields and files at rest: AES-256-GCM with key ids, and blind indexes for equality search.

FIELD_KEYS is ``id:base64[,id:base64...]``, 32 bytes each; the first key encrypts, all of them decrypt, so a key is
rotated by putting a new one in front (vca.core.services.rotation). The associated data ties a ciphertext to its table,
column and row: moved to another row, it no longer opens. INDEX_KEY makes the blind indexes and nothing else: one key
has one use, and field keys can go without an index being made anew. Source: 45 CFR 164.312(a)(2)(iv), encryption and
decryption; NIST SP 800-57 part 1, 5.2.
"""

import base64
import hashlib
import hmac
import secrets
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

from vca import environment
from vca.domain.errors import RuleError

NONCE_BYTES = 12
LONGEST_ID = 20  # of a key, in characters


class SealBroken(RuleError):
    """A ciphertext does not open: its key is missing, or it was moved or altered."""

    code = "KEPT-01"


@cache
def keys() -> dict[str, bytes]:
    """Return the field keys by id, the encrypting one first. Raises ImproperlyConfigured on a malformed list."""
    return environment.field_keys(settings.FIELD_KEYS)


@cache
def index_key() -> bytes:
    """Return the key of blind indexes. Raises ImproperlyConfigured on a malformed one."""
    return environment.index_key(settings.INDEX_KEY, apart_from=keys().values())


def sealing() -> str:
    """Return the id of the key that seals now."""
    return next(iter(keys()))


def sealed_with(sealed: bytes) -> str:
    """Return the id of the key that sealed this."""
    return sealed.partition(b":")[0][:LONGEST_ID].decode(errors="replace")


def seal(plain: bytes, *, about: str) -> bytes:
    """Return ``id:nonce+ciphertext``. ``about`` names table, column and row, and is needed again to open it."""
    key_id, key = next(iter(keys().items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    return key_id.encode() + b":" + nonce + AESGCM(key).encrypt(nonce, plain, about.encode())


def unseal(sealed: bytes, *, about: str) -> bytes:
    """Return the plain bytes. Raises SealBroken, which names a key that is missing."""
    name, rest = sealed_with(sealed), sealed.partition(b":")[2]
    key = keys().get(name)
    if key is None:
        raise SealBroken(f"the key that sealed this, {name!r}, is not among FIELD_KEYS")
    try:
        return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
        raise SealBroken("this was sealed for another place, or was altered") from None


def blind_index(value: str, *, about: str) -> str:
    """Return a keyed hash by which equal values are found without being readable; empty for an empty value."""
    if not value:
        return ""
    return hmac.new(index_key(), f"{about}:{value}".encode(), hashlib.sha256).hexdigest()


class Sealed(str):
    """A value as it lies in the database, not yet opened."""

    __slots__ = ()


class _Opening:
    """Open a sealed value when it is read, since only the row knows the key of its place."""

    def __init__(self, field: "SealedTextField") -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type | None = None) -> Any:
        if row is None:
            return self
        name = self.field.attname
        if name not in row.__dict__:
            row.refresh_from_db(fields=[name])
        value = row.__dict__[name]
        if isinstance(value, Sealed):
            value = row.__dict__[name] = self.field.open(value, row)
        return value

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = value


class SealedTextField(models.TextField):
    """Text encrypted at rest, as ``id:base64``. The row needs a primary key before it is saved: use UUID keys."""

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Put the opening descriptor in the place of the plain attribute."""
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Opening(self))

    def about(self, row: models.Model) -> str:
        """Return table, column and row: what a ciphertext is tied to."""
        return f"{row._meta.db_table}.{self.column}.{row.pk}"

    def open(self, value: Sealed, row: models.Model) -> str:
        """Return the plain text. Raises SealBroken."""
        if not value:
            return ""
        key_id, _, rest = value.partition(":")
        try:
            sealed = key_id.encode() + b":" + base64.b64decode(rest, validate=True)
        except ValueError:
            raise SealBroken("this is not a sealed value") from None
        return unseal(sealed, about=self.about(row)).decode()

    def close(self, value: str, row: models.Model) -> Sealed:
        """Return the text sealed for this row."""
        key_id, _, rest = seal(value.encode(), about=self.about(row)).partition(b":")
        return Sealed(f"{key_id.decode()}:{base64.b64encode(rest).decode()}")

    def from_db_value(self, value: str | None, *_: object) -> Sealed | None:
        """Mark what came from the database as not yet opened."""
        return None if value is None else Sealed(value)

    def pre_save(self, row: models.Model, add: bool) -> Sealed:
        """Seal for this row; a value that was never opened is written back as it is."""
        value = row.__dict__.get(self.attname) or ""
        if isinstance(value, Sealed) or not value:
            return Sealed(value)
        return self.close(value, row)

    def get_prep_value(self, value: Any) -> str | None:
        """Let nothing but sealed text reach the database.

        Raises TypeError: ``update``, ``bulk_update`` and ``filter`` know no row to seal for.
        """
        if value and not isinstance(value, Sealed):
            raise TypeError(f"{self.name} is sealed for its row: save the row, and look it up by a blind index")
        return None if value is None else str(value)
