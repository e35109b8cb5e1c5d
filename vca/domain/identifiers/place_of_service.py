"""Place of service: two digits that say in what kind of place a service was given, 11 being an office.

Issued by CMS, Place of Service Code Set. Sent in 837P CLM05-1 and SV105; CMS-1500 box 24B.

>>> validate("11")
'11'
>>> validate("1")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("30")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: No place of service has that code.
"""

from vca.domain.identifiers import digits, pasted
from vca.domain.identifiers.exceptions import BadFormat, ValidationError

ACT = "Enter two digits, such as 11 for an office."

HOME = "12"
CODES = frozenset(
    f"{code:02}" for code in (*range(1, 28), *range(31, 35), 41, 42, *range(49, 59), 60, 61, 62, 65, 66, 71, 72, 81, 99)
)


def compact(text: str) -> str:
    """Return the code without spaces."""
    return pasted.clean(text)


def validate(text: str) -> str:
    """Return the two digits. Raises BadFormat, BadLength."""
    code = compact(text)
    digits.require(code, 2, act=ACT)
    if code not in CODES:
        raise BadFormat("No place of service has that code.", act=ACT)
    return code


def is_valid(text: str) -> bool:
    """Tell whether the text is a place of service."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
