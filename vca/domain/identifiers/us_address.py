"""United States address: state codes and ZIP codes, of five digits, or of nine where a payer must find the building.

Assigned by the United States Postal Service (Publication 28, appendix B: states, possessions, military "states").
Sent in 837P N402 and N403, without hyphen; billing provider and service facility need all nine digits.

>>> validate("97205-1234")
'972051234'
>>> validate("9720")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("97Z05")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It has a character that is not a digit.
>>> validate_full("97205")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It needs all nine digits.
>>> is_state("OR"), is_state("XX")
(True, False)
"""

import re

from vca.domain.identifiers import digits
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter five digits, or nine."

_PRINTED = """
    AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA
    RI SC SD TN TX UT VT VA WA WV WI WY
    AS FM GU MH MP PR PW VI
    AA AE AP
"""
STATES = frozenset(_PRINTED.split())
_PO_BOX = re.compile(r"\W*(?:P\W*O\W*|POST\s+OFFICE\s+)BOX\b", re.IGNORECASE)


def compact(text: str) -> str:
    """Return the ZIP code without spaces and hyphen."""
    return digits.compact(text)


def validate(text: str) -> str:
    """Return the five or nine digits of a ZIP code. Raises BadFormat, BadLength."""
    zip_code = compact(text)
    digits.require(zip_code, 5, 9, act=ACT)
    if zip_code.startswith("000"):
        raise BadFormat("No place has a ZIP code that begins with 000.", act=ACT)
    return zip_code


def validate_full(text: str) -> str:
    """Return the nine digits of a ZIP code. Raises BadFormat, BadLength."""
    zip_code = validate(text)
    if len(zip_code) != 9:
        raise BadLength("It needs all nine digits.", act="Look it up by the address.")
    return zip_code


def is_valid(text: str) -> bool:
    """Tell whether the text can be a ZIP code."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True


def is_state(text: str) -> bool:
    """Tell whether the text is the code, in capitals, of a state, a possession or a military "state"."""
    return text in STATES


def is_po_box(street: str) -> bool:
    """Tell whether a street line is a post office box.

    >>> is_po_box("P.O. Box 1234"), is_po_box("12 Boxwood Lane")
    (True, False)
    """
    return _PO_BOX.match(street) is not None
