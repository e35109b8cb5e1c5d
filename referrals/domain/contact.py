"""What is asked about a visit that was missed or cancelled: how the Veteran was sought, and whether VA knows.

>>> Contact(attempts=2, last_on=date(2024, 4, 11), way=ContactWay.PHONE).is_whole
True
>>> Contact(attempts=2).is_whole
False
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ContactWay(StrEnum):
    """How the Veteran was last sought."""

    PHONE = "PHONE"
    TEXT_MESSAGE = "TEXT_MESSAGE"
    E_MAIL = "E_MAIL"
    LETTER = "LETTER"
    IN_PERSON = "IN_PERSON"


@dataclass(frozen=True, slots=True)
class Contact:
    """How often the Veteran was sought, last on which civil day and how; whether VA was told. ``None`` is not said."""

    attempts: int | None = None
    last_on: date | None = None
    way: ContactWay | None = None
    va_told: bool | None = None

    @property
    def is_whole(self) -> bool:
        """Whether day and way of the last attempt are said if there was one, and not if there was none."""
        return {self.last_on is not None, self.way is not None} == {bool(self.attempts)}


NOT_ASKED = Contact()
