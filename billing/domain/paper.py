"""Paper: what payers and printers want of a claim that is printed, as a practice sets it.

>>> read_address("PO Box 9, Anytown, FL, 33630")
Address(street='PO Box 9', city='Anytown', state='FL', zip_code='33630', street_2='')
>>> read_shift("2,-1")
Shift(right=2, down=-1)
>>> read_shift("100,0")
Traceback (most recent call last):
    ...
ValueError: a sheet is moved by 72 points at most
"""

from dataclasses import dataclass
from enum import StrEnum

from billing.domain.claim import Address
from vca.domain.identifiers import us_address

FARTHEST = 72  # points; whoever is an inch off has laid the paper in wrongly


class Totals(StrEnum):
    """Where box 28 of a claim of several sheets stands. Payers differ."""

    EACH_SHEET = "EACH_SHEET"  # the services of that sheet
    LAST_SHEET = "LAST_SHEET"  # all services, and CONTINUED before


@dataclass(frozen=True, slots=True)
class PaperRules:
    """What payers want differently on paper: box 28 of several sheets, and the spaces after an NDC (one or three).

    ``billing_name`` is how a practice writes its own name where box 33 is too short for it.
    """

    totals: Totals = Totals.EACH_SHEET
    spaces_after_ndc: int = 3
    billing_name: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """How many points a printer needs everything moved. Raises ValueError beyond an inch."""

    right: int = 0
    down: int = 0

    def __post_init__(self) -> None:
        if not all(abs(points) <= FARTHEST for points in (self.right, self.down)):
            raise ValueError(f"a sheet is moved by {FARTHEST} points at most")


SHIPPED = PaperRules()
NOWHERE = Shift()


def read_address(text: str) -> Address | None:
    """Return street, city, state and ZIP code from a text with commas between; ``None`` for none. Raises ValueError."""
    if not text:
        return None
    street, city, state, zip_code = (part.strip() for part in text.split(","))
    if not (street and city and us_address.is_state(state)):
        raise ValueError(text)
    return Address(street, city, state, us_address.validate(zip_code))


def read_shift(text: str) -> Shift:
    """Return points to the right and down from ``2,-1``. Raises ValueError."""
    right, down = (int(part) for part in text.split(","))
    return Shift(right, down)


def read_spaces(text: str) -> int:
    """Return the spaces between an NDC and its unit, 1 to 3. Raises ValueError."""
    if text not in ("1", "2", "3"):
        raise ValueError(text)
    return int(text)
