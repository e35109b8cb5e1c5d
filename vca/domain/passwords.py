"""Passwords that are long and all the same easy to guess.

>>> is_of_this_trade("Veterans-Affairs-2026!"), is_of_this_trade("lantern over the harbor")
(True, False)
>>> is_two_of({"qwerty", "1234567890"}, "1234567890 Qwerty"), is_two_of({"qwerty"}, "lantern qwerty")
(True, False)
"""

import re
from collections.abc import Container

# What comes to mind first in a clinic that works for VA. Source: OWASP ASVS 5.0.0, 6.1.2 and 6.2.11.
WORDS = (
    *("administrator", "affairs", "agreement", "appointment", "authorization", "biller", "billing", "care", "center"),
    *("changeme", "claim", "clinic", "clinician", "community", "department", "desk", "doctor", "front", "health"),
    *("hospital", "insurance", "letmein", "medical", "nurse", "office", "password", "patient", "payment", "practice"),
    *("referral", "secret", "summer", "veteran", "visit", "welcome", "wellness", "winter"),
)
LETTERS_OF_ONES_OWN = 6
_TAKEN_OUT = re.compile(rf"(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})s?|\b(?:va|vca|the|of|and|my)\b")


def is_of_this_trade(password: str) -> bool:
    """Tell whether next to nothing is left of a password without the words that everybody here would try."""
    left = _TAKEN_OUT.sub(" ", re.sub(r"[\W\d_]+", " ", password.lower()))
    return (
        sum(sign.isalpha() for sign in left) < LETTERS_OF_ONES_OWN and _TAKEN_OUT.search(password.lower()) is not None
    )


def is_two_of(common: Container[str], password: str) -> bool:
    """Tell whether a password is two common ones side by side: a list of common ones holds few as long as ours must be.

    Source: OWASP ASVS 5.0.0, 6.2.4.
    """
    plain = "".join(password.lower().split())
    return any(plain[:at] in common and plain[at:] in common for at in range(1, len(plain)))
