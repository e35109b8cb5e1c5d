"""The one question of core upwards: what still hangs on a place or on somebody who treats, and is to go out of use?

Sent with ``row`` and ``by``; each receiver answers with a list of ``Hanging``.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.dispatch import Signal

still_needed = Signal()


@dataclass(frozen=True, slots=True)
class Hanging:
    """One thing that hangs on the row: in words without a person's name, and the page on which it is changed."""

    words: str
    url: str


def what_hangs_on(row: Model, *, by: Any) -> list[Hanging]:
    """Return what all apps answer, in the order of each."""
    answers: list[tuple[Any, Any]] = still_needed.send(sender=type(row), row=row, by=by)
    return [one for _, answer in answers for one in answer]
