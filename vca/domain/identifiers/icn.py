"""ICN, Integration Control Number: how VA knows a Veteran everywhere, ten digits, the letter V and six digits.

Issued by VA's Master Person Index. The six digits are a checksum; no public text says how it is reckoned, so only the
shape is checked. Sent as the member id in 837P loop 2010BA NM109; CMS-1500 box 1a.

>>> validate("1012345678v123456")
'1012345678V123456'
>>> validate("1012345678V12345")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("1012345678-123456")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It is not ten digits, the letter V and six digits.
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter all 17 characters, as printed on the referral."
_SHAPE = re.compile(r"[0-9]{10}V[0-9]{6}")


def compact(text: str) -> str:
    """Return the number without spaces, with a capital V."""
    return pasted.capitals(text)


def validate(text: str) -> str:
    """Return the 17 characters. Raises BadFormat, BadLength."""
    number = compact(text)
    if len(number) != 17:
        raise BadLength(act=ACT)
    if not _SHAPE.fullmatch(number):
        raise BadFormat("It is not ten digits, the letter V and six digits.", act=ACT)
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be an ICN."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
