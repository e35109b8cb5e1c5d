"""NPI, National Provider Identifier: ten digits that name a provider of health care, a person or an organisation.

Issued by the National Plan and Provider Enumeration System (NPPES) of CMS.
Authority: 45 CFR 162.406; the last digit is the Luhn check digit over 80840 and the number.
Sent in 837P loops 2010AA, 2310A, 2310B, 2310C and 2420A, NM109; CMS-1500 boxes 17b, 24J, 32a and 33a.

>>> validate("123-456-7893")
'1234567893'
>>> validate("123456789")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("1234567894")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadCheckDigit: Its check digit does not fit, so at least one digit is wrong.
"""

from vca.domain.identifiers import digits
from vca.domain.identifiers.exceptions import BadCheckDigit, ValidationError

ACT = "Enter all ten digits."

PREFIX = "80840"  # health applications, United States
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice the digit, its own digits added


def compact(text: str) -> str:
    """Return the number without spaces and hyphens."""
    return digits.compact(text)


def calc_check_digit(first_nine: str) -> str:
    """Return the tenth digit that belongs to the first nine."""
    return str(-_luhn_sum(PREFIX + first_nine + "0") % 10)


def validate(text: str) -> str:
    """Return the ten digits. Raises BadFormat, BadLength, BadCheckDigit."""
    number = compact(text)
    digits.require(number, 10, act=ACT)
    if _luhn_sum(PREFIX + number) % 10:
        raise BadCheckDigit
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be an NPI."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True


def _luhn_sum(number: str) -> int:
    from_the_right = [int(digit) for digit in reversed(number)]
    return sum(from_the_right[::2]) + sum(_DOUBLED[digit] for digit in from_the_right[1::2])
