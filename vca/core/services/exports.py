"""Tables for a spreadsheet: who took one, and how much, is on the audit trail."""

import csv
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any

from django.db import transaction

from vca.core import audit
from vca.core.access import Actor

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
Line = Sequence[str]


def table(
    head: Line, lines: Iterable[Line], *, action: str, subject: str, changes: Callable[[int], dict[str, Any]], by: Actor
) -> str:
    """Return the table as CSV, and record that it was taken; ``changes`` says what of, given the number of lines."""
    with transaction.atomic():
        taken = list(lines)
        audit.record(by=by, action=action, subject=subject, changes=changes(len(taken)))
    file = StringIO()
    csv.writer(file).writerows([head, *taken])
    return file.getvalue()


def plain(text: str) -> str:
    """Return text that a spreadsheet shows and does not run. Source: OWASP, CSV injection."""
    return f"'{text}" if text.startswith(FORMULA) else text
