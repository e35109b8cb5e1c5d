"""DEA number: two letters and seven digits, under which a clinician orders and gives controlled drugs at one place.

Issued by the Drug Enforcement Administration (21 CFR 1301.11 to 1301.13). The first letter is the kind of registrant;
the second is the first letter of the last name, or 9 for a business. The last digit is the last digit of the sum of
the first, third and fifth digit and twice the second, fourth and sixth.

>>> validate("ab1234563")
'AB1234563'
>>> validate("AB1234564")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadCheckDigit: Its check digit does not fit, so at least one digit is wrong.
>>> validate("1234563")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadCheckDigit, BadFormat, BadLength, ValidationError

ACT = "Enter both letters and all seven digits."
_SHAPE = re.compile(r"[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}")


def compact(text: str) -> str:
    """Return the number without spaces and hyphens, in capitals."""
    return pasted.capitals(text).replace("-", "")


def calc_check_digit(first_six: str) -> str:
    """Return the seventh digit that belongs to the first six."""
    digits = [int(digit) for digit in first_six]
    return str((sum(digits[::2]) + 2 * sum(digits[1::2])) % 10)


def validate(text: str) -> str:
    """Return the nine characters. Raises BadFormat, BadLength, BadCheckDigit."""
    number = compact(text)
    if len(number) != 9:
        raise BadLength(act=ACT)
    if not _SHAPE.fullmatch(number):
        raise BadFormat("It is not two letters, or a letter and 9, and seven digits.", act=ACT)
    if calc_check_digit(number[2:8]) != number[8]:
        raise BadCheckDigit
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be a DEA number."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
