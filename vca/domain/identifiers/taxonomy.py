"""Taxonomy code: ten characters that say what kind of provider somebody is.

Issued by the National Uniform Claim Committee, twice a year; each code begins with two digits and ends with X.
Only the shape is checked. Sent in 837P loops 2000A, 2310B and 2420A, PRV03; CMS-1500 boxes 24I/J and 33b after ZZ.

>>> validate("207l00000x")
'207L00000X'
>>> validate("207L")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("207L000000")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It does not begin with two digits or does not end with X.
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter all ten characters, as the registry of NPIs shows them."
_SHAPE = re.compile(r"[0-9]{2}[0-9A-Z]{7}X")


def compact(text: str) -> str:
    """Return the code without spaces, in capitals."""
    return pasted.capitals(text)


def validate(text: str) -> str:
    """Return the ten characters. Raises BadFormat, BadLength."""
    code = compact(text)
    if len(code) != 10:
        raise BadLength(act=ACT)
    if not _SHAPE.fullmatch(code):
        raise BadFormat("It does not begin with two digits or does not end with X.", act=ACT)
    return code


def is_valid(text: str) -> bool:
    """Tell whether the text can be a taxonomy code."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
