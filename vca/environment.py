"""What the environment says, read and judged: nonsense is refused at start, in one sentence that says what to write.

Every function raises ImproperlyConfigured. Its sentence names the variable and repeats no value: most hold secrets.
"""

import base64
import os
import re
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9]{1,20}")
SECRET_LENGTH = 50
SECRET_SIGNS = 10  # different ones
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


def secret(name: str, value: str) -> str:
    """Return a secret that nobody guesses: long, of many signs, and not one that a generator of projects left."""
    required(name, value, least=SECRET_LENGTH)
    if len(set(value)) < SECRET_SIGNS or value.startswith("django-insecure-"):
        raise ImproperlyConfigured(f"{name} can be guessed. Use a random one, such as ./run makes.")
    return value


def hosts(name: str, value: list[str], *, debug: bool) -> list[str]:
    """Return the host names that are served: some, and with DEBUG off no sign that stands for any."""
    if not value:
        raise ImproperlyConfigured(f"{name} is empty. Name the hosts that this installation serves.")
    if not debug and any(host in ("*", ".") for host in value):
        raise ImproperlyConfigured(f"{name} holds a name that stands for any. Name the hosts that are served.")
    return value


def site(name: str, value: str, *, debug: bool) -> str:
    """Return what links in e-mail begin with: with DEBUG off an address that is encrypted on its way."""
    parts = _parts(name, value, ("http", "https"), "https://vca.example.org")
    if not debug and parts.scheme != "https":
        raise ImproperlyConfigured(f"{name} begins with http. Links in e-mail must be https.")
    return value.rstrip("/")


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
        if not KEY_ID.fullmatch(key_id):
            raise ImproperlyConfigured("FIELD_KEYS: an id has 1 to 20 letters and digits, such as 2027a.")
        if key_id in found:
            raise ImproperlyConfigured("FIELD_KEYS names one id twice. Give each key an id of its own.")
        found[key_id] = _key(f"FIELD_KEYS: key {len(found) + 1}", encoded)
    if len(set(found.values())) < len(found):
        raise ImproperlyConfigured("FIELD_KEYS holds one key under two ids. Make a new key for each.")
    return found


def index_key(value: str, *, apart_from: Iterable[bytes]) -> bytes:
    """Return the key of blind indexes, 32 bytes in base64, which is none of the field keys."""
    key = _key("INDEX_KEY", required("INDEX_KEY", value))
    if key in apart_from:
        raise ImproperlyConfigured("INDEX_KEY is one of FIELD_KEYS. Make a key of its own for it.")
    return key


def _key(what: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ImproperlyConfigured(f"{what} is not base64. Was a part of it lost?") from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{what} has {len(key)} bytes; a key has {KEY_BYTES}.")
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


def _is_near(host: str | None) -> bool:
    """Tell whether a host is this machine, or a name without a dot, which only the containers' own network knows."""
    if not host or not set(".:") & set(host):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _says(parts: SplitResult, name: str, value: str) -> bool:
    return parse_qs(parts.query).get(name) == [value]


def database(name: str, url: str) -> dict[str, Any]:
    """Return the connection that an address names, in the way this project runs that database.

    To another machine it is encrypted, and that one proves who it is. Source: OWASP ASVS 5.0.0, 12.3.1 and 12.3.2.
    """
    parts = _parts(name, url, DATABASES, "postgresql://role:password@host:5432/database")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database. Write its name after the last slash.")
    config = dict(environ.Env.db_url_config(url))
    if parts.scheme == "sqlite":
        writable_folder(name, Path(str(config["NAME"])).parent)
        return {**config, "OPTIONS": SQLITE_OPTIONS}
    if not _is_near(parts.hostname) and not _says(parts, "sslmode", "verify-full"):
        raise ImproperlyConfigured(f"{name} goes to another machine. Write ?sslmode=verify-full at its end.")
    options = {**config.get("OPTIONS", {}), "connect_timeout": 5}
    return {**config, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def broker(name: str, url: str) -> str:
    """Return the address of the Redis that rings for workers; empty without one."""
    if not url:
        return ""
    parts = _parts(name, url, BROKERS, "redis://host:6379/0")
    if not parts.hostname:
        raise ImproperlyConfigured(f"{name} names no host. Write it like redis://host:6379/0.")
    if parts.scheme == "redis" and not _is_near(parts.hostname):
        raise ImproperlyConfigured(
            f"{name} goes to another machine. Write rediss://host:6379/0?ssl_cert_reqs=required."
        )
    if parts.scheme == "rediss" and not _says(parts, "ssl_cert_reqs", "required"):
        # Celery's own default is to ask for no certificate.
        raise ImproperlyConfigured(f"{name} does not say who may answer. Write ?ssl_cert_reqs=required at its end.")
    return url


def email(name: str, url: str) -> dict[str, Any]:
    """Return Django's settings of how e-mail leaves."""
    parts = _parts(name, url, tuple(environ.Env.EMAIL_SCHEMES), "smtp+tls://user:password@host:587")
    if parts.scheme == "smtp" and not _is_near(parts.hostname):
        raise ImproperlyConfigured(
            f"{name} goes to another machine in the clear. Write smtp+tls:// in place of smtp://."
        )
    return dict(environ.Env.email_url_config(url))


def writable_folder(name: str, folder: Path) -> Path:
    """Return the folder, which may be missing as long as it can be made; what it is for is named in the sentence."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}: {folder} cannot be written. Let this user write there, or name another.")
    return folder
