r"""Pasted text: what a PDF, a scan or a web page puts between and in place of the characters that were meant.

Spaces of any width and signs without width (soft hyphen, zero-width space, marks of direction) go; each kind of dash
is a hyphen; wide and mathematical letters and digits are the plain ones. Raised digits and those of other scripts stay
as they are and are refused later: a raised 2 is a footnote as often as a digit.

>>> clean("402\u2013123456\u201112"), clean(" VA 0000 000017\u200b"), clean("\uff11\uff12")
('402-123456-12', 'VA0000000017', '12')
"""

import unicodedata

_MINUS = "\u2212"
_WIDE = range(0xFF01, 0xFF5F)
_MATHEMATICAL = range(0x1D400, 0x1D800)


def clean(text: str) -> str:
    """Return the text as it would have been typed, without spaces."""
    return "".join(text.split() if text.isascii() else map(_typed, text))


def capitals(text: str) -> str:
    """Return the text as it would have been typed, without spaces, in capitals; foreign letters stay as they are."""
    typed = clean(text)
    return typed.upper() if typed.isascii() else "".join(one.upper() if one.isascii() else one for one in typed)


def _typed(one: str) -> str:
    if one.isascii():
        return "" if one.isspace() else one
    kind = unicodedata.category(one)
    if kind == "Cf" or one.isspace():
        return ""
    if kind == "Pd" or one == _MINUS:
        return "-"
    return unicodedata.normalize("NFKC", one) if ord(one) in _WIDE or ord(one) in _MATHEMATICAL else one
