"""Tables for a spreadsheet: who took one, and how much, is on the audit trail."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction

from vca.core import audit, sight, tables
from vca.core.access import Actor

Line = Sequence[str]


def table(
    head: Line, lines: Iterable[Line], *, action: str, subject: str, changes: Callable[[int], dict[str, Any]], by: Actor
) -> str:
    """Return the table as CSV, and record that it was taken; ``changes`` says what of, given the number of lines."""
    with transaction.atomic():
        with sight.watching() as seen:
            taken = list(lines)
        audit.record(by=by, action=action, subject=subject, changes=changes(len(taken)), veterans=seen)
    return tables.as_csv(head, taken)
