"""ValidationError: why a number cannot be what it claims to be, in one sentence that speaks of the number as "it".

Raised by ``validate`` of every module of this package. The sentence never repeats the number: it may identify a person.

>>> str(BadLength())
'It is too short or too long.'
>>> BadLength(act="Enter all ten digits.").advice
'It is too short or too long. Enter all ten digits.'
>>> str(BadFormat("It has the letter O where VA prints a zero."))
'It has the letter O where VA prints a zero.'
"""

from typing import ClassVar


class ValidationError(ValueError):
    """Something about the number is wrong; each kind has a default sentence; ``act`` says what to do."""

    sentence: ClassVar[str] = "It is not valid."
    default_act: ClassVar[str] = ""

    def __init__(self, sentence: str = "", *, act: str = "") -> None:
        super().__init__(sentence or self.sentence)
        self.act = act or self.default_act

    @property
    def advice(self) -> str:
        """What is wrong, and what to do: for somebody who has just typed it."""
        return f"{self} {self.act}".strip()


class BadFormat(ValidationError):
    """A character stands where it cannot."""

    sentence = "It has a character or a shape that does not belong there."


class BadLength(ValidationError):
    """There are too few or too many characters."""

    sentence = "It is too short or too long."


class BadCheckDigit(ValidationError):
    """The check digit does not follow from the other digits."""

    sentence = "Its check digit does not fit, so at least one digit is wrong."
    default_act = "Compare it digit by digit."
