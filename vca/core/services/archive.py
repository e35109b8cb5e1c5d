"""A file of any length that nobody reads without the field keys, and that cannot be cut off, reordered or altered.

    VCA-BACKUP 1\n             the format
    {"id": ..., "keys": ...}\n  what may be read without a key
    frame ...                  four bytes of length, big-endian, then that many sealed bytes

Each frame is sealed for its number in this archive, the last one as the last. Source: 45 CFR 164.312(a)(2)(iv).
"""

import hashlib
import io
import json
import secrets
from typing import Any, BinaryIO

from vca.core import crypto

FORMAT = b"VCA-BACKUP 1\n"
FRAME = 1 << 20  # bytes of plain text
LONGEST_HEADER = 1 << 16


class Unreadable(Exception):
    """The file is no archive, is damaged, or was sealed with a key that is not here."""


class Writer(io.RawIOBase):
    """Takes bytes and writes sealed frames; ``close`` writes the last one and leaves the file open."""

    def __init__(self, file: BinaryIO, **told: Any) -> None:
        super().__init__()
        self._file, self._id, self._number, self._waiting = file, secrets.token_hex(16), 0, bytearray()
        header = {"id": self._id, "keys": fingerprints(), **told}
        file.write(FORMAT + json.dumps(header, sort_keys=True).encode() + b"\n")

    @property
    def id(self) -> str:
        """What names this archive."""
        return self._id

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, content: Any) -> int:
        """Add bytes."""
        self._waiting += content
        while len(self._waiting) > FRAME:
            self._frame(bytes(self._waiting[:FRAME]), last=False)
            del self._waiting[:FRAME]
        return len(content)

    def close(self) -> None:
        """Write the last frame."""
        if not self.closed:
            self._frame(bytes(self._waiting), last=True)
        super().close()

    def _frame(self, plain: bytes, *, last: bool) -> None:
        sealed = crypto.seal(plain, about=place(self._id, self._number, last=last))
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class Reader(io.RawIOBase):
    """Gives the bytes back. ``told`` is the header. Raises Unreadable, at the start and at any read."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._number, self._rest, self._ended = file, 0, b"", False
        if file.read(len(FORMAT)) != FORMAT:
            raise Unreadable("this is not a backup of this product")
        try:
            self.told = json.loads(file.readline(LONGEST_HEADER))
            self._id, kept = str(self.told["id"]), dict(self.told["keys"])
        except (ValueError, KeyError, TypeError):
            raise Unreadable("the header of this backup is damaged") from None
        refuse_other_keys(kept)
        self._length = file.read(4)

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most that many bytes, all for a negative number; nothing at the end."""
        wanted = -1 if size is None else size
        while not self._ended and (wanted < 0 or len(self._rest) < wanted):
            self._rest += self._frame()
        given, self._rest = (self._rest, b"") if wanted < 0 else (self._rest[:wanted], self._rest[wanted:])
        return given

    def _frame(self) -> bytes:
        sealed = self._file.read(int.from_bytes(self._length, "big"))
        self._length = self._file.read(4)
        self._ended = not self._length
        try:
            plain = crypto.unseal(sealed, about=place(self._id, self._number, last=self._ended))
        except crypto.SealBroken:
            raise Unreadable(f"part {self._number + 1} of this backup is damaged, or its end is missing") from None
        self._number += 1
        return plain


def place(archive: str, number: int, *, last: bool) -> str:
    """Return what a frame is sealed for."""
    return f"backup.{archive}.{number}.{'end' if last else 'more'}"


def fingerprints() -> dict[str, str]:
    """Return a hash of each field key by its id, and of the index key: it tells keys apart and does not tell them."""
    named = {f"field key {name}": key for name, key in crypto.keys().items()} | {"index key": crypto.index_key()}
    return {name: hashlib.sha256(b"fingerprint:" + key).hexdigest()[:16] for name, key in named.items()}


def refuse_other_keys(kept: dict[str, str]) -> None:
    """Raise Unreadable unless every key of the archive is among this installation's."""
    here = fingerprints()
    lacking = sorted(name for name, print_ in kept.items() if here.get(name) != print_)
    if lacking:
        raise Unreadable(
            f"this backup needs the {', '.join(lacking)} of the installation that made it. "
            "Put that installation's FIELD_KEYS and INDEX_KEY into the environment, or its keys file into the state "
            "folder as keys.env (VCA_STATE_DIR, or var), and try again"
        )
