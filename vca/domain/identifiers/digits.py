"""Digits: what most of these numbers are made of.

>>> compact(" 12-345 6789 ")
'123456789'
>>> require("123456789", 9, act="Enter all nine digits.")
>>> require("1234", 9, act="Enter all nine digits.")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: It is too short or too long.
"""

from vca.domain.identifiers import pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength


def compact(text: str) -> str:
    """Return the text without spaces, and without hyphens and what looks like one."""
    return pasted.clean(text).replace("-", "")


def require(text: str, *lengths: int, act: str) -> None:
    """Accept the digits 0 to 9 in one of those lengths; ``act`` says what to enter. Raises BadFormat, BadLength."""
    # str.isdigit alone also takes the digits of other scripts, which no payer reads
    if text and not (text.isascii() and text.isdigit()):
        raise BadFormat("It has a character that is not a digit.", act=act)
    if len(text) not in lengths:
        raise BadLength(act=act)
