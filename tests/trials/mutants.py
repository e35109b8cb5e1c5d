"""Every guard taken out in turn: a permission, a scope, a filter, a condition of the door. Each must be missed.

The matrix (tests/access) is asked again without the guard, and only what reaches it: each address is asked once under
a profile, which notes the functions that run. PostgreSQL's policies, which stand behind every scope, are off here, so
that the guard stands alone. A mutant is caught by the first request that is answered otherwise than the tests say; the
control is the same request with the guard in its place.
"""

import logging
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from inspect import getmembers, isfunction, signature
from itertools import product, zip_longest
from types import ModuleType
from typing import Any
from unittest.mock import patch

from django.db import connection

from billing.models import Claim
from tests import world
from tests.access import (
    test_by_role,
    test_disposals,
    test_foreign,
    test_matrix,
    test_named_rows,
    test_neighbors,
    test_own_account,
    test_queries,
)
from tests.access.scene import PLACES, Scene, methods, standing
from tests.billing.services import test_scope
from tests.referrals.services import test_foreign_actors
from tests.trials.elsewhere import Suite, suite
from tests.trials.guards import BESIDE_THE_MATRIX, DOUBLED
from tests.trials.mutations import ROOT, Key, Mutant, key_of, mutants
from tests.trials.registry import Outcome, trial
from tests.vca.core.rows import everything
from vca.core import isolation
from vca.core.vocabulary import Role

MODULES = (test_matrix, test_foreign, test_named_rows)  # which ask addresses
BELOW = (test_queries, test_neighbors, test_disposals, test_own_account, test_by_role)  # which ask services
Reached = dict[str, set[Key]]


@dataclass(frozen=True, slots=True)
class Case:
    """A test with its arguments; ``name`` is the address that it asks, or the service."""

    title: str
    name: str
    test: Callable[[], None]

    def fails(self, scene: Scene) -> bool:
        """Tell whether the test fails, in whatever way; what it did is taken back."""
        with (missed := Missed()), scene.as_it_was():
            self.test()
        return missed.failed


class Missed:
    """Holds a test that may fail: without its guard the product answers wrongly, or breaks."""

    def __init__(self) -> None:
        self.failed = False

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Note a failure, pytest's own too; an interrupt goes on."""
        self.failed = kind is not None and not issubclass(kind, KeyboardInterrupt | SystemExit)
        return self.failed


def cases(scene: Scene, modules: Iterable[ModuleType] = MODULES) -> Iterator[Case]:
    """Yield every test of these modules that needs the scene alone, with its arguments."""
    for module in modules:
        for title, test in getmembers(module, isfunction):
            if title.startswith("test_") and test.__module__ == module.__name__:
                yield from _with_arguments(test, scene)


def _with_arguments(test: Any, scene: Scene) -> Iterator[Case]:
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    names = [one.args[0] if isinstance(one.args[0], tuple) else (one.args[0],) for one in marks]
    known = {"scene", *(name for some in names for name in some)}
    if not set(signature(test).parameters) <= known:
        return
    values = [[row if isinstance(row, tuple) else (row,) for row in one.args[1]] for one in marks]
    for rows in product(*values):
        said = {
            name: value for some, row in zip(names, rows, strict=True) for name, value in zip(some, row, strict=True)
        }
        given = said | ({"scene": scene} if "scene" in signature(test).parameters else {})
        yield Case(f"{test.__name__} {said}", str(said.get("name", "")), partial(test, **given))


def of_services(scene: Scene) -> Iterator[Case]:
    """Yield what queries and services are asked by an actor of another practice; each is known by its title."""
    yield from (replace(one, name=one.title) for one in cases(scene, BELOW))
    for name in sorted(test_foreign_actors.CALLS):
        yield Case(f"service {name}", name, partial(_by_a_stranger, name))
    for test in (
        test_foreign_actors.test_foreign_place_is_not_booked,
        test_foreign_actors.test_lines_of_another_practice_are_not_settled,
        test_foreign_actors.test_veteran_of_another_practice_is_not_found,
    ):
        yield Case(test.__name__, test.__name__, partial(_with_a_stranger, test))
    for name, deed in test_scope.ON_A_CLAIM.items():
        yield Case(f"service {name}", name, partial(_on_a_foreign_claim, deed, scene))


def _with_a_stranger(test: Callable[..., None], **more: Any) -> None:
    test(harbor=world.practice("cove"), stranger=world.practice("creek").by, **more)


def _by_a_stranger(name: str) -> None:
    _with_a_stranger(test_foreign_actors.test_service_refuses_an_actor_of_another_practice, name=name)


