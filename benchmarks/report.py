"""A table as it stands in docs/benchmarks.md: each benchmark writes between its own two marks, the rest is by hand."""

from dataclasses import dataclass
from datetime import date
from textwrap import fill

from benchmarks.registry import Benchmark, Table

WIDTH = 120


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured; ``load`` is the mean number of running processes in the minute before and after."""

    cores: int
    python: str
    postgresql: str
    load: tuple[float, float]

    def __str__(self) -> str:
        before, after = self.load
        servers = f"Python {self.python}, PostgreSQL {self.postgresql}"
        return f"{self.cores} cores, {servers}, load {before:.1f} before and {after:.1f} after"


def section(benchmark: Benchmark, table: Table, *, on: date, machine: Machine) -> str:
    """Return what stands between the marks of a benchmark."""
    rule = ("---", *["--:"] * (len(table.head) - 1))
    lines = [f"| {' | '.join(cells)} |" for cells in (table.head, rule, *table.rows)]
    said = fill(f"{benchmark.claim} Measured on {on.isoformat()}: {machine}.", WIDTH, break_on_hyphens=False)
    return "\n".join([said, "", *lines])


def with_section(text: str, name: str, written: str) -> str:
    """Return the document with this between the marks of that benchmark; without marks yet it goes to the end."""
    begin, end = f"<!-- {name}: written by ./run bench -->", f"<!-- end of {name} -->"
    if begin not in text:
        text = f"{text.rstrip()}\n\n## {name}\n\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{written}\n{end}{after}"
