"""The child process that looks into one uploaded file, and says what is unfit in it.

It is started by ``gate``, reads a line of JSON and the file from its standard input, and writes what it found to its
standard output, as JSON. By then it can open nothing more: no file, no socket; memory and time are limited. A fault of
the libraries ends it: who waits takes a file that cannot be read for a broken one.
"""

import codecs
import io
import json
import sys
import zipfile
from importlib import import_module
from typing import Any

from vca.core import confinement
from vca.core.uploads.kinds import Kind, Limits, OfAnotherKind, Unfit

MEMORY, SECONDS = 2**30, 6
# Named, not imported above: the library for PDF takes a second, which a list of referrals need not wait for.
EXAMINERS = {
    Kind.PDF: "vca.core.uploads.portable_document",
    Kind.PNG: "vca.core.uploads.pictures",
    Kind.JPEG: "vca.core.uploads.pictures",
    Kind.JSON: "vca.core.uploads.notation",
}
# What a browser that guesses would take for a page; it looks at the beginning of a file alone.
PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<svg")
GUESSED_FROM = 1500
CODECS = ("latin-1", "utf-8-sig", *(f"utf-{bits}{end}" for bits in (16, 32) for end in ("", "-le", "-be")))


def refuse_second_nature(content: bytes, kind: Kind) -> None:
    """Raise OfAnotherKind for a file that is an archive or a web page as well; JSON may speak of one."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise OfAnotherKind("the file is an archive as well")
    beginning = content[:GUESSED_FROM].lower()
    if kind is not Kind.JSON and any(page in beginning for page in PAGES):
        raise OfAnotherKind("the file is a web page as well")


def main() -> None:
    """Look into the file on standard input."""
    asked = json.loads(sys.stdin.buffer.readline())
    kind = Kind(asked["kind"])
    examiner: Any = import_module(EXAMINERS[kind])
    for name in CODECS:
        codecs.lookup(name)  # which opens files
    content = sys.stdin.buffer.read()
    confinement.limit(memory=MEMORY, seconds=SECONDS, largest_file=0)
    confinement.close_doors()
    confinement.Guard().stand()
    try:
        refuse_second_nature(content, kind)
        examiner.examine(content, Limits(**asked["limits"]))
    except Unfit as unfit:
        json.dump({"code": unfit.code, "detail": unfit.detail}, sys.stdout)
    else:
        json.dump({}, sys.stdout)


if __name__ == "__main__":
    main()
