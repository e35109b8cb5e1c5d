"""The kinds of file that are taken, and how far each is looked into.

>>> kind_of(b"%PDF-1.7 ...").value
'application/pdf'
>>> kind_of(b"GIF89a") is None
True
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of file by its media type."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    JSON = "application/json"


BEGINNINGS = {
    Kind.PDF: b"%PDF-",
    Kind.PNG: b"\x89PNG\r\n\x1a\n",
    Kind.JPEG: b"\xff\xd8\xff",
}
ENDINGS = {
    Kind.PDF: (".pdf",),
    Kind.PNG: (".png",),
    Kind.JPEG: (".jpg", ".jpeg"),
    Kind.JSON: (".json", ".txt"),
}
WORDS = {Kind.PDF: "PDF", Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.JSON: "JSON"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is looked into; one that has more is refused.

    ``unpacked`` is bytes of all its streams, ``pixels`` those of a picture, ``values`` and ``depth`` those of JSON.
    """

    size: int = 20 * 1024**2
    pages: int = 300
    objects: int = 100_000
    unpacked: int = 200 * 1024**2
    pixels: int = 60_000_000
    values: int = 1_500_000
    depth: int = 40


class Unfit(Exception):
    """The file is not taken: ``code`` is the rule, ``detail`` a sentence that repeats nothing of the file."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


class OfAnotherKind(Unfit):
    """It is not the kind of file that it says it is."""

    def __init__(self, detail: str) -> None:
        super().__init__("UPLOAD-01", detail)


class Broken(Unfit):
    """It cannot be read: damaged, or locked by a password."""

    def __init__(self, detail: str) -> None:
        super().__init__("UPLOAD-02", detail)


class Active(Unfit):
    """It holds what would act by itself."""

    def __init__(self, detail: str) -> None:
        super().__init__("UPLOAD-03", detail)


class TooMuch(Unfit):
    """It holds more than is looked into."""

    def __init__(self, detail: str) -> None:
        super().__init__("UPLOAD-04", detail)


def kind_of(content: bytes, among: Collection[Kind] = tuple(BEGINNINGS)) -> Kind | None:
    """Return what a file is by its first bytes, whatever its name says; ``None`` for none of these.

    JSON begins with nothing of its own: it is what a file is where only JSON is asked for.
    """
    found = next((kind for kind, beginning in BEGINNINGS.items() if content.startswith(beginning)), None)
    if found is None and Kind.JSON in among:
        return Kind.JSON
    return found if found in among else None
