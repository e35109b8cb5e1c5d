"""The gate: sound files pass, hostile ones are refused in time, and what a hostile one does without it is felt."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.vca.core.uploads import hostile, samples
from vca.core.uploads import child, gate, kinds
from vca.core.uploads.gate import NotAdmitted
from vca.core.uploads.kinds import Kind, Limits
from vca.domain.rules import CATALOGUE

PAPER = (Kind.PDF, Kind.PNG, Kind.JPEG)


def admit(content: bytes, filename: str = "", among: tuple[Kind, ...] = PAPER, **limits: int) -> Kind:
    return gate.admit(content, filename=filename, among=among, limits=Limits(**limits))


def printed() -> bytes:
    """A confirmation as it is printed from a portal: pages, a link, a picture, a first page that is named."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for number in range(3):
        canvas.drawString(100, 700, "Confirmation ü")
        canvas.linkURL("https://example.org/claims", (0, 0, 50, 50))
        canvas.drawImage(ImageReader(io.BytesIO(samples.PNG)), 0, 0)
        canvas.bookmarkPage(str(number))
        canvas.addOutlineEntry(str(number), str(number))
        canvas.showPage()
    canvas.showOutline()
    canvas.save()
    return file.getvalue()


SOUND: dict[str, tuple[Callable[[], bytes], str, Kind]] = {
    "a page": (lambda: samples.PDF, "letter.PDF", Kind.PDF),
    "a packed page": (lambda: samples.packed_pdf({}), "letter.pdf", Kind.PDF),
    "a print": (printed, "confirmation of 3.11.26.pdf", Kind.PDF),
    "a first view": (hostile.acting(b"<</S/GoTo/D[3 0 R/Fit]>>"), "a.pdf", Kind.PDF),
    "a picture in it": (
        lambda: hostile.with_contents(samples.JPEG, b"/Filter[/DCTDecode]/Width 40/Height 30"),
        "",
        Kind.PDF,
    ),
    "a screenshot": (lambda: samples.PNG, "shot.png", Kind.PNG),
    "a photo": (lambda: samples.JPEG, "photo.jpeg", Kind.JPEG),
    "a name without an end": (lambda: samples.JPEG, "photo", Kind.JPEG),
}


@pytest.mark.parametrize(("make", "filename", "kind"), SOUND.values(), ids=SOUND)
def test_sound_file_is_admitted_as_what_it_is(make: Callable[[], bytes], filename: str, kind: Kind) -> None:
    assert admit(make(), filename) is kind


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_list_is_admitted_in_any_writing_of_json(encoding: str) -> None:
    text = json.dumps([{"lastName": "Müller <script>", "n": 1e300}], ensure_ascii=False)

    assert admit(text.encode(encoding), "list.json", (Kind.JSON,)) is Kind.JSON


@pytest.mark.parametrize(
    ("limits", "content"),
    [
        ({"size": 100}, samples.PDF),
        ({"pages": 2}, printed()),
        ({"objects": 2}, samples.PDF),
        ({"unpacked": 50}, printed()),
        ({"unpacked": 1199}, hostile.with_contents(samples.JPEG, b"/Filter/DCTDecode/Width 40/Height 30")),
        ({"pixels": 1199}, samples.PNG),
    ],
)
def test_each_limit_counts(limits: dict[str, int], content: bytes) -> None:
    assert admit(content) in PAPER
    with pytest.raises(NotAdmitted) as refusal:
        admit(content, **limits)
    assert refusal.value.code == "UPLOAD-04"


@pytest.mark.parametrize(("limits", "content"), [({"values": 5}, b"[1,2,3,4,5,6]"), ({"depth": 2}, b'[{"a": []}]')])
def test_each_limit_of_json_counts(limits: dict[str, int], content: bytes) -> None:
    assert admit(content, among=(Kind.JSON,)) is Kind.JSON
    with pytest.raises(NotAdmitted, match="more than"):
        admit(content, among=(Kind.JSON,), **limits)


def test_refusal_names_its_field_and_the_log_names_no_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(NotAdmitted) as refusal:
        gate.admit(b"Jane Roe", filename="jane-roe.pdf", among=PAPER, limits=Limits(), field="proof")

    assert (refusal.value.field, refusal.value.detail) == ("proof", "the file is none of these: PDF, PNG, JPEG")
    assert "upload refused by UPLOAD-01: 8 bytes, sha256 " in caplog.text
    assert "jane" not in caplog.text.lower()


def test_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.01)
    with pytest.raises(NotAdmitted, match="too long"):
        admit(samples.PNG)


def test_every_kind_can_be_looked_into_and_named() -> None:
    assert set(child.EXAMINERS) == set(kinds.ENDINGS) == set(kinds.WORDS) == set(Kind)


def test_rules_of_the_gate_are_in_the_catalogue() -> None:
    named = {one.refused_by for one in hostile.FILES.values() if one.refused_by.startswith("UPLOAD-")}
    assert named == {code for code in CATALOGUE if code.startswith("UPLOAD-")}


CONFINED = """
import os, pathlib, socket, subprocess, sys
from vca.core import confinement
from vca.core.uploads import child
if "free" not in sys.argv:
    confinement.limit(memory=child.MEMORY, seconds=1, largest_file=0)
    confinement.close_doors()
    if "guarded" in sys.argv:
        confinement.Guard().stand()
{act}
print("done")
"""
ACTS = {
    "memory": "bytearray(2**30)",
    "time": "import time\nwhile time.process_time() < 2.5: pass",
    "socket": "socket.socket()",
    "file": "open(sys.executable, 'rb')",
    "program": "subprocess.run(['true'])",
}


def done_in_child(act: str, *how: str) -> bool:
    command = [sys.executable, "-c", CONFINED.format(act=ACTS[act]), *how]
    done = subprocess.run(command, capture_output=True, check=False, env=gate._surroundings())
    return done.stdout == b"done\n"


@pytest.mark.parametrize("act", ACTS)
def test_child_can_neither_reach_out_nor_take_much(act: str) -> None:
    """By the kernel's limits alone, by both guards; and the control: without them it can."""
    assert [done_in_child(act), done_in_child(act, "guarded"), done_in_child(act, "free")] == [False, False, True]


HURT = """
import resource, sys, zlib, json
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
sys.setrecursionlimit(1000)
content = sys.stdin.buffer.read()
{act}
"""
HURTS = {
    "bomb in a bomb": "zlib.decompress(zlib.decompress(content.split(b'stream\\n')[1].split(b'\\nendstream')[0]))",
    "nested 10,000 deep": "json.loads(content)",
}


@pytest.mark.parametrize(
    ("name", "fault"), [("bomb in a bomb", "MemoryError"), ("nested 10,000 deep", "RecursionError")]
)
def test_hostile_file_hurts_whoever_opens_it_plainly(name: str, fault: str) -> None:
    """The control: a gigabyte from two thousand bytes, in a process that may have no more."""
    command = [sys.executable, "-c", HURT.format(act=HURTS[name])]
    done = subprocess.run(command, input=hostile.FILES[name].make(), capture_output=True, check=False)

    assert done.stderr.rstrip().rpartition(b"\n")[2].decode().partition(":")[0] == fault
