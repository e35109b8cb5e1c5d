"""Where the boxes are, against positions written out by hand from the table that pre-printed stock is made for."""

import pytest

from billing.cms1500.blank import ACROSS, DOWN
from billing.cms1500.form import COLUMNS, FIELDS, LINES, Field

# key, line, column, width
PLACES = [
    *(("carrier.1", 2, 41, 31), ("carrier.4", 5, 41, 31), ("1.other", 8, 45, 1), ("1a", 8, 50, 29), ("2", 10, 1, 28)),
    *(("3.month", 10, 31, 2), ("3.day", 10, 34, 2), ("3.year", 10, 37, 4), ("3.M", 10, 42, 1), ("3.F", 10, 47, 1)),
    *(("4", 10, 50, 29), ("5.street", 12, 1, 28), ("5.city", 14, 1, 24), ("5.state", 14, 26, 3), ("5.zip", 16, 1, 12)),
    *(("5.area", 16, 15, 3), ("5.phone", 16, 19, 8), ("6.self", 12, 33, 1), ("7.street", 12, 50, 29)),
    *(("7.city", 14, 50, 23), ("7.state", 14, 74, 3), ("7.zip", 16, 50, 12), ("7.area", 16, 65, 3)),
    *(("7.phone", 16, 69, 8), ("10a.no", 20, 41, 1), ("10b.no", 22, 41, 1), ("10c.no", 24, 41, 1)),
    *(("11c", 24, 50, 29), ("11d.no", 26, 57, 1), ("12", 29, 7, 20), ("13", 29, 55, 20), ("17.role", 34, 1, 2)),
    *(("17.name", 34, 4, 24), ("17b", 34, 33, 10), ("20.no", 36, 57, 1), ("21.indicator", 37, 42, 1)),
    *(("21.A", 38, 3, 7), ("21.B", 38, 16, 7), ("21.C", 38, 29, 7), ("21.D", 38, 42, 7), ("21.E", 39, 3, 7)),
    *(
        ("21.I", 40, 3, 7),
        ("21.L", 40, 42, 7),
        ("22.code", 38, 50, 11),
        ("22.original", 38, 62, 18),
        ("23", 40, 50, 29),
    ),
    *(("24.1.supplement", 43, 1, 61), ("24.6.supplement", 53, 1, 61), ("24I.1.kind", 43, 65, 2)),
    *(("24J.1.other", 43, 68, 11), ("24A.1.from.month", 44, 1, 2), ("24A.1.from.day", 44, 4, 2)),
    *(("24A.1.from.year", 44, 7, 2), ("24A.1.to.month", 44, 10, 2), ("24A.6.to.year", 54, 16, 2), ("24B.1", 44, 19, 2)),
    *(
        ("24D.1.code", 44, 25, 6),
        ("24D.1.modifier.1", 44, 33, 2),
        ("24D.1.modifier.4", 44, 42, 2),
        ("24E.1", 44, 45, 4),
    ),
    *(("24F.1", 44, 50, 8), ("24G.1", 44, 59, 3), ("24J.1.npi", 44, 68, 10), ("24J.6.npi", 54, 68, 10)),
    *(("25", 56, 1, 15), ("25.ein", 56, 19, 1), ("26", 56, 23, 14), ("27.yes", 56, 38, 1), ("28", 56, 51, 9)),
    *(("31", 60, 1, 21), ("31.month", 61, 6, 2), ("32.name", 58, 23, 26), ("32.city", 60, 23, 26), ("32a", 61, 23, 10)),
    *(("33.area", 57, 66, 3), ("33.phone", 57, 70, 8), ("33.name", 58, 50, 29), ("33.city", 60, 50, 29)),
    *(("33a", 61, 50, 10), ("33b.kind", 61, 63, 2), ("33b.number", 61, 65, 15)),
]


def cells(field: Field) -> set[tuple[int, int]]:
    return {(field.line, field.column + place) for place in range(field.width)}


@pytest.mark.parametrize(("key", "line", "column", "width"), PLACES, ids=[key for key, *_ in PLACES])
def test_box_stands_where_the_printed_form_has_it(key: str, line: int, column: int, width: int) -> None:
    field = FIELDS[key]
    assert (field.line, field.column, field.width) == (line, column, width)


def test_boxes_lie_on_the_grid_and_no_two_share_a_cell() -> None:
    owners: dict[tuple[int, int], list[str]] = {}
    for key, field in FIELDS.items():
        for cell in cells(field):
            owners.setdefault(cell, []).append(key)

    assert [keys for keys in owners.values() if len(keys) > 1] == []
    assert [cell for cell in owners if not (1 <= cell[0] <= LINES and 1 <= cell[1] <= COLUMNS)] == []


def crossed(field: Field) -> bool:
    """Does a line of the drawing run through the cells of the field?"""
    left, right, top, end = field.column - 1, field.column - 1 + field.width, field.line - 1, field.line
    down = any(left < x < right and above < end and below > top for x, above, below in DOWN)
    return down or any(top < y < end and start < right and stop > left for y, start, stop in ACROSS)


@pytest.mark.parametrize("key", [key for key in FIELDS if not key.endswith("supplement")])
def test_no_line_of_the_drawing_runs_through_a_text(key: str) -> None:
    assert not crossed(FIELDS[key])


def test_a_line_through_a_text_is_noticed() -> None:
    assert crossed(Field("2", 10, 1, 60, "too wide"))
