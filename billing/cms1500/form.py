"""The CMS-1500 (02/12): which box takes how many characters, and where on the grid they stand.

The grid has 10 columns and 6 lines to the inch on Letter paper; both count from one. A key begins with the box as the
form names it; the six service lines of box 24 are numbered from one.

Source: National Uniform Claim Committee, 1500 instruction manual 02/12 (lengths); positions as pre-printed stock takes
them from a printer of 10 pitch.

>>> FIELDS["23"]
Field(key='23', line=40, column=50, width=29, title='the prior authorization number', right=False)
>>> FIELDS["24G.6"].line, FIELDS["24F.1"].right
(54, True)
>>> FIELDS["1a"].box, FIELDS["24.2.supplement"].box
('1a', '24')
"""

from collections.abc import Iterator
from dataclasses import dataclass

COLUMNS, LINES = 80, 62
SERVICE_LINES = 6  # of one form
FIRST_SERVICE_LINE = 44  # of the grid; the shaded half of a service line is the line above it
DIAGNOSES = "ABCDEFGHIJKL"


@dataclass(frozen=True, slots=True)
class Field:
    """A place for text: where its first character stands and how many it holds. ``right`` text ends at its end."""

    key: str
    line: int
    column: int
    width: int
    title: str
    right: bool = False

    @property
    def box(self) -> str:
        """The box as the form names it."""
        return self.key.partition(".")[0]


_DATE = (("month", 0, 2), ("day", 3, 2), ("year", 6, 2))  # columns after the first, width


def _head() -> Iterator[Field]:
    """The top margin, the carrier block and boxes 1 to 13."""
    yield Field("trial", 1, 1, 30, "the mark of test data")
    for place, title in enumerate(("name", "street", "second line of the address", "city, state and ZIP code")):
        yield Field(f"carrier.{place + 1}", 2 + place, 41, 31, f"the payer's {title}")
    yield Field("1.other", 8, 45, 1, "other kind of coverage")
    yield Field("1a", 8, 50, 29, "the Veteran's member id")
    yield Field("2", 10, 1, 28, "the Veteran's name")
    yield Field("3.month", 10, 31, 2, "the month of birth")
    yield Field("3.day", 10, 34, 2, "the day of birth")
    yield Field("3.year", 10, 37, 4, "the year of birth")
    yield Field("3.M", 10, 42, 1, "male")
    yield Field("3.F", 10, 47, 1, "female")
    yield Field("4", 10, 50, 29, "the Veteran's name")
    yield Field("6.self", 12, 33, 1, "the Veteran is the insured")
    yield from _address("5", 1, city=24)
    yield from _address("7", 50, city=23)
    for box, line in (("10a", 20), ("10b", 22), ("10c", 24)):
        yield Field(f"{box}.no", line, 41, 1, "the condition has another cause")
    yield Field("11c", 24, 50, 29, "the name of the plan")
    yield Field("11d.no", 26, 57, 1, "no other plan")
    yield Field("12", 29, 7, 20, "the Veteran's signature")
    yield Field("13", 29, 55, 20, "the Veteran's signature")


def _address(box: str, column: int, *, city: int) -> Iterator[Field]:
    """Boxes 5 and 7: the Veteran's address, twice."""
    yield Field(f"{box}.street", 12, column, 28 if column == 1 else 29, "the Veteran's street")
    yield Field(f"{box}.city", 14, column, city, "the Veteran's city")
    yield Field(f"{box}.state", 14, column + city + 1, 3, "the Veteran's state")
    yield Field(f"{box}.zip", 16, column, 12, "the Veteran's ZIP code")
    yield Field(f"{box}.area", 16, column + (14 if column == 1 else 15), 3, "the area code of the Veteran's phone")
    yield Field(f"{box}.phone", 16, column + (18 if column == 1 else 19), 8, "the Veteran's phone")


