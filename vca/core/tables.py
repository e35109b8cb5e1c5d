"""Tables for a spreadsheet: every cell is shown, and none is run. Source: RFC 4180; OWASP, CSV injection."""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

# What a spreadsheet takes for the beginning of a formula or passes over before one, also in the wide letters of Asia.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "\x00")
_NUMBER = re.compile(r"-\d+(\.\d+)?", re.ASCII)


def as_csv(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table with its head, as text.

    >>> as_csv(["Name", "Balance"], [["=cmd()", "-1.50"]])
    "Name,Balance\\r\\n'=cmd(),-1.50\\r\\n"
    """
    file = StringIO()
    csv.writer(file).writerows([_cell(text) for text in line] for line in (head, *lines))
    return file.getvalue()


def _cell(text: str) -> str:
    """Return a text with an apostrophe before what would be run; a number is none."""
    is_run = text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)
    return f"'{text}" if is_run and not _NUMBER.fullmatch(text) else text
