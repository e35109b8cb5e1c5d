"""Where texts are printed, in points."""

import pytest

from billing.cms1500.grid import Run, placed
from billing.domain.paper import Shift


@pytest.mark.parametrize(
    ("sheet", "run"),
    [
        ({"trial": "A"}, Run(24, 763, "A")),
        ({"2": "A"}, Run(24, 655, "A")),
        ({"1a": "A"}, Run(376.8, 679, "A")),
        ({"28": "450 00"}, Run(405.6, 103, "450 00")),
        ({"28": "CONTINUED"}, Run(384, 103, "CONTINUED")),
        ({"33b.number": "A"}, Run(484.8, 43, "A")),
    ],
)
def test_text_begins_at_its_cell_and_money_ends_at_its_own(sheet: dict[str, str], run: Run) -> None:
    assert list(placed(sheet)) == [run]


def test_everything_is_moved_for_a_printer() -> None:
    assert list(placed({"2": "A", "1a": "B"}, Shift(right=3, down=-4))) == [Run(27, 659, "A"), Run(379.8, 683, "B")]


@pytest.mark.parametrize("shift", [{"right": 73}, {"right": -73}, {"down": 73}, {"down": -73}])
def test_a_sheet_is_not_moved_off_the_paper(shift: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="72 points at most"):
        Shift(**shift)
