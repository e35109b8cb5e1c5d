"""VA referral number: what ties a claim to the care that VA authorized. One number serves the whole episode of care.

Issued by VA's referral systems in three shapes: VA and ten digits; 402-123456-12, whose last part may be one digit;
402-PC-1234567. Authority: VA Office of Community Care provider bulletins, September 2019 and February 2020.
Sent exactly as issued, without any prefix of ours: 837P loop 2300 REF*G1; CMS-1500 box 23.

>>> validate(" va 0012345678 ")
'VA0012345678'
>>> validate("402-pc-1234567")
'402-PC-1234567'
>>> validate("VA001234567")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("VA0O12345678")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It has the letter O where VA prints a zero.
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Copy it exactly as printed on the referral."
_SHAPE = re.compile(r"VA[0-9]{10}|[0-9]{3}-[0-9]{6}-[0-9]{1,2}|[0-9]{3}-PC-[0-9]{7}")
_SHAPE_OF_ANOTHER_LENGTH = re.compile(r"VA[0-9]*|[0-9-]*|[0-9]*-PC-[0-9]*")


def compact(text: str) -> str:
    """Return the number without spaces, in capitals. No prefix is taken off: what remains must be what VA printed."""
    return pasted.capitals(text)


def validate(text: str) -> str:
    """Return the number as VA prints it. Raises BadFormat, BadLength."""
    number = compact(text)
    if _SHAPE.fullmatch(number):
        return number
    # a guess at what was meant could be another Veteran's referral, so the zero is asked for and not put in
    if _SHAPE.fullmatch(number.replace("O", "0")):
        raise BadFormat("It has the letter O where VA prints a zero.", act="Enter the zero.")
    if _SHAPE_OF_ANOTHER_LENGTH.fullmatch(number):
        raise BadLength(act=ACT)
    raise BadFormat("It is none of VA's three shapes: VA and ten digits, 402-123456-12, or 402-PC-1234567.", act=ACT)


def is_valid(text: str) -> bool:
    """Tell whether the text can be a VA referral number."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
