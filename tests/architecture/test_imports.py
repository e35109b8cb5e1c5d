"""The import contract of pyproject.toml holds, catches what it is there for, and grows with the house."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
READABLE = {
    "__init__",
    "__pycache__",
    "apps",
    "domain",
    "intake",
    "migrations",
    "models",
    "queries",
    "signals",
    "vocabulary",
}


def lint_imports(root: Path) -> tuple[int, str]:
    """Return the exit code and what import-linter says about the tree there."""
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def contract(name: str) -> dict[str, Any]:
    return next(contract for contract in CONTRACTS if contract["name"] == name)


def there(modules: list[str]) -> list[str]:
    """Return those of the modules that exist."""
    paths = {module: ROOT / module.replace(".", "/") for module in modules}
    return [module for module, path in paths.items() if path.is_dir() or path.with_suffix(".py").is_file()]


def test_the_contract_is_kept() -> None:
    code, said = lint_imports(ROOT)
    assert code == 0, said[-2000:]


@pytest.mark.parametrize(
    ("place", "line", "broken"),
    [
        ("vca/core/breach.py", "import referrals.domain", "Each floor stands only on the floors below"),
        ("referrals/queries.py", "import billing.domain", "Each floor stands only on the floors below"),
        ("vca/breach.py", "", "Every room under vca has its floor"),
        ("referrals/breach.py", "", "Inside an app"),
        ("billing/queries.py", "import billing.services", "Inside an app"),
        ("vca/core/crypto.py", "import vca.core.jobs", "Inside core"),
        ("vca/desk/breach.py", "", "Inside the desk"),
        ("vca/domain/rules.py", "import vca.domain.errors", "No cycles"),
        ("vca/domain/breach.py", "import django.db", "The ground is plain Python"),
        ("billing/x12/breach.py", "import os", "The ground is plain Python"),
        ("billing/cms1500/breach.py", "import subprocess", "The ground is plain Python"),
        ("billing/cms1500/breach.py", "import billing.x12", "Inside an app"),
        (
            "vca/desk/queries/inbox.py",
            "import referrals.tasks",
            "Billing and the desk read referrals, never change them",
        ),
        ("billing/queries.py", "import referrals.models", "Only these touch the rows of referrals"),
        ("billing/services/breach.py", "import weasyprint", "WeasyPrint lives in the child alone"),
        ("vca/core/typesetting/press.py", "import weasyprint", "WeasyPrint lives in the child alone"),
    ],
)
def test_a_planted_breach_is_caught(tmp_path: Path, place: str, line: str, broken: str) -> None:
    for part in ("vca", "referrals", "billing", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    with (tmp_path / place).open("a") as file:
        file.write(f"\n{line}\n")

    code, said = lint_imports(tmp_path)
    assert code == 1
    assert f"{broken} BROKEN" in said


def test_every_room_of_referrals_that_writes_is_shut_to_billing() -> None:
    rooms = {path.stem for path in (ROOT / "referrals").iterdir() if path.suffix == ".py" or path.is_dir()}
    shut = contract("Billing and the desk read referrals, never change them")["forbidden_modules"]
    assert sorted(shut) == sorted(f"referrals.{room}" for room in rooms - READABLE)


def test_the_rows_of_referrals_are_protected_from_all_but_assembly() -> None:
    protected = contract("Only these touch the rows of referrals")
    assert protected["allowed_importers"] == there(["referrals", "billing.services.assembly"])


def test_weasyprint_is_shut_to_all_but_its_child() -> None:
    child = there(["vca.core.typesetting.child"])
    assert contract("WeasyPrint lives in the child alone").get("allowed_importers", []) == child
