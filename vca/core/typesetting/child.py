"""The child process that draws forms: the one module that imports WeasyPrint.

It is started by ``press`` for one form, reads HTML and a font from its standard input and writes stationery to its
standard output, both as JSON. It opens nothing else: whatever a page names is refused and stops the drawing, except
fonts that came with the request. Behind the fetcher that refuses stands a guard that hears every opening of a file or
a socket by Python; memory, time and the size of files are limited.
"""

import json
import os
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pydyf
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from vca.core import confinement

SCHEME = "packaged:"
MEMORY, SECONDS, LARGEST_FILE = 2**30, 20, 2**26
PRINTABLE = range(32, 127)
NONSYMBOLIC_FIXED_PITCH = 33
BOUNDS = ("xMin", "yMin", "xMax", "yMax")


class NamedSomethingElse(FatalURLFetchingError):
    """The form names an address: a form is drawn from what came with it."""


class Fetcher(URLFetcher):
    """Give the fonts of the request, and nothing else."""

    def __init__(self, fonts: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self.fonts = fonts
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Return a font. Raises NamedSomethingElse."""
        name = url.removeprefix(SCHEME)
        if name == url or name not in self.fonts:
            self.refused.append(url)
            raise NamedSomethingElse(url)
        return URLFetcherResponse(url, self.fonts[name], {"Content-Type": "font/woff"})


def draw(html: str, *, fonts: Mapping[str, bytes], text_font: str) -> dict[str, Any]:
    """Return the one page of the HTML as a form object, with that font to write over it. Raises ValueError.

    ``objects`` are those of a PDF by number, without pages and catalog; ``advance`` is the width of any character of
    the font in thousandths of its size. Raises NamedSomethingElse too.
    """
    drawn: dict[str, Any] = {}

    def take(_: object, pdf: pydyf.PDF) -> None:
        font, advance = embed(pdf, fonts[text_font])
        drawn.update(parts(pdf), font=font.number, advance=advance)

    fetcher = Fetcher(fonts)
    HTML(string=html, url_fetcher=fetcher).write_pdf(finisher=take)
    if fetcher.refused:  # WeasyPrint goes on after a refusal within SVG
        raise NamedSomethingElse(fetcher.refused[0])
    return drawn


def parts(pdf: pydyf.PDF) -> dict[str, Any]:
    """Make the one page a form and return the objects that it needs. Raises ValueError for any other count of pages."""
    kids = pdf.pages["Kids"][::3]
    if len(kids) != 1:
        raise ValueError(f"a form has one page, and this one has {len(kids)}")
    page = pdf.objects[kids[0]]
    form = next(one for one in pdf.objects if one.number and one.reference == page["Contents"])
    form.extra |= {"Type": "/XObject", "Subtype": "/Form", "BBox": page["MediaBox"], "Resources": page["Resources"]}
    left_out = {0, pdf.pages.number, pdf.catalog.number, page.number}
    objects = {one.number: one.data for one in pdf.objects if one.number not in left_out}
    return {"objects": objects, "form": form.number, "size": page["MediaBox"][2:]}


def embed(pdf: pydyf.PDF, content: bytes) -> tuple[pydyf.Dictionary, int]:
    """Add a font of fixed pitch, cut down to what a keyboard types; return its dictionary and its advance."""
    face = _typed(content)
    (advance,) = {width for width, _ in face["hmtx"].metrics.values()}
    program = BytesIO()
    face.save(program)
    file = pydyf.Stream([program.getvalue()], {"Length1": len(program.getvalue())}, compress=True)
    pdf.add_object(file)
    name = "/" + str(face["name"].getDebugName(6))
    descriptor = pydyf.Dictionary(
        {
            "Type": "/FontDescriptor",
            "FontName": name,
            "Flags": NONSYMBOLIC_FIXED_PITCH,
            "FontBBox": pydyf.Array([getattr(face["head"], side) for side in BOUNDS]),
            "ItalicAngle": 0,
            "Ascent": face["hhea"].ascent,
            "Descent": face["hhea"].descent,
            "CapHeight": face["OS/2"].sCapHeight,
            "StemV": 80,
            "FontFile2": file.reference,
        }
    )
    pdf.add_object(descriptor)
    font = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/TrueType",
            "BaseFont": name,
            "Encoding": "/WinAnsiEncoding",
            "FirstChar": PRINTABLE[0],
            "LastChar": PRINTABLE[-1],
            "Widths": pydyf.Array([advance] * len(PRINTABLE)),
            "FontDescriptor": descriptor.reference,
        }
    )
    pdf.add_object(font)
    return font, advance


def _typed(content: bytes) -> TTFont:
    """Return the font with the printable characters of ASCII alone, as a plain TrueType file of the same day.

    It is drawn anew on 1000 units, as PDF counts them: some readers take widths for whole numbers.
    """
    face = TTFont(BytesIO(content), recalcTimestamp=False)
    options = subset.Options(hinting=False, notdef_outline=True, drop_tables=["GSUB", "GPOS", "GDEF"])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=PRINTABLE)
    cutter.subset(face)
    scale_upem(face, 1000)
    face.flavor = None
    return face


def confine(workshop: Path) -> confinement.Guard:
    """Limit this process: memory, seconds, and files, to those of Python and its libraries and to its workshop."""
    confinement.limit(memory=MEMORY, seconds=SECONDS, largest_file=LARGEST_FILE)
    tempfile.tempdir = str(workshop)
    os.chdir(workshop)  # folders are taken away by names within them, which the guard hears as names within this one
    guard = confinement.Guard(readable=[Path(sys.prefix), Path(sys.base_prefix)], writable=[workshop])
    guard.stand()
    return guard


def main() -> None:
    """Draw what standard input asks for. Raises NamedSomethingElse and Forbidden, which a library may have hidden."""
    asked = json.load(sys.stdin)
    fonts = {name: b64decode(content) for name, content in asked["fonts"].items()}
    with tempfile.TemporaryDirectory() as workshop:
        guard = confine(Path(workshop))
        drawn = draw(asked["html"], fonts=fonts, text_font=asked["text_font"])
    if guard.refused:
        raise confinement.Forbidden(guard.refused[0])
    drawn["objects"] = {number: b64encode(content).decode() for number, content in drawn["objects"].items()}
    json.dump(drawn, sys.stdout)


if __name__ == "__main__":
    main()
