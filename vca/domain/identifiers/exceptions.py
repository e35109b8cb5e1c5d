"""ValidationError: why a number cannot be what it claims to be, in one sentence that speaks of the number as "it".

Raised by ``validate`` of every module of this package. The sentence never repeats the number: it may identify a person.

>>> str(BadLength())
'It is too short or too long.'
>>> str(BadFormat("It has the letter O where VA prints a zero."))
'It has the letter O where VA prints a zero.'
"""

from typing import ClassVar


class ValidationError(ValueError):
    """Something about the number is wrong; each kind has a default sentence."""

    sentence: ClassVar[str] = "It is not valid."

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or self.sentence)


class BadFormat(ValidationError):
    """A character stands where it cannot."""

    sentence = "It has a character or a shape that does not belong there."


class BadLength(ValidationError):
    """There are too few or too many characters."""

    sentence = "It is too short or too long."


class BadCheckDigit(ValidationError):
    """The check digit does not follow from the other digits."""

    sentence = "Its check digit does not fit, so at least one digit is wrong."