def _condition() -> Iterator[Field]:
    """Boxes 17 to 23."""
    yield Field("17.role", 34, 1, 2, "the role of the referring clinician")
    yield Field("17.name", 34, 4, 24, "the name of the referring clinician")
    yield Field("17b", 34, 33, 10, "the NPI of the referring clinician")
    yield Field("20.no", 36, 57, 1, "no outside laboratory")
    yield Field("21.indicator", 37, 42, 1, "the edition of the diagnosis codes")
    for place, letter in enumerate(DIAGNOSES):
        yield Field(f"21.{letter}", 38 + place // 4, (3, 16, 29, 42)[place % 4], 7, f"diagnosis {letter}")
    yield Field("22.code", 38, 50, 11, "the resubmission code")
    yield Field("22.original", 38, 62, 18, "the payer's number of the earlier claim")
    yield Field("23", 40, 50, 29, "the prior authorization number")


def _service(number: int) -> Iterator[Field]:
    """One line of box 24: the shaded half for what is added, the other for the service."""
    line = FIRST_SERVICE_LINE + 2 * (number - 1)
    yield Field(f"24.{number}.supplement", line - 1, 1, 61, "the drug")
    yield Field(f"24I.{number}.kind", line - 1, 65, 2, "the kind of the clinician's other number")
    yield Field(f"24J.{number}.other", line - 1, 68, 11, "the clinician's other number")
    for end, first in (("from", 1), ("to", 10)):
        for part, after, width in _DATE:
            yield Field(f"24A.{number}.{end}.{part}", line, first + after, width, f"the {part} of service")
    yield Field(f"24B.{number}", line, 19, 2, "the place of service")
    yield Field(f"24D.{number}.code", line, 25, 6, "the procedure code")
    for place in range(4):
        yield Field(f"24D.{number}.modifier.{place + 1}", line, 33 + 3 * place, 2, "a modifier")
    yield Field(f"24E.{number}", line, 45, 4, "the diagnosis pointers")
    yield Field(f"24F.{number}", line, 50, 8, "the charge", right=True)
    yield Field(f"24G.{number}", line, 59, 3, "the number of units")
    yield Field(f"24J.{number}.npi", line, 68, 10, "the NPI of the clinician")


def _foot() -> Iterator[Field]:
    """Boxes 25 to 33."""
    yield Field("25", 56, 1, 15, "the tax number")
    yield Field("25.ein", 56, 19, 1, "the tax number is an EIN")
    yield Field("26", 56, 23, 14, "the claim's control number")
    yield Field("27.yes", 56, 38, 1, "the assignment is accepted")
    yield Field("28", 56, 51, 9, "the total charge", right=True)
    yield Field("31", 60, 1, 21, "the clinician's signature")
    for part, after, width in _DATE:
        yield Field(f"31.{part}", 61, 6 + after, width, f"the {part} of signing")
    yield from _place("32", 23, 26, "the place of service")
    yield Field("32a", 61, 23, 10, "the NPI of the place of service")
    yield Field("33.area", 57, 66, 3, "the area code of the billing provider's phone")
    yield Field("33.phone", 57, 70, 8, "the billing provider's phone")
    yield from _place("33", 50, 29, "the billing provider")
    yield Field("33a", 61, 50, 10, "the NPI of the billing provider")
    yield Field("33b.kind", 61, 63, 2, "the kind of the billing provider's other number")
    yield Field("33b.number", 61, 65, 15, "the billing provider's other number")


def _place(box: str, column: int, width: int, whose: str) -> Iterator[Field]:
    for place, title in enumerate(("name", "street", "city")):
        yield Field(f"{box}.{title}", 58 + place, column, width, f"the {title} of {whose}")


def _all() -> Iterator[Field]:
    yield from _head()
    yield from _condition()
    for number in range(1, SERVICE_LINES + 1):
        yield from _service(number)
    yield from _foot()


FIELDS: dict[str, Field] = {field.key: field for field in _all()}
