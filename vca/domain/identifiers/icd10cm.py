"""ICD-10-CM: the code of a diagnosis, three to seven characters, printed with a dot after the third (F33.2).

Issued by the National Center for Health Statistics and CMS, new each October. Authority: 45 CFR 162.1002.
Only the shape is checked. Sent without the dot in 837P loop 2300 HI*ABK and ABF; CMS-1500 box 21.

>>> validate("f33.2")
'F332'
>>> validate("F3")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
>>> validate("296.33")  # ICD-9-CM, which ended on 30 September 2015
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: It is not a letter, a digit and one to five letters or digits.
"""

import re

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter it as printed, such as F33.2."
_SHAPE = re.compile(r"[A-Z][0-9][0-9AB][0-9A-Z]{0,4}")


def compact(text: str) -> str:
    """Return the code without spaces and the dot after the third character, in capitals."""
    code = pasted.capitals(text)
    return code[:3] + code[4:] if code[3:4] == "." else code


def validate(text: str) -> str:
    """Return the three to seven characters, without the dot. Raises BadFormat, BadLength."""
    code = compact(text)
    if "." in code:
        raise BadFormat("The dot stands after the third character.", act=ACT)
    if not 3 <= len(code) <= 7:
        raise BadLength(act=ACT)
    if not _SHAPE.fullmatch(code):
        raise BadFormat("It is not a letter, a digit and one to five letters or digits.", act=ACT)
    return code


def is_valid(text: str) -> bool:
    """Tell whether the text can be an ICD-10-CM code."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
