"""What the environment says, read and judged: nonsense is refused at start, in one sentence that says what to write.

Every function raises ImproperlyConfigured. Its sentence names the variable and repeats no value: most hold secrets.
"""

import base64
import os
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
SECRET_LENGTH = 50
SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on", "t", "y"), True),
    **dict.fromkeys(("0", "false", "no", "off", "f", "n"), False),
}
DATABASES = ("postgres", "postgresql", "sqlite")
BROKERS = ("redis", "rediss")
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def required(name: str, value: str, *, least: int = 1) -> str:
    """Return the value, of at least so many characters."""
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Set it, or start with ./run, which makes the keys once.")
    if len(value) < least:
        raise ImproperlyConfigured(f"{name} is shorter than {least} characters. Use a long random one.")
    return value


def switch(name: str, value: str, *, default: bool) -> bool:
    """Return whether a switch is on; not set, or set to nothing, is the default."""
    if not value.strip():
        return default
    try:
        return SWITCH[value.strip().lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{name} is neither on nor off. Write {name}=1 or {name}=0.") from None


def field_keys(value: str) -> dict[str, bytes]:
    """Return the keys of encrypted fields by id, the encrypting one first: ``id:base64[,id:base64...]``."""
    found: dict[str, bytes] = {}
    for item in value.split(","):
        key_id, _, encoded = item.strip().partition(":")
        if not key_id or not encoded:
            raise ImproperlyConfigured("FIELD_KEYS must be id:base64[,id:base64...]: an entry lacks its id or its key.")
        if key_id in found:
            raise ImproperlyConfigured("FIELD_KEYS names one id twice. Give each key an id of its own.")
        found[key_id] = _key(encoded, place=len(found) + 1)
    return found


def _key(encoded: str, *, place: int) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ImproperlyConfigured(f"FIELD_KEYS: key {place} is not base64. Was a part of it lost?") from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"FIELD_KEYS: key {place} has {len(key)} bytes; a key has {KEY_BYTES}.")
    return key


def _parts(name: str, url: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    """Return the parts of an address of one of these schemes, whose port is a port."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and (parts.port is None or 0 < parts.port < 65536)
    except ValueError:  # a port that is no number, or half an IPv6 address
        sound = False
    if not sound:
        raise ImproperlyConfigured(f"{name} cannot be read. Write it like {example}; percent-encode the password.")
    return parts


def database(name: str, url: str) -> dict[str, Any]:
    """Return the connection that an address names, in the way this project runs that database."""
    parts = _parts(name, url, DATABASES, "postgresql://role:password@host:5432/database")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database. Write its name after the last slash.")
    config = dict(environ.Env.db_url_config(url))
    if parts.scheme == "sqlite":
        writable_folder(name, Path(str(config["NAME"])).parent)
        return {**config, "OPTIONS": SQLITE_OPTIONS}
    options = {**config.get("OPTIONS", {}), "connect_timeout": 5}
    return {**config, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def broker(name: str, url: str) -> str:
    """Return the address of the Redis that rings for workers; empty without one."""
    if url and not _parts(name, url, BROKERS, "redis://host:6379/0").hostname:
        raise ImproperlyConfigured(f"{name} names no host. Write it like redis://host:6379/0.")
    return url


def email(name: str, url: str) -> dict[str, Any]:
    """Return Django's settings of how e-mail leaves."""
    _parts(name, url, tuple(environ.Env.EMAIL_SCHEMES), "smtp+tls://user:password@host:587")
    return dict(environ.Env.email_url_config(url))


def writable_folder(name: str, folder: Path) -> Path:
    """Return the folder, which may be missing as long as it can be made; what it is for is named in the sentence."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}: {folder} cannot be written. Let this user write there, or name another.")
    return folder
