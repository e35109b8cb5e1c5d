"""SSN, Social Security number: nine digits, printed 123-45-6789.

Issued by the Social Security Administration, which never assigns area 000, 666 or 900 to 999, group 00 or serial 0000.
Authority: SSA, Program Operations Manual, RM 10201.035. Sent as the member id in 837P loop 2010BA NM109, without
hyphens, where neither ICN nor EDIPI is known.

>>> validate("219-09-9999")
'219099999'
>>> validate("219-09-999")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("666-09-9999")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It is a number that Social Security never assigns.
"""

from vca.domain.identifiers import digits
from vca.domain.identifiers.exceptions import BadFormat, ValidationError

ACT = "Enter all nine digits, not only the last four."


def compact(text: str) -> str:
    """Return the number without spaces and hyphens."""
    return digits.compact(text)


def validate(text: str) -> str:
    """Return the nine digits. Raises BadFormat, BadLength."""
    number = compact(text)
    digits.require(number, 9, act=ACT)
    area, group, serial = number[:3], number[3:5], number[5:]
    if area in ("000", "666") or area >= "900" or group == "00" or serial == "0000":
        raise BadFormat("It is a number that Social Security never assigns.", act="Compare it with the referral.")
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be an SSN."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
