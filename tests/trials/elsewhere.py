"""The tests beside the matrix, asked whether they miss a guard: one process of pytest on SQLite, told by lines.

SQLite has no policies, so that each guard stands alone there too.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import pytest
from _pytest.runner import runtestprotocol

from tests.lanes import without_servers
from tests.trials.mutations import ROOT, in_functions

BEGIN = "import sys, django; django.setup(); from tests.trials import elsewhere; sys.exit(elsewhere.main(sys.argv[1:]))"
# Before a test of another file pytest keeps what belongs to the session. At the root, or it keeps more than the next
# test has, which then fails whatever it asks.
ANOTHER = "tests/test_lanes.py"
ANSWER = "\x1e"  # before each answer, among whatever pytest says


class Suite:
    """Runs tests of these files without a guard, and tells which of them missed it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def missed_by(self, where: str, what: str, tests: tuple[str, ...]) -> tuple[str, bool]:
        """Return the test that fails without the guard, or nothing, and whether it fails with it in its place."""
        told, heard = self.process.stdin, self.process.stdout
        assert told
        assert heard
        print(json.dumps([where, what, tests]), file=told, flush=True)
        answer = next(line for line in heard if line.startswith(ANSWER))
        name, always = json.loads(answer.removeprefix(ANSWER))
        return name, always


@contextmanager
def suite(files: list[str]) -> Iterator[Suite]:
    """Have a process that has collected these files, until the end of the block."""
    arguments = [sys.executable, "-c", BEGIN, *files, ANOTHER]
    environment = without_servers() | {"DJANGO_SETTINGS_MODULE": "vca.settings"}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(arguments, env=environment, cwd=ROOT, **pipes) as process:
        yield Suite(process)
        process.communicate()  # which ends what it is told, and hears it out


class Asked:
    """A plugin of pytest that runs what it is told, instead of everything once."""

    def __init__(self, said: TextIO) -> None:
        self.said = said

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer each line until there is none."""
        for line in self.said:
            where, what, tests = json.loads(line)
            print(f"\n{ANSWER}{json.dumps(missed_by(session, where, what, tuple(tests)))}", flush=True)
        return True


def missed_by(session: pytest.Session, where: str, what: str, tests: tuple[str, ...]) -> tuple[str, bool]:
    """Take the guard out, and run these tests until one fails; then run that one with the guard in its place."""
    mutant = next(one for one in in_functions() if (one.where, one.what) == (where, what))
    some = [one for one in session.items if one.nodeid.startswith(tests)]
    with mutant.taken_out():
        missed = next((one for one in some if fails(one)), None)
    return (missed.nodeid, fails(missed)) if missed else ("", False)


def fails(item: pytest.Item) -> bool:
    """Run a test, and tell whether it fails; what belongs to the session stays."""
    item._initrequest()  # type: ignore[attr-defined]  # fixtures are made anew, as for a first run
    other = next(one for one in item.session.items if one.nodeid.startswith(ANOTHER))
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=other))


def main(files: list[str]) -> int:
    """Collect these files, and take orders."""
    logging.disable(logging.CRITICAL)
    return pytest.main([*files, "-s", "-q", "--no-header", "-p", "no:cacheprovider"], plugins=[Asked(sys.stdin)])
