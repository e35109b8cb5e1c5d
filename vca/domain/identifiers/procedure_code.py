"""Procedure code: five characters that name a service, with up to four modifiers of two characters.

CPT codes (HCPCS level I: five digits, or four digits and a letter) are issued by the American Medical Association,
level II codes (a letter and four digits) by CMS. Authority: 45 CFR 162.1002. Only the shape is checked: the lists
change every quarter and the CPT list is not free. Sent in 837P loop 2400 SV101; CMS-1500 box 24D.

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

from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

_SHAPE = re.compile(r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")


def compact(text: str) -> str:
    """Return the code without spaces, in capitals."""
    return "".join(text.split()).upper()


def validate(text: str) -> str:
    """Return the five characters. Raises BadFormat, BadLength."""
    code = compact(text)
    if len(code) != 5:
        raise BadLength
    if not _SHAPE.fullmatch(code):
        raise BadFormat("It is neither five digits nor four digits and a letter.")
    return code


def is_valid(text: str) -> bool:
    """Tell whether the text can be a CPT or HCPCS code."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True


def is_modifier(text: str) -> bool:
    """Tell whether the text can be a modifier: two capital letters or digits."""
    return _MODIFIER.fullmatch(text) is not None
