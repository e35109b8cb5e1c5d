"""Hostile names, a thousand at a time, in everything that is written of them: files, tables, paper, logs, headers."""

import csv
import logging
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from unittest.mock import patch

from billing.cms1500.boxes import sheets
from billing.domain.findings import writable
from billing.x12 import claim_837p, segments
from billing.x12.claim_837p import write_837p
from tests.billing import claims
from tests.billing.x12.reading import complaints, segments_of
from tests.trials.registry import Outcome, trial
from vca.core import tables
from vca.core.db import LineWithoutRows
from vca.core.pages import attachment

AT_ONCE = 1000
READ_BY_ANOTHER = 5  # by pyx12, which takes its time
PARTS = (
    *("~", "*", "^", ":", "~NM1*85*2*EVIL~", "ISA*00*", "IEA*1*1~", "\r\n", "\n", "\r", "\t", "\x00", "\x0b", "\x0c"),
    *("=", "+", "-", "@", "=cmd|'/C calc'!A0", "@SUM(1)", '"', "'", ",", ";", "\u2028", "\u2029", "\x85", "\x1b[2J"),
    *("\n2026-01-01 00:00:00,000 INFO vca signed in", "\r\nSet-Cookie: x=y", "%0d%0a", "%s%s%n", "{0}", "\\", "\ufeff"),
    *(
        "\u202e",
        "\u200f",
        "é" * 3,
        "ẞ",
        "Ł",
        "ﬁ",
        "王",
        "🙂",
        "＊",
        "～",
        "＝1",
        "\u0301" * 5,
        "<script>",
        "O'Neil",
        "Ñ",
    ),
    *("Smith", "Jr.", " ", "  ", "X" * 300, "(not stated)", "', DROP TABLE", "../../", "\ud7ff", "\U0010ffff"),
)
FORMATTER = LineWithoutRows("{message}", style="{")


def names(number: int, count: int = AT_ONCE) -> list[str]:
    """Return so many names, which the number gives."""
    chance = random.Random(number)
    return ["".join(chance.choices(PARTS, k=chance.randint(1, 5))) for _ in range(count)]


def in_file(some: Sequence[str]) -> bool:
    """Is every claim of the file the same segments, whatever the Veteran is called?"""
    plain = claims.claim()
    made = [replace(plain, subscriber=replace(plain.subscriber, last_name=name, first_name=name)) for name in some]
    file = write_837p(made, envelope=claims.envelope())
    expected = segments_of(write_837p([plain] * len(made), envelope=claims.envelope()))
    read = segments_of(file)
    return [(one[0], len(one)) for one in read] == [(one[0], len(one)) for one in expected]


def to_another_reader(some: Sequence[str]) -> bool:
    """Does pyx12 find nothing against those that the scrub lets through?"""
    taken = [name for name in some if writable(name)][:READ_BY_ANOTHER]
    made = [claims.claim(subscriber=claims.subscriber(last_name=name)) for name in taken]
    return not made or complaints(write_837p(made, envelope=claims.envelope())) == []


def in_table(some: Sequence[str]) -> bool:
    """Is there a row for each, whose cell is the name and no formula?"""
    read = list(csv.reader(StringIO(tables.as_csv(["Name"], [[name] for name in some]), newline="")))[1:]
    cells = [row[0] for row in read]
    same = [cell.removeprefix("'") for cell in cells] == [name.removeprefix("'") for name in some]
    return same and not any(cell.lstrip().startswith(tables.FORMULA) for cell in cells)


def on_paper(some: Sequence[str]) -> bool:
    """Is every box one line of what a printer of 1990 knows?"""
    made = [claims.claim(subscriber=claims.subscriber(last_name=name)) for name in some]
    boxes = (text for one in made for sheet in sheets(one, signed_on=claims.TODAY) for text in sheet.values())
    return all(text.isascii() and text.isprintable() for text in boxes)


def in_log(some: Sequence[str]) -> bool:
    """Is each event one line, with a traceback only below it and indented?"""
    for name in some:
        try:
            raise ValueError(name)
        except ValueError:
            record = logging.LogRecord("vca", logging.ERROR, "", 0, "name %s", (name,), sys.exc_info())
        first, *rest = FORMATTER.format(record).splitlines()
        if not first.startswith("name ") or not all(line.startswith("    ") for line in rest):
            return False
    return True


def in_header(some: Sequence[str]) -> bool:
    """Does a file of that name have one header, of printable ASCII?"""
    told = [attachment(b"", filename=name, media_type="text/plain").headers["Content-Disposition"] for name in some]
    return all(one.startswith("attachment; filename") and one.isascii() and one.isprintable() for one in told)


def unharmed(number: int) -> bool:
    """Do a thousand names, which the number gives, leave everything as it is?"""
    some = names(number)
    return all(kept(some) for kept in (in_file, to_another_reader, in_table, on_paper, in_log, in_header))


def harmed_without_guards(number: int) -> bool:
    """The same names, written as they come: is each kind of harm done?"""
    some = names(number, 100)
    with (
        patch.object(claim_837p, "text", lambda value, width: value),
        patch.object(segments, "_DELIMITERS", re.compile(r"(?!)")),
        patch.object(tables, "_cell", lambda text: text),
        patch.object(sys.modules[__name__], "FORMATTER", logging.Formatter("{message}", style="{")),
    ):
        try:
            file = in_file(some)
        except UnicodeEncodeError:
            file = False
        return not (file or in_table(some) or in_log(some))


@trial(
    "hostile-names",
    alone=False,
    full=200,
    ci=3,
    control=0.95,
    needs=(),
    claim="1,000 hostile names: 837P, table, CMS-1500, log and header keep their segments, cells, boxes and lines",
)
def hostile_names(n: int, *, start: int) -> Iterator[Outcome]:
    """The control writes them as they come."""
    for number in range(start, n):
        yield Outcome(unharmed(number), harmed_without_guards(number) if number % 10 == 0 else None)
