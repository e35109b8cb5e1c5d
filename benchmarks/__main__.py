"""`./run bench [NAME ...]`: how fast the pages are, beside the best that can be written by hand.

A benchmark lives in a module of this package and returns a table; what it is compared with lives in benchmarks/rivals.
Before anything is timed, both sides must have given the same answer. All benchmarks of a run share one test database,
which is gone afterwards. The tables are written into docs/benchmarks.md.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings
from django.db import connection

from benchmarks.registry import Benchmark, discover
from benchmarks.report import Machine, section, with_section
from tests.databases import TestDatabase

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "benchmarks.md"


def perform(benchmark: Benchmark) -> None:
    """Run one benchmark, print what it found and write it into the report."""
    before = os.getloadavg()[0]
    table = benchmark.run()
    machine = Machine(os.cpu_count() or 1, platform.python_version(), _server(), (before, os.getloadavg()[0]))
    written = section(benchmark, table, on=datetime.now(UTC).date(), machine=machine)
    print(f"{benchmark.name}\n{written}\n", flush=True)
    REPORT.write_text(with_section(REPORT.read_text(), benchmark.name, written))


def _server() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


def chosen(names: Sequence[str]) -> list[Benchmark]:
    """Return the benchmarks of these names, all for no name. Raises SystemExit for a name that there is not."""
    known = discover()
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(sorted(known))}")
    return [known[name] for name in names or sorted(known)]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks named on a test database that is gone afterwards; return an exit code."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "vca.settings", "DEBUG": "0"}  # as in production
    django.setup()
    if connection.vendor != "postgresql":
        raise SystemExit("The benchmarks need PostgreSQL. Debian: apt-get install postgresql.")
    wanted, database = chosen(arguments), TestDatabase()
    with tempfile.TemporaryDirectory() as documents:
        settings.DOCUMENTS_DIR = Path(documents)
        database.create()
        try:
            for benchmark in wanted:
                perform(benchmark)
        finally:
            database.drop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
