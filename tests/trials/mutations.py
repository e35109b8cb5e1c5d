"""The guards of the product, each of which can be taken out while it runs, and put back.

Guards inside of functions are found in the source: ``scope``, ``own``, ``require``, ``may``, a practice or a person in
a filter, and the doors' conditions. A function is given the code that it would have without one. Guards around pages
and methods of the API are found in the street map.
"""

import ast
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from tests.access.scene import is_api, patterns
from tests.access.table import EVERYBODY

ROOT = Path(__file__).parents[2]
ROOMS = ("vca/core", "vca/desk", "referrals", "billing")
NO_ROOMS = ("migrations", "management", "policies.py", "backups.py")
DOORS = ("vca/core/access.py", "vca/core/middleware.py", "vca/core/api/authentication.py")
WHOSE = ("practice", "practice_id", "user", "user_id", "owner_id", "recipient", "kind__in")
QUERIES = ("filter", "exclude", "get")
WEAKEST = "see_day"  # what everybody may
Key = tuple[str, str, int]  # file, qualified name, first line


@dataclass(frozen=True, slots=True)
class Mutant:
    """A guard: where it stands, what it is, and how it is taken out. ``inside`` is its function, ``name`` its page."""

    where: str
    what: str
    out: Callable[[], Callable[[], None]]
    inside: Key | None = None
    name: str = ""

    @property
    def known_as(self) -> str:
        """File and function, as the tables of guards name it."""
        return f"{self.where.partition(':')[0]} {self.inside[1].rpartition('.<locals>.')[2]}" if self.inside else ""

    @property
    def guards(self) -> str:
        """File, function and guard."""
        return f"{self.known_as} {self.what}"

    @contextmanager
    def taken_out(self) -> Iterator[None]:
        """Let the product run without it."""
        back = self.out()
        try:
            yield
        finally:
            back()


class Guards(ast.NodeTransformer):
    """Takes the guard of a number out of a module, and notes each that it meets."""

    def __init__(self, number: int, *, door: bool) -> None:
        self.number, self.door = number, door
        self.met: list[tuple[str, int]] = []
        self.depth = 0

    def _is_out(self, what: str, node: Any) -> bool:
        if not self.depth:
            return False
        self.met.append((what, node.lineno))
        return len(self.met) - 1 == self.number

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Look into its body alone: what stands around it ran long ago."""
        self.depth += 1
        node.body = [self.visit(one) for one in node.body]
        self.depth -= 1
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """A condition of the door."""
        turns_away = isinstance(node.body[-1], ast.Return | ast.Raise)
        if self.door and turns_away and self._is_out("if " + ast.unparse(node.test), node):
            node.test = ast.BoolOp(ast.And(), [ast.Constant(False), node.test])  # closures keep what they hold
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A guard that is called."""
        self.generic_visit(node)
        called = ast.unparse(node.func).rpartition(".")[2]
        first, rest = node.args[:1], node.args[1:]
        if called in ("scope", "own") and rest and self._is_out(ast.unparse(node), node):
            return _first_of(node.args)
        if called == "may" and first and self._is_out(ast.unparse(node), node):
            return _first_of([ast.Constant(True), node.func, *first])
        if called == "require" and rest and self._is_out(ast.unparse(node), node):
            return _first_of([ast.Constant(None), *node.args])
        if called in QUERIES:
            node.keywords = [one for one in node.keywords if not self._names_whose(one, node)]
        return node

    def _names_whose(self, one: ast.keyword, node: ast.Call) -> bool:
        return one.arg in WHOSE and self._is_out(f"{ast.unparse(node.func)[-40:]}({ast.unparse(one)})", node)


def _first_of(values: list[ast.expr]) -> ast.expr:
    """Return an expression that is the first, and still names the others: closures keep what they hold."""
    return ast.Subscript(ast.Tuple(values, ast.Load()), ast.Constant(0), ast.Load())