def _on_a_foreign_claim(deed: Callable[..., Any], scene: Scene) -> None:
    before = everything()
    for claim in Claim.objects.filter(practice=scene.ours.world.practice):
        try:
            deed(**test_scope.told(deed, claim, scene.theirs.world.by))
        except Claim.DoesNotExist:
            continue
        raise AssertionError("a claim of another practice was found")
    assert everything() == before


@contextmanager
def profiled(found: set[Key]) -> Iterator[None]:
    """Note the functions of the product that run."""
    seen: dict[Any, None] = {}
    sys.setprofile(lambda frame, event, _: seen.setdefault(frame.f_code) if event == "call" else None)
    try:
        yield
    finally:
        sys.setprofile(None)
        found.update(key_of(code) for code in seen if code.co_filename.startswith(str(ROOT)))


def reach(scene: Scene) -> Reached:
    """Return the functions that each address runs, and each service when a stranger asks."""
    found: Reached = defaultdict(set)
    keys, own = scene.ours.keys[Role.ADMINISTRATOR], test_named_rows.names(scene.ours)
    said: list[tuple[str, str, Any]] = [(name, method, None) for name in PLACES for method in methods(name)]
    said += [(*where, build(own)) for where, build in test_named_rows.REQUESTS.items()]
    for name, method, body in said:
        with scene.as_it_was(), profiled(found[name]):
            keys.ask(name, method, scene.ours.ids, body)
    for case in of_services(scene):
        with profiled(found[case.name]):
            case.fails(scene)
    return found


@contextmanager
def alone() -> Iterator[None]:
    """Let the guards stand alone, without PostgreSQL's policies behind them, and say nothing of what is refused."""
    logging.disable(logging.CRITICAL)
    connection.ensure_connection()  # which is told then that it may show everything
    try:
        with patch.object(isolation, "_tell", lambda connection: None):
            yield
    finally:
        logging.disable(logging.NOTSET)


def chosen(mutant: Mutant, every: list[Case], reached: Reached) -> list[Case]:
    """Return the tests that reach a guard: of its own page, or of those that run its function.

    Each kind of test comes in turn, first at the address that runs the least: most guards are missed by one of these.
    """
    if mutant.name:
        return [one for one in every if one.name == mutant.name]
    fitting = [one for one in every if mutant.inside in reached[one.name]]
    kinds: dict[str, list[Case]] = {}
    for case in sorted(fitting, key=lambda one: len(reached[one.name])):
        kinds.setdefault(case.title.partition(" ")[0], []).append(case)
    return [case for turn in zip_longest(*kinds.values()) for case in turn if case]


@trial(
    "mutants",
    alone=False,
    full=lambda: len(mutants()),
    ci=15,
    needs=(),
    control=1.0,
    claim="each permission, proof, scope and filter taken out in turn: a test that asks what it guards misses it",
)
def without_a_guard(n: int, *, start: int) -> Iterator[Outcome]:
    """Take out each guard, or some at random when there are to be fewer; MUTANTS_SEED says which."""
    some = list(mutants())
    if n < len(some):
        seed = int(os.environ.get("MUTANTS_SEED", random.randrange(10**6)))
        print(f"mutants: MUTANTS_SEED={seed}", flush=True)
        random.Random(seed).shuffle(some)
    some = some[start:n]
    files = {test.partition("::")[0] for mutant in some for test in elsewhere(mutant)}
    with alone(), standing() as scene, suite(sorted(files)) as others:
        every, reached = [*cases(scene), *of_services(scene)], reach(scene)
        for mutant in some:
            yield outcome(mutant, chosen(mutant, every, reached), scene, others)


def elsewhere(mutant: Mutant) -> tuple[str, ...]:
    """Return the tests beside the matrix that reach a guard; they come first where there are some."""
    return BESIDE_THE_MATRIX.get(mutant.known_as, ())


def outcome(mutant: Mutant, tests: list[Case], scene: Scene, others: Suite) -> Outcome:
    """Take a guard out, and tell whether it was missed."""
    if some := elsewhere(mutant):
        name, always = others.missed_by(mutant.where, mutant.what, some)
        if name:
            return Outcome(kept=True, control_broke=not always)
    if missed_by(mutant, tests, scene):
        return Outcome(kept=True, control_broke=True)
    reason = DOUBLED.get(mutant.guards)
    if reason is None:
        print(f"mutants: {mutant.where} {mutant.what}: NOT MISSED ({len(tests)} tests)", flush=True)
    return Outcome(kept=reason is not None)


def missed_by(mutant: Mutant, tests: list[Case], scene: Scene) -> Case | None:
    """Return the first test that fails without the guard, and does not with it; one that always fails says nothing."""
    for one in tests:
        with mutant.taken_out():
            failed = one.fails(scene)
        if failed and not one.fails(scene):
            return one
        if failed:
            print(f"mutants: {one.title} fails with every guard in its place", flush=True)
    return None
