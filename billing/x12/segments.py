"""Segments: the unit of every X12 file, and the few ways in which a value is written in one.

Delimiters, character set and number formats: ASC X12.5 and X12.6 as used by 005010X222A1, appendix B.

>>> render(("CLM", "HWC-1", amount(Decimal("687.50")), "", "", ("11", "B", "1"), "Y", ""))
'CLM*HWC-1*687.5***11:B:1*Y~'
>>> text("Peña~NM1*85*2*EVIL", 60)
'PENA NM1 85 2 EVIL'
>>> render(("NM1", "IL", "1", "PENA~NM1*85*2*EVIL"))
Traceback (most recent call last):
    ...
billing.x12.segments.DelimiterInData: NM1
"""

import re
from decimal import Decimal
from typing import TypeGuard

from billing.domain.lettering import capitals

ELEMENT, REPETITION, COMPONENT, TERMINATOR = "*", "^", ":", "~"

Element = str | tuple[str, ...]  # a tuple is made of components
Segment = tuple[Element, ...]  # index 0 is its name and index n its element n

# the basic and the extended set in capitals, less the four delimiters
_LETTERS = r"A-Z0-9!\"&'()+,\-./;?=%@\[\]_{}\\|<>#$"
_CLEAN = re.compile(f"(?:[{_LETTERS}]+(?: [{_LETTERS}]+)*)?")
_FOREIGN = re.compile(f"[^{_LETTERS}]+")
_DELIMITERS = re.compile(r"[*^:~]")


class DelimiterInData(ValueError):
    """A value that was not cleaned holds a delimiter: a fault of ours, named by its segment and never sent."""


def render(segment: Segment) -> str:
    """Return the segment with its terminator, without empty elements at its end. Raises DelimiterInData."""
    elements, values = (segment, segment) if _is_plain(segment) else _composed(segment)
    if _DELIMITERS.search("".join(values)):
        raise DelimiterInData(segment[0])
    return ELEMENT.join(elements).rstrip(ELEMENT) + TERMINATOR


def _is_plain(segment: Segment) -> TypeGuard[tuple[str, ...]]:
    """Tell whether no element is made of components, as in most segments."""
    return tuple not in map(type, segment)


def _composed(segment: Segment) -> tuple[list[str], list[str]]:
    """Return the elements with their components joined, and the values that may hold no delimiter."""
    elements = [(e,) if isinstance(e, str) else e for e in segment]
    return [COMPONENT.join(parts).rstrip(COMPONENT) for parts in elements], ["".join(parts) for parts in elements]


def text(value: str, width: int) -> str:
    """Return the value in the letters of X12: no accent, capitals, a space for whatever else, cut to the width."""
    clean = value if _CLEAN.fullmatch(value) else _folded(value)
    return clean if len(clean) <= width else clean[:width].rstrip()


def _folded(value: str) -> str:
    raised = value.upper()
    return raised if _CLEAN.fullmatch(raised) else _FOREIGN.sub(" ", capitals(raised)).strip()


def phone(number: str) -> str:
    """Return the ten digits of a telephone number, however it is written."""
    return "".join([c for c in number if c.isascii() and c.isdigit()])[-10:]


def amount(dollars: Decimal) -> str:
    """Return dollars without needless zeros: 687.50 is 687.5. Raises ValueError beyond two places."""
    return _number(dollars, places=2)


def quantity(count: Decimal) -> str:
    """Return a quantity without needless zeros: 0.860 is .86. Raises ValueError beyond three places."""
    return _number(count, places=3)


def _number(value: Decimal, *, places: int) -> str:
    if value != round(value, places):
        raise ValueError(f"a number in X12 with more than {places} places")
    if value == value.to_integral_value():
        return str(int(value))
    sign, whole_and_part = ("-", -value) if value < 0 else ("", value)
    return sign + f"{whole_and_part:.{places}f}".strip("0")
