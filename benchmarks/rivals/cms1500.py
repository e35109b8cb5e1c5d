"""The CMS-1500 by reportlab: the same drawing and the same texts, as well as we could write it.

reportlab draws what ``billing.cms1500.blank`` lists; texts are placed by arithmetic done beforehand, fonts are set once
a page, and the shared form is a form XObject, its own best way. Its Courier is one of the fonts that every reader has,
so that it embeds nothing; ours embeds its font once.
"""

from collections.abc import Iterable
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from billing.cms1500.blank import ACROSS, CHECKED, DOWN, FAINT, TITLES, UNTICKED
from billing.cms1500.boxes import Sheet
from billing.cms1500.form import FIELDS, FIRST_SERVICE_LINE, SERVICE_LINES
from billing.cms1500.grid import (
    BASELINE,
    CELL_HEIGHT,
    CELL_WIDTH,
    FONT_SIZE,
    LEFT,
    PAPER_HEIGHT,
    TOP,
    corner,
)
from tests.billing.cms1500 import reading

TEXT_FONTS = ("Courier", reading.TEXT_FONT)
PLACES = {(key, length): corner(key, length) for key, field in FIELDS.items() for length in range(field.width + 1)}


def shared_form(sheets: Iterable[Sheet]) -> bytes:
    """Return the PDF with the form drawn once and shown on each page."""
    file, canvas = _opened()
    canvas.beginForm("blank")
    _draw_form(canvas)
    canvas.endForm()
    for sheet in sheets:
        canvas.doForm("blank")
        _write(canvas, sheet)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def form_on_each_page(sheets: Iterable[Sheet]) -> bytes:
    """Return the PDF with the form drawn on each page."""
    file, canvas = _opened()
    for sheet in sheets:
        _draw_form(canvas)
        _write(canvas, sheet)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def typed(content: bytes, page: int) -> reading.Cells:
    """Return the characters of the texts by the cell that they stand in."""
    return {
        (
            round((PAPER_HEIGHT - TOP - BASELINE - y) / CELL_HEIGHT + 1),
            round((x - LEFT) / CELL_WIDTH + 1),
        ): character
        for character, font, x, y in reading.characters(content, page)
        if font in TEXT_FONTS and not character.isspace()
    }


def _opened() -> tuple[BytesIO, Canvas]:
    file = BytesIO()
    rl_config.useA85 = 0  # else it spends time on making its streams longer
    return file, Canvas(file, pagesize=letter, pageCompression=1, invariant=1)


def _write(canvas: Canvas, sheet: Sheet) -> None:
    text = canvas.beginText()
    text.setFont("Courier", FONT_SIZE)
    text.setFillGray(0)
    for key, words in sheet.items():
        text.setTextOrigin(*PLACES[key, len(words)])
        text.textOut(words)
    canvas.drawText(text)


def _draw_form(canvas: Canvas) -> None:
    canvas.setFillColorRGB(0.98, 0.86, 0.85)
    for number in range(SERVICE_LINES):
        _shade(canvas, FIRST_SERVICE_LINE - 2 + 2 * number)
    canvas.setStrokeColorRGB(0.76, 0.16, 0.11)
    canvas.setLineWidth(0.5)
    canvas.lines([(_x(start), _y(top), _x(end), _y(top)) for top, start, end in ACROSS])
    canvas.lines([(_x(column), _y(top), _x(column), _y(end)) for column, top, end in (*DOWN, *FAINT)])
    canvas.setFillColorRGB(0.76, 0.16, 0.11)
    squares = [(FIELDS[key].line, FIELDS[key].column, word) for key, word in CHECKED]
    for line, column, word in (*squares, *UNTICKED):
        canvas.rect(_x(column - 1.13), _y(line - 0.2), 8, 8, fill=0)
        _label(canvas, line - 0.7, column + 0.3, word)
    for top, column, words in TITLES:
        _label(canvas, top, column + 0.2, words)


def _shade(canvas: Canvas, top: int) -> None:
    canvas.rect(_x(-0.5), _y(top + 1), 80 * CELL_WIDTH, CELL_HEIGHT, stroke=0, fill=1)


def _label(canvas: Canvas, top: float, column: float, words: str) -> None:
    canvas.setFont("Helvetica", 5.4)
    canvas.drawString(_x(column), _y(top) - 5, words)


def _x(column: float) -> float:
    return LEFT + column * CELL_WIDTH


def _y(top: float) -> float:
    return PAPER_HEIGHT - TOP - top * CELL_HEIGHT
