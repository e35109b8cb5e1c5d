"""Where health data might have leaked to, and the search for it there.

A canary counts as found also inside of base64, in which brokers wrap what they carry, and with other signs between its
digits, as people write numbers.
"""

import base64
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.sessions.models import Session
from redis import Redis

from tests.vca.core.rows import everything

WRAPPED = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
# Rows that say what happened, or wait to be done: no name of anybody belongs into them.
WITHOUT_NAMES = (
    *("core.AuditEvent", "core.Job", "core.Alert", "core.Delivery", "core.Task", "core.Tries"),
    *("core.Invitation", "core.KeptForm", "core.ApiToken", "sessions"),
)


@dataclass(frozen=True, slots=True)
class Canaries:
    """What stands in no other place of the world: identifiers, and what names or describes a person."""

    identifiers: tuple[str, ...]
    personal: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every one."""
        return self.identifiers + self.personal


def found(text: bytes, canaries: Iterable[str]) -> set[str]:
    """Return the canaries that stand in a text, also wrapped."""
    plain = text + b"\n" + b"\n".join(_unwrapped(text))
    low = plain.lower()
    bare = re.sub(rb"(?<=\d)[-\s./](?=\d)", b"", low)
    return {one for one in canaries if one.lower().encode() in low or one.lower().encode() in bare}


def _unwrapped(text: bytes) -> Iterator[bytes]:
    for chunk in WRAPPED.findall(text):
        try:
            yield base64.b64decode(chunk.rstrip(b"=") + b"=" * (-len(chunk.rstrip(b"=")) % 4), altchars=b"-_")
        except ValueError:
            continue
        try:
            yield base64.b64decode(chunk)
        except ValueError:
            continue


def rows(canaries: Canaries) -> dict[str, set[str]]:
    """Search every table for identifiers, and what must hold no name for everything."""
    tables: dict[str, list[Any]] = everything()
    tables["sessions"] = [(one.session_key, one.get_decoded()) for one in Session.objects.all()]
    return {
        f"table {label}": found(repr(some).encode(), canaries.all if label in WITHOUT_NAMES else canaries.identifiers)
        for label, some in tables.items()
    }


def dump(url: str, canaries: Canaries) -> dict[str, set[str]]:
    """Search a dump of the whole database, as whoever gets hold of one reads it, for identifiers."""
    asked = ["pg_dump", "--inserts", "--enable-row-security", f"--dbname={url}"]
    said = subprocess.run(asked, capture_output=True, check=True)
    assert said.stdout.count(b"INSERT INTO") > 100  # the owner sees the rows of all practices
    return {"dump": found(said.stdout, canaries.identifiers)}


def files(folder: Path, what: str, canaries: Canaries) -> dict[str, set[str]]:
    """Search every file below a folder, and its name."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        f"{what} {path.relative_to(folder)}": found(str(path).encode() + b"\n" + path.read_bytes(), canaries.all)
        for path in paths
    }


def database(url: str, number: int) -> Redis:
    """Return the client of one of the databases of a Redis, whichever the address names."""
    return Redis.from_url(urlsplit(url)._replace(path=f"/{number}").geturl())


def redis_keys(url: str, canaries: Canaries) -> dict[str, set[str]]:
    """Search what Redis keeps, in each of its databases."""
    hits = {}
    for number in range(16):
        with database(url, number) as redis:
            for key in redis.scan_iter():
                said = key + b"\n" + (redis.dump(key) or b"")
                hits[f"redis {number} {key.decode(errors='replace')}"] = found(said, canaries.all)
    return hits


def texts(named: Mapping[str, str], canaries: Canaries) -> dict[str, set[str]]:
    """Search what was written or asked."""
    return {name: found(text.encode(), canaries.all) for name, text in named.items()}


def leaks(*searched: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the places that hold something."""
    return {place: hits for some in searched for place, hits in some.items() if hits}
