"""The papers of docs/security: what they hold, and the parts of rules.md that are made from the code.

    python -m tests.architecture.security_papers

writes the tables of roles and of what is limited by the hour, and the list of sealed fields anew, after a change of a
vocabulary or a model.
"""

import ast
import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vca.settings")
django.setup()

from django.apps import apps  # noqa: E402 - all of these need the settings

from vca.core import vocabulary  # noqa: E402
from vca.core.crypto import SealedTextField  # noqa: E402
from vca.core.vocabulary import ROLE_WORDS, Role  # noqa: E402

ROOT = Path(__file__).parents[2]
PAPERS = ROOT / "docs" / "security"
ROWS, RULES = PAPERS / "asvs.csv", PAPERS / "rules.md"
OPEN = "open: "
NODE = re.compile(r"tests/[\w/]+\.py::test_\w+")


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement: the tests that prove it, or why it does not apply, or in its note what is missing."""

    requirement: str
    level: str
    what: str
    covered_by: str
    not_applicable: str
    note: str

    @property
    def tests(self) -> list[str]:
        """The node ids of its tests."""
        return self.covered_by.split()

    @property
    def is_open(self) -> bool:
        """Is something missing still?"""
        return self.note.startswith(OPEN)

    @property
    def answers(self) -> int:
        """How many of the three answers it gives; one is right."""
        return bool(self.tests) + bool(self.not_applicable.strip()) + (self.is_open and len(self.note) > len(OPEN))


def rows(text: str) -> list[Row]:
    """Return the rows of the table. Raises TypeError for one with another number of cells."""
    return [Row(*cells) for cells in list(csv.reader(text.splitlines()))[1:]]


def functions_of(path: Path) -> dict[str, bool]:
    """Return the test functions of a module by name, and whether each is skipped whatever happens."""
    module = ast.parse(path.read_text())
    found = (node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))
    whole = any("mark.skip" in ast.unparse(node) for node in module.body if _marks(node))
    return {one.name: whole or any(_skips(mark) for mark in (*one.decorator_list, *one.body)) for one in found}


def _marks(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def _skips(mark: ast.AST) -> bool:
    """Tell whether a decorator, or a statement of the function itself, keeps a test from running in any case."""
    return re.match(r"pytest\.(mark\.)?(skip|xfail)\b|pytest\.mark\.skipif\(True", ast.unparse(mark)) is not None


def not_there(found: list[Row], root: Path = ROOT) -> Iterator[str]:
    """Yield the tests that rows name, in their notes too, and that do not exist, or never run."""
    for row in found:
        for node in (*row.tests, *NODE.findall(row.note)):
            name, _, test = node.partition("::")
            known = functions_of(root / name) if (root / name).is_file() else {}
            if known.get(test, True):
                yield f"{row.requirement}: {node}"


def part(text: str, name: str) -> str:
    """Return what stands between the marks of a part of a paper. Raises ValueError without them."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    if found is None:
        raise ValueError(f"no part {name}")
    return found[1]


def roles() -> str:
    """Return the table of permissions and roles."""
    may = {role: vocabulary.permissions_of(frozenset({role})) for role in Role}
    head = [f"| | {' | '.join(ROLE_WORDS[role] for role in Role)} |", "|---" * (len(Role) + 1) + "|"]
    lines = (
        f"| {one.replace('_', ' ')} | {' | '.join('yes' if one in may[role] else '' for role in Role)} |"
        for one in sorted(frozenset().union(*may.values()))
    )
    return "\n".join([*head, *lines]) + "\n"


def sealed() -> str:
    """Return the list of fields that are encrypted for their row."""
    fields = ((model, field) for model in apps.get_models() for field in model._meta.fields)
    names = sorted(f"`{model._meta.label}.{one.name}`" for model, one in fields if isinstance(one, SealedTextField))
    return ", ".join(names) + ".\n"


def hourly() -> str:
    """Return the table of how often one person may do something in an hour."""
    lines = (f"| `{event}` | {most:,} |" for event, most in sorted(vocabulary.hourly().items()))
    return "\n".join(["| event | in an hour |", "|---|---|", *lines]) + "\n"


def written(text: str) -> str:
    """Return rules.md with the parts that are made from the code."""
    for name, content in (("hourly", hourly()), ("roles", roles()), ("sealed", sealed())):
        mark = f"<!-- {name} -->\n"
        text = text.replace(f"{mark}{part(text, name)}", f"{mark}{content}")
    return text


if __name__ == "__main__":
    RULES.write_text(written(RULES.read_text()))
