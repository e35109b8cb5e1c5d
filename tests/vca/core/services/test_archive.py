"""Sealed archives: what was written comes back, and nothing else does."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vca.core.keys import field_keys
from vca.core.services.archive import FORMAT, FRAME, Reader, Unreadable, Writer

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
OTHER = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def written(content: bytes) -> bytes:
    file = io.BytesIO()
    with Writer(file) as archive:
        archive.write(content)
    return file.getvalue()


def read(sealed: bytes) -> bytes:
    return Reader(io.BytesIO(sealed)).read()


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME])
def test_archive_gives_back_what_was_written(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    assert read(written(content[:size])) == content[:size]


@given(st.lists(st.binary(max_size=50)), st.integers(1, 60))
def test_archive_may_be_written_and_read_in_pieces(pieces: list[bytes], size: int) -> None:
    file = io.BytesIO()
    with Writer(file) as archive:
        for piece in pieces:
            archive.write(piece)
    reader = Reader(io.BytesIO(file.getvalue()))
    assert b"".join(iter(lambda: reader.read(size), b"")) == b"".join(pieces)


def test_archive_shows_nothing_of_its_content() -> None:
    assert b"Aldertree" not in written(b"Veteran Aldertree")


def frames(sealed: bytes) -> list[bytes]:
    """Return header and frames apart."""
    start = sealed.index(b"\n", len(FORMAT)) + 1
    parts = [sealed[:start]]
    while start < len(sealed):
        end = start + 4 + int.from_bytes(sealed[start : start + 4], "big")
        parts.append(sealed[start:end])
        start = end
    return parts


def damaged() -> list[tuple[str, bytes]]:
    whole = written(b"x" * (2 * FRAME + 5))
    header, first, second, last = frames(whole)
    return [
        ("no backup", b"PK\x03\x04 something else"),
        ("empty", b""),
        ("header cut", whole[: len(FORMAT) + 5]),
        ("only a header", header),
        ("last frame missing", header + first + second),
        ("frames swapped", header + second + first + last),
        ("frame left out", header + first + last),
        ("cut in a frame", whole[:-3]),
        ("something after the end", whole + b"more"),
        ("one bit turned", whole[:-1] + bytes([whole[-1] ^ 1])),
        ("frame of another archive", header + frames(written(b"y" * (2 * FRAME + 5)))[1] + second + last),
    ]


@pytest.mark.parametrize("what", [name for name, _ in damaged()])
def test_archive_refuses_what_is_not_whole(what: str) -> None:
    with pytest.raises(Unreadable):
        read(dict(damaged())[what])


def test_archive_names_the_key_that_is_not_here() -> None:
    with field_keys(f"clinic:{OTHER}"):
        sealed = written(b"x")
    needed = "needs the field key clinic of the installation that made it"
    with field_keys(f"clinic:{KEY}"), pytest.raises(Unreadable, match=needed):
        read(sealed)


def test_archive_opens_after_a_new_key_was_put_in_front() -> None:
    with field_keys(f"old:{OTHER}"):
        sealed = written(b"x")
    with field_keys(f"new:{KEY},old:{OTHER}"):
        assert read(sealed) == b"x"
