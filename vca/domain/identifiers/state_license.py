"""State license: the number under which a state lets a clinician practice. Each board has a shape of its own.

Issued by the boards of the states; no common authority. What they share: letters A to Z, digits, now and then a hyphen,
a dot or a slash, at least one digit, at most twenty characters. Kept as printed, in capitals.

>>> validate("md-12345"), validate("G 54321")
('MD-12345', 'G54321')
>>> validate("pending")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It has no digit.
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter the number printed on the license."
LONGEST = 20
_SHAPE = re.compile(r"[A-Z0-9](?:[A-Z0-9./-]*[A-Z0-9])?")


def compact(text: str) -> str:
    """Return the number without spaces, in capitals."""
    return pasted.capitals(text)


def validate(text: str) -> str:
    """Return the number as printed. Raises BadFormat, BadLength."""
    number = compact(text)
    if not 2 <= len(number) <= LONGEST:
        raise BadLength(act=ACT)
    if not _SHAPE.fullmatch(number):
        raise BadFormat(act=ACT)
    if not any(one.isdigit() for one in number):
        raise BadFormat("It has no digit.", act=ACT)
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be the number of a state license."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
