"""Findings: what a scrub rule says, and the few questions that the rules share.

>>> writable("Müller"), writable("山田"), writable(" ")
(True, False, False)
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from billing.domain.claim import ServiceLine
from vca.domain.identifiers.exceptions import ValidationError
from vca.domain.rules import CATALOGUE, Severity
from vca.domain.wording import say_day

_LETTER = re.compile("[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found: its code, a sentence for the biller, and which field of the claim it is about.

    ``field`` is a path into ProfessionalClaim in which a line or a diagnosis stands by its number: ``lines.2.units``.
    """

    code: str
    message: str
    field: str

    @property
    def severity(self) -> Severity:
        """What the finding does, from the catalogue."""
        return CATALOGUE[self.code].severity


Findings = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class ScrubContext:
    """What a rule may know besides the claim. The limit counts civil days from the day of service to the last day."""

    today: date
    filing_limit_days: int


def name_of(line: ServiceLine) -> str:
    """Return which line is meant and of which day, for the middle of a sentence."""
    return f"line {line.number} of {say_day(line.service_date)}"


def fault(validate: Callable[[str], str], value: str) -> str:
    """Return why the value cannot be sent, as a sentence about "it"; empty when it can."""
    if not value.strip():
        return "It is missing."
    try:
        cleaned = validate(value)
    except ValidationError as error:
        return str(error)
    return "" if cleaned == value else "It is not in the plain form that is sent: capitals, no spaces, dots or hyphens."


def writable(name: str) -> bool:
    """Tell whether a letter or digit of the name is left once it is folded to the character set of claims."""
    return _LETTER.search(unicodedata.normalize("NFKD", name)) is not None
