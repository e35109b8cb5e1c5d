"""What trials have shown: kept line by line while they run, and told in a table."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tests.trials.registry import Outcome, Trial

BEGIN, END = "<!-- trials: written by ./run trials -->", "<!-- end of trials -->"
HEAD = (
    "| Trial | What is claimed | Trials | Failures | Control failed | Failure rate, 95 % | Date |",
    "|---|---|--:|--:|--:|--:|---|",
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many trials there were, and what came of them."""

    trials: int
    failures: int
    controls: int
    controls_broke: int

    def holds(self, control: float = 0.0) -> bool:
        """Was every promise kept, and did that share of the controls, if there are any, show that it can be broken?"""
        shown = not self.controls or self.controls_broke >= max(1, control * self.controls)
        return self.trials > 0 and not self.failures and shown


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count outcomes."""
    seen = list(outcomes)
    controls = [outcome.control_broke for outcome in seen if outcome.control_broke is not None]
    return Tally(len(seen), sum(not outcome.kept for outcome in seen), len(controls), sum(controls))


class Ledger:
    """The outcomes of one trial so far, one JSON line each, under a line that names the code they were made on.

    What was made on other code does not count: the file is begun anew.
    """

    def __init__(self, path: Path, *, code: str) -> None:
        self._path = path
        self._head = json.dumps({"code": code})
        self.outcomes = self._read()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written again from what was understood: a kill may have left half a line.
        path.write_text("".join(f"{line}\n" for line in (self._head, *map(as_line, self.outcomes))))

    def add(self, outcome: Outcome) -> None:
        """Keep one more."""
        self.outcomes.append(outcome)
        with self._path.open("a") as file:
            file.write(f"{as_line(outcome)}\n")

    def _read(self) -> list[Outcome]:
        if not self._path.exists():
            return []
        head, *lines = self._path.read_text().rpartition("\n")[0].split("\n")
        return [Outcome(**json.loads(line)) for line in lines] if head == self._head else []


def as_line(outcome: Outcome) -> str:
    return json.dumps(asdict(outcome))


def code_of(root: Path) -> str:
    """Return a short hash of the product and of the trials."""
    digest = hashlib.sha256()
    for folder in ("vca", "referrals", "billing", "tests/trials", "tests/faults"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def row(trial: Trial, seen: Tally, *, on: date) -> str:
    """Return a trial's line of the table. Without a failure in n trials the rate is below 3/n, with 95 % confidence."""
    control = f"{seen.controls_broke / seen.controls:.1%}" if seen.controls else "none"
    bound = f"< {3 / seen.trials:.2%}" if not seen.failures else "not shown"
    cells = (trial.name, trial.claim, f"{seen.trials:,}", str(seen.failures), control, bound, on.isoformat())
    return f"| {' | '.join(cells)} |"


def with_rows(text: str, rows: Mapping[str, str]) -> str:
    """Return the document with these lines in its table, by trial; the other lines stay as they are."""
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    known = {line.split("|")[1].strip(): line for line in table.splitlines()[3:] if line.startswith("|")}
    lines = [line for _, line in sorted((known | dict(rows)).items())]
    return f"{before.rstrip()}\n\n{BEGIN}\n" + "\n".join((*HEAD, *lines)) + f"\n{END}\n{after.lstrip()}"
