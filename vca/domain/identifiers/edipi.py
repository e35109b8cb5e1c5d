"""EDIPI, Electronic Data Interchange Personal Identifier: ten digits on a military or Veteran ID card (DoD ID number).

Issued by the Department of Defense (Defense Manpower Data Center). No public text says how a check digit would be
reckoned, so only the shape is checked. Sent as the member id in 837P loop 2010BA NM109 where the ICN is not known.

>>> validate("1005423190")
'1005423190'
>>> validate("100542319")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("10O5423190")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It has a character that is not a digit.
"""

from vca.domain.identifiers import digits
from vca.domain.identifiers.exceptions import ValidationError

ACT = "Enter all ten digits."


def compact(text: str) -> str:
    """Return the number without spaces and hyphens."""
    return digits.compact(text)


def validate(text: str) -> str:
    """Return the ten digits. Raises BadFormat, BadLength."""
    number = compact(text)
    digits.require(number, 10, act=ACT)
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be an EDIPI."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
