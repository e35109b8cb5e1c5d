"""Files of which any byte says anything: what looks into them refuses at most, and spares nothing that acts."""

import contextlib
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from referrals.intake import json_reader
from referrals.intake.json_reader import BrokenFile
from tests.vca.core.uploads.samples import pdf
from vca.core.uploads import notation, portable_document
from vca.core.uploads.kinds import Active, Limits, TooMuch

LIST = json.dumps(
    [{"lastName": "Inventor", "dob": "1970-01-01", "referralNumber": "VA0000000042", "n": [1e9, {}]}]
).encode()
LIMITS = Limits()
PLAIN = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(x)>>>>"


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """Return the content with up to five places changed to anything."""
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(content)))
        content = content[:place] + draw(st.binary(max_size=6)) + content[place + draw(st.integers(0, 6)) :]
    return content


@given(content=st.binary(max_size=300) | mutated(LIST) | mutated(LIST.decode().encode("utf-16")))
@example(content=b"[]")
@example(content=b"\xff\xfe")
@example(content=b"\x00[]")
@settings(max_examples=400)
def test_any_list_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(TooMuch):
        notation.examine(content, LIMITS)
    with contextlib.suppress(BrokenFile):
        json_reader.read(content)


@st.composite
def spelled(draw: st.DrawFn) -> bytes:
    """Return a catalog with a script at its opening, its names and gaps written in another of their many ways."""
    gaps = st.sampled_from([b" ", b"\n", b"\r\n", b"\t\x00", b"%x\n", b"  %<<>>\n "])
    words = PLAIN.replace(b"/", b" /").replace(b"<<", b" << ").replace(b">>", b" >> ").split()
    return b"".join(_escaped(draw, word) + draw(gaps) for word in words)


def _escaped(draw: st.DrawFn, word: bytes) -> bytes:
    if not word.startswith(b"/"):
        return word
    signs = [b"#%02x" % sign if draw(st.booleans()) else bytes([sign]) for sign in word[1:].partition(b"(")[0]]
    return b"/" + b"".join(signs) + b"".join(word[1:].partition(b"(")[1:])


@given(catalog=spelled())
@settings(max_examples=200)
def test_script_is_found_however_it_is_spelled(catalog: bytes) -> None:
    with pytest.raises(Active):
        portable_document.examine(pdf({1: catalog}), LIMITS)


def test_control_has_no_script() -> None:
    portable_document.examine(pdf({1: PLAIN.replace(b"/OpenAction<</S/JavaScript/JS(x)>>", b"")}), LIMITS)
