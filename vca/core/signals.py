"""What core asks and tells upwards.

``still_needed`` with ``row`` and ``by``: what still hangs on a place or on somebody who treats, and is to go out of
use? Each receiver answers with a list of ``Hanging``. ``naming`` with ``document``: whom does it name? ``about`` with
``kind`` and ``ids`` of what tasks or alerts are about: whose is it? To both each receiver answers with ids of Veterans.
``restored`` with ``by``: after a restore, once for each practice, in one transaction; its rows are there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.dispatch import Signal

from vca.core import sight

still_needed = Signal()
naming = Signal()
about = Signal()
restored = Signal()


def whose(document: Model) -> set[int]:
    """Return the ids of the Veterans whom a document names, as far as any app knows."""
    answers: list[tuple[Any, Any]] = naming.send(sender=type(document), document=document)
    return {one for _, answer in answers for one in answer}


def whose_are(rows: Iterable[Any]) -> set[int]:
    """Return the ids of the Veterans whom these tasks or alerts are about."""
    ids: dict[str, set[int]] = {}
    for row in rows:
        ids.setdefault(row.subject_kind, set()).add(row.subject_id)
    answers: list[tuple[Any, Any]] = []
    for kind, some in ids.items():
        answers += about.send(sender=None, kind=kind, ids=some)
    return {one for _, answer in answers for one in answer}


def note_subjects(rows: Iterable[Any]) -> None:
    """Note whose the rows are that these tasks or alerts are about: they are shown."""
    sight.note(whose_are(rows))


@dataclass(frozen=True, slots=True)
class Hanging:
    """One thing that hangs on the row: in words without a person's name, and the page on which it is changed."""

    words: str
    url: str


def what_hangs_on(row: Model, *, by: Any) -> list[Hanging]:
    """Return what all apps answer, in the order of each."""
    answers: list[tuple[Any, Any]] = still_needed.send(sender=type(row), row=row, by=by)
    return [one for _, answer in answers for one in answer]
