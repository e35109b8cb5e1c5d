"""The gate: every file that somebody uploads is looked into by a child process before anything here reads it.

The child (``child``) has little memory and time, no network and no files. Whatever it does not call sound is refused,
with the rule that says what to do. The refusal is logged by hash and size; neither log nor sentence repeats the file.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import PurePath

from django.conf import settings

from vca.core.uploads.kinds import ENDINGS, WORDS, Broken, Kind, Limits, OfAnotherKind, TooMuch, Unfit, kind_of
from vca.domain.errors import RuleError

PATIENCE = 8  # seconds

logger = logging.getLogger(__name__)


class NotAdmitted(RuleError):
    """The file is of another kind, broken, active or too much: UPLOAD-01 to UPLOAD-04."""

    code = "UPLOAD-01"


def admit(content: bytes, *, filename: str, among: Collection[Kind], limits: Limits, field: str = "") -> Kind:
    """Return what the file is, when it is sound and one of these kinds. Raises NotAdmitted.

    It may take some seconds: call it before rows are locked.
    """
    try:
        kind = _stated_kind(content, filename, among)
        if len(content) > limits.size:
            raise TooMuch(f"the file is larger than {limits.size // 1024**2} MB")
        _ask(content, kind, limits)
    except Unfit as unfit:
        digest = hashlib.sha256(content).hexdigest()
        logger.warning("upload refused by %s: %d bytes, sha256 %s", unfit.code, len(content), digest)
        raise NotAdmitted(unfit.detail, field=field, code=unfit.code) from None
    return kind


def _stated_kind(content: bytes, filename: str, among: Collection[Kind]) -> Kind:
    """Return the kind that the first bytes say, and the name does not deny."""
    kind, ending = kind_of(content, among), PurePath(filename).suffix.lower()
    if kind is None:
        raise OfAnotherKind(f"the file is none of these: {', '.join(WORDS[one] for one in among)}")
    if ending and ending not in ENDINGS[kind]:
        raise OfAnotherKind(f"the file is {WORDS[kind]}, and its name does not end so")
    return kind


def _ask(content: bytes, kind: Kind, limits: Limits) -> None:
    """Let a child look into it. Raises Unfit."""
    asked = json.dumps({"kind": kind, "limits": asdict(limits)}).encode()
    command = [sys.executable, "-m", "vca.core.uploads.child"]
    said = asked + b"\n" + content
    try:
        done = subprocess.run(
            command, input=said, capture_output=True, timeout=PATIENCE, check=False, env=_surroundings()
        )
    except subprocess.TimeoutExpired:
        raise TooMuch("it takes too long to look into the file") from None
    if done.returncode:
        raise _end(done)
    found = json.loads(done.stdout)
    if found:
        raise Unfit(**found)


def _end(done: subprocess.CompletedProcess[bytes]) -> Unfit:
    """What it means that the child came to no verdict: a limit of the kernel, or a file that no library can read."""
    last = done.stderr.rstrip().rpartition(b"\n")[2].decode(errors="replace")
    name = last.partition(":")[0]  # of the exception; what it says may repeat the file
    logger.info("the child that looks into files ended with %s: %.80s", done.returncode, name)
    if done.returncode < 0 or name == "MemoryError":
        return TooMuch("it takes too much to look into the file")
    return Broken("the file is damaged and cannot be read")


def _surroundings() -> dict[str, str]:
    """What the child may know: where programs, libraries and its own modules are, and no secret."""
    passed = ("PATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
    return {name: os.environ[name] for name in passed if name in os.environ} | {"PYTHONPATH": str(settings.BASE_DIR)}
