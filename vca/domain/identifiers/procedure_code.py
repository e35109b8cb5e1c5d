"""Procedure code: five characters that name a service, with up to four modifiers of two characters.

CPT codes (HCPCS level I: five digits, or four digits and A, F, M, T or U) are issued by the American Medical
Association, level II codes (a letter, but none of F, I, N, O and W to Z, and four digits) by CMS. Authority: 45 CFR
162.1002. Only the shape is checked: the lists change every quarter and the CPT list is not free. Sent in 837P loop
2400 SV101; CMS-1500 box 24D.

>>> validate("j3490")
'J3490'
>>> validate("9636")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("9636-")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It is neither five digits nor four digits and a letter.
>>> is_modifier("25"), is_modifier("GTX")
(True, False)
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter five characters, such as 90837 or J3490."
_SHAPE = re.compile(r"[0-9]{4}[0-9AFMTU]|[A-EGHJ-MP-V][0-9]{4}")
MODIFIERS = 4
_MODIFIER = re.compile(r"[0-9A-Z]{2}")


def compact(text: str) -> str:
    """Return the code without spaces, in capitals."""
    return pasted.capitals(text)


def validate(text: str) -> str:
    """Return the five characters. Raises BadFormat, BadLength."""
    code = compact(text)
    if len(code) != 5:
        raise BadLength(act=ACT)
    if not _SHAPE.fullmatch(code):
        raise BadFormat("It is neither five digits nor four digits and a letter.", act=ACT)
    return code


def is_valid(text: str) -> bool:
    """Tell whether the text can be a CPT or HCPCS code."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True


def validate_modifiers(text: str) -> str:
    """Return up to four modifiers, in capitals and separated by commas. Raises BadFormat, BadLength.

    >>> validate_modifiers("gt 25"), validate_modifiers("")
    ('GT,25', '')
    """
    parts = re.sub(r"[\s,:;]+", " ", text).upper().split()
    if not all(is_modifier(part) for part in parts):
        raise BadFormat("A modifier has two characters, letters or digits.")
    if len(parts) > MODIFIERS:
        raise BadLength("A service has at most four modifiers.")
    return ",".join(dict.fromkeys(parts))


def is_modifier(text: str) -> bool:
    """Tell whether the text can be a modifier: two capital letters or digits."""
    return _MODIFIER.fullmatch(text) is not None
