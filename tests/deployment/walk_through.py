"""docs/api.md as a reader follows it: its shell blocks, word for word, as one script."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from billing.cms1500.form import FIELDS
from tests.billing.cms1500.reading import cells
from tests.billing.x12.reading import complaints, named
from vca.settings import BASE_DIR

with_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
SAID = (
    *("RECEIVED", "ACCEPTED", "4", "ARRIVED", "COMPLETED", "[]", "READY", "SENT"),
    *("REJECTED", "DRAFT", "READY", "MAIL", "SENT", "ACCEPTED"),
)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Walk:
    """How it ended, what it said line by line, and the two files that it left."""

    returncode: int
    said: tuple[str, ...]
    complaint: str
    claims: bytes
    forms: bytes


def script() -> str:
    """Return the blocks one after the other."""
    return "\n".join(BLOCK.findall((BASE_DIR / "docs" / "api.md").read_text()))


def walk(folder: Path, environment: Mapping[str, str], *, text: str = "") -> Walk:
    """Run it in a folder, in which ``./run`` is ours, and return what came of it."""
    folder.mkdir()
    door = folder / "run"
    door.write_text(f'#!/bin/sh\nexec {BASE_DIR / "run"} "$@"\n')
    door.chmod(0o755)
    command = ["sh", "-eu", "-c", text or script()]
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "PAPERS": str(folder), **environment}
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=180)
    files = [folder / "claims.837", folder / "claims.pdf"]
    return Walk(
        done.returncode,
        tuple(done.stdout.splitlines()),
        done.stderr[-3000:],
        *(one.read_bytes() if one.exists() else b"" for one in files),
    )


def came_through(done: Walk) -> None:
    """Say what is wrong with a walk, its files included."""
    assert (done.returncode, done.complaint) == (0, "")
    assert [line for line in done.said if line in SAID] == list(SAID)
    assert complaints(done.claims) == []
    numbers = [found[2] for found in named(done.claims, "REF") if found[1] == "G1"]
    assert numbers == [written(done.forms, "23")]
    assert written(done.forms, "2") == "WALKER, ROBIN"


def written(forms: bytes, box: str) -> str:
    """Return what stands in a box of the first sheet, found by position."""
    place, (page,) = FIELDS[box], cells(forms)
    found = (page.get((place.line, place.column + step), " ") for step in range(place.width))
    return "".join(found).strip()