def modules() -> Iterator[Path]:
    """Yield every module that may hold a guard."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not any(part in NO_ROOMS for part in path.parts):
                yield path


def without(path: Path, number: int) -> tuple[ast.Module, Guards]:
    """Return a module without the guard of that number, and what was met."""
    guards = Guards(number, door=str(path.relative_to(ROOT)) in DOORS)
    tree = guards.visit(ast.parse(path.read_text()))
    return ast.fix_missing_locations(tree), guards


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and those within it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def key_of(code: CodeType) -> Key:
    """Return what a function's code is known by."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def in_functions() -> Iterator[Mutant]:
    """Yield the guards within functions."""
    for path in modules():
        for number, (what, line) in enumerate(without(path, -1)[1].met):
            inside = _function_at(path, line)
            where = f"{path.relative_to(ROOT)}:{line}"
            yield Mutant(where, what, _swap(path, number), inside=inside)


@cache
def _compiled(path: Path) -> CodeType:
    return compile(path.read_text(), str(path), "exec")


def _function_at(path: Path, line: int) -> Key:
    """Return the function around a line: the one that begins last before it and holds it."""
    holding = [one for one in codes(_compiled(path)) if one.co_name != "<module>" and _holds(one, line)]
    named = [one for one in holding if not one.co_name.startswith("<")]
    return key_of(max(named, key=lambda one: one.co_firstlineno))


def _holds(code: CodeType, line: int) -> bool:
    lines = [at for _, _, at in code.co_lines() if at]
    return min(lines, default=0) <= line <= max(lines, default=0)


@cache
def _alive() -> dict[str, list[FunctionType]]:
    """Return the functions of the product that there are, by file."""
    for name in settings.MIDDLEWARE:
        import_string(name)  # which the first request does, too late
    found: dict[str, list[FunctionType]] = {}
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename.startswith(str(ROOT)):
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def _swap(path: Path, number: int) -> Callable[[], Callable[[], None]]:
    def out() -> Callable[[], None]:
        new = {key_of(one): one for one in codes(compile(without(path, number)[0], str(path), "exec"))}
        changed = [
            (one, one.__code__)
            for one in _alive().get(str(path), ())
            if new.get(key_of(one.__code__), one.__code__) != one.__code__
        ]
        for one, code in changed:
            one.__code__ = new[key_of(code)]

        def back() -> None:
            for one, code in changed:
                one.__code__ = code

        return back

    return out


def around_pages() -> Iterator[Mutant]:
    """Yield what stands around each page: its permission, proof, and second factor."""
    seen = set()
    for pattern in patterns():
        guarded = _guarded(pattern.callback)
        if guarded is None or guarded in seen:
            continue
        seen.add(guarded)
        cells = dict(zip(guarded.__code__.co_freevars, guarded.__closure__ or (), strict=True))
        for name, weaker in (("permission", WEAKEST), ("step_up", False), ("before_second", True)):
            held = cells[name].cell_contents if name in cells else weaker
            if held != weaker and held not in EVERYBODY:
                yield Mutant(
                    f"page {pattern.name}", f"{name}={held}", _fill(cells[name], weaker), name=str(pattern.name)
                )


def _guarded(view: Any) -> FunctionType | None:
    """Return the guard of a page, behind what stands before it."""
    while view is not None:
        if isinstance(view, FunctionType) and view.__code__.co_name == "guarded":
            return view
        view = getattr(view, "__wrapped__", None)
    return None


def _fill(cell: Any, weaker: Any) -> Callable[[], Callable[[], None]]:
    def out() -> Callable[[], None]:
        held, cell.cell_contents = cell.cell_contents, weaker
        return lambda: setattr(cell, "cell_contents", held)

    return out


def around_methods() -> Iterator[Mutant]:
    """Yield the permission of each method of the API that not everybody has."""
    for pattern in patterns():
        asked = getattr(getattr(pattern.callback, "cls", None), "permissions", {}) if is_api(pattern.name or "") else {}
        for method, held in asked.items():
            if held not in EVERYBODY:
                yield Mutant(f"{method} {pattern.name}", held, _put(asked, method), name=str(pattern.name))


def _put(asked: dict[str, str], method: str) -> Callable[[], Callable[[], None]]:
    def out() -> Callable[[], None]:
        held, asked[method] = asked[method], WEAKEST
        return lambda: asked.update({method: held})

    return out


@cache
def mutants() -> tuple[Mutant, ...]:
    """Return every guard of the product, each to be taken out."""
    return (*around_pages(), *around_methods(), *in_functions())
