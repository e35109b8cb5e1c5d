"""Grid: where the texts of a sheet stand on Letter paper, in points from its lower left corner.

10 characters to the inch are 7.2 points, 6 lines to the inch 12. Each printer pulls paper in its own way, so the grid
can be moved; the origin is where a printer of 10 pitch begins on pre-printed stock.

>>> list(placed({"23": "VA0000000017"}))
[Run(x=376.8, y=295.0, text='VA0000000017')]
>>> list(placed({"24F.1": "450 00"}, Shift(right=2, down=-1)))
[Run(x=393.2, y=248.0, text='450 00')]
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from billing.cms1500.boxes import Sheet
from billing.cms1500.fit import refuse_misfits
from billing.cms1500.form import FIELDS
from billing.domain.paper import NOWHERE, Shift

PAPER_WIDTH, PAPER_HEIGHT = 612, 792
CELL_WIDTH, CELL_HEIGHT = 7.2, 12
FONT_SIZE = 12
LEFT, TOP = 24, 20  # of column 1, line 1
BASELINE = 9  # below the top of a line


class Run(NamedTuple):
    """A text and the point at which it begins, on its baseline."""

    x: float
    y: float
    text: str


def placed(sheet: Sheet, shift: Shift = NOWHERE) -> Iterator[Run]:
    """Yield the texts of a sheet where they are printed, in the order of the boxes. Raises DoesNotFit."""
    refuse_misfits(sheet)
    for key, text in sheet.items():
        x, y = corner(key, len(text))
        yield Run(x + shift.right, y - shift.down, text)


@cache
def corner(key: str, length: int) -> tuple[float, float]:
    """Return where a text of that length begins in the field of that key, in points."""
    field = FIELDS[key]
    column = field.column + (field.width - length if field.right else 0)
    x = round(LEFT + (column - 1) * CELL_WIDTH, 1)
    return x, float(PAPER_HEIGHT - TOP - (field.line - 1) * CELL_HEIGHT - BASELINE)
