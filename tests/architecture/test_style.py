"""House rules that no linter knows, over every Python file of the project."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("vca", "referrals", "billing", "tests", "benchmarks")
LONGEST_FUNCTION = 50
LONGEST_VIEW = 25
LONGEST_SETTINGS = 200
# The two edges, where whatever goes wrong is logged with its traceback and the row is marked.
EDGES = {"vca/core/jobs.py", "vca/core/tasks.py"}
UNDECIDED = {"utils", "util", "common", "helpers", "helper", "lib", "scripts", "misc"}

Check = Callable[[str, str], Iterator[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> Iterator[tuple[str, str]]:
    """Yield path and text of each Python file that a person wrote."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/0" not in name:
                yield name, path.read_text()


def nodes(text: str, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds))


def functions(text: str) -> Iterator[tuple[Function, int]]:
    """Yield each function with its length in lines, decorators not counted."""
    for node in nodes(text, ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, Function)
        yield node, (node.end_lineno or 0) - node.lineno + 1


def serves_pages(path: str) -> bool:
    """Is that a module of views or of the API?"""
    parent, stem = Path(path).parent.name, Path(path).stem
    return not path.startswith("tests/") and (stem in ("views", "api") or parent in ("views", "api"))


def long_functions(path: str, text: str) -> Iterator[str]:
    limit = LONGEST_VIEW if serves_pages(path) else LONGEST_FUNCTION
    return (f"{node.name} has {length} lines, at most {limit}" for node, length in functions(text) if length > limit)


def imports_inside_functions(_: str, text: str) -> Iterator[str]:
    for function, _length in functions(text):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{function.name} imports at line {node.lineno}"


def broad_excepts(path: str, text: str) -> Iterator[str]:
    if path in EDGES:
        return
    for node in nodes(text, ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        caught = ast.unparse(node.type) if node.type else "Exception"
        if {"Exception", "BaseException"} & set(re.findall(r"\w+", caught)):
            yield f"line {node.lineno} catches {caught}"


def filled_inits(path: str, text: str) -> Iterator[str]:
    if path.endswith("/__init__.py") and not path.endswith("/models/__init__.py") and text.strip():
        yield "an __init__.py is empty, but for the list of a models package"


def undecided_names(path: str, _: str) -> Iterator[str]:
    for part in Path(path).with_suffix("").parts:
        if part in UNDECIDED:
            yield f"{part} is a name for not having decided"


def long_settings(path: str, text: str) -> Iterator[str]:
    if path == "vca/settings.py" and len(text.splitlines()) >= LONGEST_SETTINGS:
        yield f"{len(text.splitlines())} lines, fewer than {LONGEST_SETTINGS}"


def full_locks(path: str, text: str) -> Iterator[str]:
    """A full row lock makes the check of every foreign key to the row wait, which has ended in deadlocks."""
    if path == "tests/faults/test_lock_waits.py":
        return  # it shows just that
    for node in ast.walk(ast.parse(text)):
        locks = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "select_for_update"
        if locks and not any(word.arg == "no_key" for word in node.keywords):
            yield f"line {node.lineno}: select_for_update without no_key=True"


CHECKS: tuple[Check, ...] = (
    long_functions,
    imports_inside_functions,
    broad_excepts,
    filled_inits,
    undecided_names,
    long_settings,
    full_locks,
)


def lines(count: int) -> str:
    """Return a function of that many lines."""
    return "def act():\n" + "    pass\n" * (count - 1)


@pytest.mark.parametrize("check", CHECKS)
def test_the_house_keeps_its_style(check: Check) -> None:
    found = [f"{path}: {finding}" for path, text in sources() for finding in check(path, text)]
    assert found == []


@pytest.mark.parametrize(
    ("check", "path", "text", "findings"),
    [
        (long_functions, "billing/tasks.py", lines(50), 0),
        (long_functions, "billing/tasks.py", lines(51), 1),
        (long_functions, "billing/tasks.py", "class A:\n" + indent(lines(51), "    "), 1),
        (long_functions, "billing/views.py", lines(25), 0),
        (long_functions, "billing/views.py", lines(26), 1),
        (long_functions, "billing/api/claims.py", "@page\nasync " + lines(26), 1),
        (imports_inside_functions, "x.py", "import os\nclass A:\n    import re", 0),
        (imports_inside_functions, "x.py", "def act():\n    if True:\n        from os import path", 1),
        (broad_excepts, "x.py", "try: pass\nexcept (ValueError, OSError): pass", 0),
        (broad_excepts, "x.py", "try: pass\nexcept Exception: pass", 1),
        (broad_excepts, "x.py", "try: pass\nexcept (ValueError, Exception) as e: pass", 1),
        (broad_excepts, "x.py", "try: pass\nexcept builtins.BaseException: pass", 1),
        (broad_excepts, "x.py", "try: pass\nexcept: pass", 1),
        (broad_excepts, "vca/core/jobs.py", "try: pass\nexcept Exception: pass", 0),
        (filled_inits, "billing/__init__.py", "\n", 0),
        (filled_inits, "billing/__init__.py", '"""Billing."""', 1),
        (filled_inits, "billing/models/__init__.py", "from x import y", 0),
        (undecided_names, "billing/claims.py", "", 0),
        (undecided_names, "billing/utils.py", "", 1),
        (undecided_names, "vca/lib/money.py", "", 1),
        (full_locks, "x.py", "rows.select_for_update(no_key=True)", 0),
        (full_locks, "x.py", "rows.select_for_update().get()", 1),
        (long_settings, "vca/settings.py", "A = 1\n" * 199, 0),
        (long_settings, "vca/settings.py", "A = 1\n" * 200, 1),
    ],
)
def test_a_breach_of_style_is_found(check: Check, path: str, text: str, findings: int) -> None:
    assert len(list(check(path, text))) == findings
