"""Read a printed form back by position, with a reader that is not ours (PDFium)."""

import ctypes
from collections.abc import Iterator

import pypdfium2
from pypdfium2 import raw

from billing.cms1500.boxes import Sheet
from billing.cms1500.form import FIELDS
from billing.cms1500.grid import BASELINE, CELL_HEIGHT, CELL_WIDTH, LEFT, PAPER_HEIGHT, TOP

TEXT_FONT = "CourierPrime-Regular"
TOLERANCE = 0.02  # of a cell
HYPHEN_AT_LINE_END = "\x02"  # as PDFium tells it

Cells = dict[tuple[int, int], str]  # line and column of the grid, and the character there


def cells(content: bytes, *pages: int) -> list[Cells]:
    """Return what is written over the form on these pages, on all for none.

    Raises AssertionError for a character between two cells.
    """
    with pypdfium2.PdfDocument(content) as document:
        return [dict(_typed(document[page])) for page in pages or range(len(document))]


def characters(content: bytes, page: int = 0) -> list[tuple[str, str, float, float]]:
    """Return each character of a page with its font and the point where it begins, in points."""
    with pypdfium2.PdfDocument(content) as document:
        return list(_characters(document[page]))


def expected(sheet: Sheet) -> Cells:
    """Return where each character of a sheet has to stand."""
    return {
        (field.line, field.column + (field.width - len(text) if field.right else 0) + place): character
        for field, text in ((FIELDS[key], text) for key, text in sheet.items())
        for place, character in enumerate(text)
        if character != " "
    }


def _typed(page: pypdfium2.PdfPage) -> Iterator[tuple[tuple[int, int], str]]:
    for character, font, x, y in _characters(page):
        if font == TEXT_FONT and not character.isspace():
            column = (x - LEFT) / CELL_WIDTH + 1
            line = (PAPER_HEIGHT - TOP - BASELINE - y) / CELL_HEIGHT + 1
            assert abs(column - round(column)) < TOLERANCE, (character, column)
            assert abs(line - round(line)) < TOLERANCE, (character, line)
            yield (round(line), round(column)), character


def _characters(page: pypdfium2.PdfPage) -> Iterator[tuple[str, str, float, float]]:
    text = page.get_textpage()
    x, y = ctypes.c_double(), ctypes.c_double()
    for index in range(text.count_chars()):
        raw.FPDFText_GetCharOrigin(text, index, x, y)
        character = chr(raw.FPDFText_GetUnicode(text, index)).replace(HYPHEN_AT_LINE_END, "-")
        yield character, _font(text, index), x.value, y.value


def _font(text: pypdfium2.PdfTextPage, index: int) -> str:
    name, flags = ctypes.create_string_buffer(80), ctypes.c_int()
    raw.FPDFText_GetFontInfo(text, index, name, 80, flags)
    return name.value.decode()
