"""CI skips nothing: a run with a skipped test has failed there, and only there."""

import os
import subprocess
import sys

import pytest

SKIPPED = ["tests/test_databases.py", "-k", "changes_no_schema"]  # needs PostgreSQL
SAID = "CI skips nothing, and 3 were skipped: this run has failed."


@pytest.mark.parametrize(("ci", "workers", "code"), [("true", "0", 1), ("true", "2", 1), ("", "0", 0)])
def test_a_skipped_test_fails_in_ci_alone(ci: str, workers: str, code: int) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-n", workers, *SKIPPED]
    run = subprocess.run(command, env=environment | {"CI": ci}, capture_output=True, text=True, check=False)
    assert (run.returncode, SAID in run.stdout, "3 skipped" in run.stdout) == (code, code == 1, True)
