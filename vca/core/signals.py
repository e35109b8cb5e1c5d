"""What core asks and tells upwards.

``still_needed`` with ``row`` and ``by``: what still hangs on a place or on somebody who treats, and is to go out of
use? Each receiver answers with a list of ``Hanging``. ``restored`` in the transaction of a restore: every row is there.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.dispatch import Signal

still_needed = Signal()
restored = Signal()


@dataclass(frozen=True, slots=True)
class Hanging:
    """One thing that hangs on the row: in words without a person's name, and the page on which it is changed."""

    words: str
    url: str


def what_hangs_on(row: Model, *, by: Any) -> list[Hanging]:
    """Return what all apps answer, in the order of each."""
    answers: list[tuple[Any, Any]] = still_needed.send(sender=type(row), row=row, by=by)
    return [one for _, answer in answers for one in answer]
