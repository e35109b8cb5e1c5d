"""The log: one event, one line; a traceback lies indented under it."""

import logging
import sys

import pytest
from django.core.exceptions import DisallowedHost, RequestDataTooBig

from vca.core.db import LineWithoutRows


def logged(words: str, fault: str, formatter: logging.Formatter) -> list[str]:
    """Return the lines of a log in which somebody's words are logged, with the traceback of a fault."""
    try:
        raise ValueError(fault)
    except ValueError:
        record = logging.LogRecord("vca", logging.ERROR, "", 0, "refused: %s", (words,), sys.exc_info())
    return formatter.format(record).splitlines()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x85", "\x0b", "\x1b[2K"])
def test_text_that_is_logged_begins_no_line(end: str) -> None:
    forged = f"a{end}2026-01-01 INFO vca signed in"

    first, *rest = logged(forged, forged, LineWithoutRows("{message}", style="{"))

    assert (first.startswith("refused: a"), first.isprintable()) == (True, True)
    assert [line for line in rest if not line.startswith("    ") or not line.isprintable()] == []


def test_plain_formatter_lets_text_begin_a_line() -> None:
    """The control."""
    assert "forged" in logged("a\nforged", "", logging.Formatter("{message}", style="{"))


def test_traceback_comes_without_the_rows_that_a_database_quotes() -> None:
    lines = logged("x", "duplicate key\nDETAIL:  Key (last_name)=(Inventor)", LineWithoutRows("{message}", style="{"))

    assert [line for line in lines if "Inventor" in line or "duplicate key" in line] == [
        "    ValueError: duplicate key"
    ]


@pytest.mark.parametrize(
    "words", ["Unprocessable Entity: /invitations/{}/", "POST /invitations/{}", "{0} /invitations/{0}"]
)
def test_one_time_link_is_not_logged(words: str) -> None:
    """A refused password behind it logs the address, and the link is still good."""
    token = "dQw4w9WgXcQ-_token"
    first, *_ = logged(words.format(token).removeprefix(token), "", LineWithoutRows("{message}", style="{"))

    assert (token in first, first.rstrip("/").endswith("/invitations/...")) == (False, True)


@pytest.mark.parametrize(("fault", "lines"), [(DisallowedHost, 1), (RequestDataTooBig, 1), (ValueError, 5)])
def test_what_a_stranger_sends_at_will_is_one_line(fault: type[Exception], lines: int) -> None:
    try:
        raise fault("x")
    except fault:
        record = logging.LogRecord("vca", logging.ERROR, "", 0, "refused", (), sys.exc_info())

    assert len(LineWithoutRows("{message}", style="{").format(record).splitlines()) == lines


def test_only_our_formatter_writes_lines() -> None:
    """Django's own console would write them again, with a one-time link in them."""
    assert logging.getLogger("django").handlers == []
