"""Printing: sheets of the CMS-1500 as one PDF, on our own drawing of the form or for pre-printed stock."""

from collections.abc import Iterable

from billing.cms1500.blank import blank_form
from billing.cms1500.boxes import Sheet
from billing.cms1500.grid import CELL_WIDTH, FONT_SIZE, placed
from billing.domain.paper import NOWHERE, Shift
from vca.core.typesetting.overprint import overprint
from vca.core.typesetting.press import stationery

PDF = "application/pdf"
TITLE = "CMS-1500 (02/12)"


def print_sheets(sheets: Iterable[Sheet], *, with_form: bool = True, shift: Shift = NOWHERE) -> bytes:
    """Return the PDF, a page for each sheet; the same sheets are the same bytes.

    ``shift`` is for pre-printed stock: the drawing stays where it is. Raises DoesNotFit, CannotDraw.
    """
    form = stationery(blank_form(), font_size=FONT_SIZE, pitch=CELL_WIDTH)
    return overprint((placed(sheet, shift) for sheet in sheets), form, title=TITLE, with_form=with_form)
