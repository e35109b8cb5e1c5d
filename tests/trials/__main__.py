"""`./run trials [--anew] [--at-most N] [NAME ...]`: races, kills and the like at their full count.

A trial lives in a module of this package, and the suite runs it too, at its size for CI:

    @trial("last-visit", full=2000, ci=20, claim="50 who book the last visit at once: one gets it")
    def run(n: int, *, start: int) -> Iterator[Outcome]:
        for _ in range(start, n):
            yield Outcome(kept=booked(visits.book) == 1, control_broke=booked(book_without_guard) > 1)
            databases.empty()

It runs on a test database, as the application role, with real transactions. The control is the same deed without its
guard: it shows that the trial can fail. Outcomes are kept in var/trials, so that a run which was stopped goes on where
it was, as long as the code is the same; --anew forgets them. The table is written into docs/reliability.md.
"""

import os
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import django
from django.conf import settings
from django.test.utils import setup_test_environment

from tests.databases import TestDatabase
from tests.trials.registry import Trial, discover
from tests.trials.results import Ledger, Tally, code_of, row, tally, with_rows

ROOT = Path(__file__).parents[2]
STATE = ROOT / "var" / "trials"
REPORT = ROOT / "docs" / "reliability.md"
STEPS = 10  # lines of progress for a trial


def perform(trial: Trial, ledger: Ledger, *, at_most: int | None = None) -> Tally:
    """Run what is left of a trial and say how it goes; return all that it has shown."""
    begun, start, count = time.monotonic(), len(ledger.outcomes), trial.count()
    full = min(count, at_most or count)
    for outcome in trial.run(full, start=start) if start < full else ():
        ledger.add(outcome)
        done = len(ledger.outcomes)
        if not outcome.kept or done % max(1, full // STEPS) == 0 or done == full:
            seen, seconds = tally(ledger.outcomes), time.monotonic() - begun
            print(f"{trial.name}: {done} of {full}, {seen.failures} failures, {seconds:.0f} s", flush=True)
    return tally(ledger.outcomes)


def report(rows: dict[str, str]) -> None:
    """Write the lines of these trials into the table of the report."""
    text = REPORT.read_text() if REPORT.exists() else "# Reliability\n"
    REPORT.write_text(with_rows(text, rows))


def perform_all(trials: Sequence[Trial], *, anew: bool, at_most: int | None) -> bool:
    """Run trials one after the other, each reported when it is done; tell whether all hold."""
    holds, code = [], code_of(ROOT)
    for trial in trials:
        path = STATE / f"{trial.name}.jsonl"
        if anew:
            path.unlink(missing_ok=True)
        seen = perform(trial, Ledger(path, code=code), at_most=at_most)
        line = row(trial, seen, on=datetime.now(UTC).date())
        report({trial.name: line})
        holds.append(seen.holds(trial.control))
        print(line if holds[-1] else f"DOES NOT HOLD: {line}", flush=True)
    return all(holds)


def chosen(names: Sequence[str]) -> list[Trial]:
    """Return the trials of these names or groups, all for none. Raises SystemExit for a name that there is not."""
    known = discover()
    meant = {name: [one for one in sorted(known) if one == name or one.startswith(f"{name}-")] for name in names}
    if unknown := [name for name, found in meant.items() if not found]:
        raise SystemExit(f"No such trial: {', '.join(unknown)}. There are: {', '.join(sorted(known))}")
    return [known[one] for one in (chain.from_iterable(meant.values()) if names else sorted(known))]


def parser() -> ArgumentParser:
    """Return what understands the command line."""
    parser = ArgumentParser(prog="./run trials", description="Make trials at their full count.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a trial, or a group such as races; all, if none")
    parser.add_argument("--anew", action="store_true", help="forget what was tried on this code")
    parser.add_argument("--at-most", type=int, metavar="N", help="end each trial after N")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the trials named on a test database that is gone afterwards; return an exit code."""
    wanted = parser().parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
    django.setup()
    setup_test_environment(debug=False)
    trials = chosen(wanted.names)
    database = TestDatabase()
    with tempfile.TemporaryDirectory() as documents:
        settings.DOCUMENTS_DIR = Path(documents)
        database.create()
        try:
            return 0 if perform_all(trials, anew=wanted.anew, at_most=wanted.at_most) else 1
        finally:
            database.drop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
