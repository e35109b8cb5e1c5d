"""Kill a deed at each of its lines, as a power cut would, and look at what it left behind.

The deed runs in a forked child, which SIGKILLs itself just before the n-th line that it runs in the modules named.
Nothing is unwound: no finally, no rollback, no atexit. A test asks each time whether the promise still holds:

    for line in kill_points(submit, modules=["billing.services", "psycopg"]):
        recover()
        assert_sent_once()
        reset()

The loop ends with the deed's first run to the end, which is checked like the others. Connections to databases are
closed before the fork, so a test with Django's database needs ``transaction=True``.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from django.db import connections

DONE, FAILED = 0, 70


class DeedFailedError(AssertionError):
    """The deed raised an exception of its own; its traceback is in the captured output."""


def kill_points(deed: Callable[[], object], *, modules: Sequence[str], start: int = 1, step: int = 1) -> Iterator[int]:
    """Yield the number of each line after the deed was killed at it, last the number that no run reached.

    A module named stands for its submodules too. Raises DeedFailedError, and ValueError when no line was met.
    """
    line = start
    while run_until(deed, modules=modules, line=line):
        yield line
        line += step
    if line == 1:
        raise ValueError(f"the deed runs no line of {', '.join(modules)}")
    yield line


def run_until(deed: Callable[[], object], *, modules: Sequence[str], line: int) -> bool:
    """Run the deed in a child that is killed at that line, counted from 1; tell whether it was killed.

    Raises DeedFailedError.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        _be_killed(deed, modules=tuple(modules), line=line)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != DONE:
        raise DeedFailedError(f"the deed ended with status {os.waitstatus_to_exitcode(status)}")
    return False


def lines_of(deed: Callable[[], object], *, modules: Sequence[str]) -> int:
    """Do the deed here and now; return how many lines it runs in these modules, the points at which to kill it."""
    connections.close_all()  # so that it begins as in a child
    met = 0

    def count() -> None:
        nonlocal met
        met += 1

    before = sys.gettrace()
    sys.settrace(_tracer(tuple(modules), count))
    try:
        deed()
    finally:
        sys.settrace(before)
    return met


def _be_killed(deed: Callable[[], object], *, modules: tuple[str, ...], line: int) -> None:
    status = FAILED
    sys.settrace(_killer(modules, line))
    try:
        deed()
        status = DONE
    finally:
        sys.settrace(None)
        if status == FAILED:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(status)  # the child must not go on as a second pytest


def _killer(modules: tuple[str, ...], line: int) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace function that ends this process at the line-th line of the modules."""
    left = line

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return _tracer(modules, count)


def _tracer(modules: tuple[str, ...], at_each: Callable[[], None]) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace function that calls ``at_each`` before each line of the modules."""

    def at_line(_: FrameType, event: str, __: object) -> Any:
        if event == "line":
            at_each()
        return at_line

    def at_call(frame: FrameType, _: str, __: object) -> Any:
        name = frame.f_globals.get("__name__", "")
        return at_line if name in modules or name.startswith(prefixes) else None

    prefixes = tuple(f"{module}." for module in modules)
    return at_call
