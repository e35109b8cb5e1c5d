"""EIN, Employer Identification Number: nine digits, printed 12-3456789, under which a practice pays tax.

Issued by the Internal Revenue Service (26 CFR 301.7701-12). It has no check digit.
Sent in 837P loop 2010AA REF*EI, without hyphen; CMS-1500 box 25.

>>> validate("12-3456789")
'123456789'
>>> validate("12-345678")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("12-345678X")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It has a character that is not a digit.
"""

from vca.domain.identifiers import digits
from vca.domain.identifiers.exceptions import ValidationError

ACT = "Enter all nine digits."


def compact(text: str) -> str:
    """Return the number without spaces and hyphen."""
    return digits.compact(text)


def validate(text: str) -> str:
    """Return the nine digits. Raises BadFormat, BadLength."""
    number = compact(text)
    digits.require(number, 9, act=ACT)
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be an EIN."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
