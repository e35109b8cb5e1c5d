"""What it costs that the database itself keeps practices apart: whole pages with its policies, and without.

Both sides are the same pages of the same rows in the same process. One is served through the application's role, told
whose rows it shows; the other through the owner's, to whom no policy applies once FORCE is off, and told nothing.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from statistics import median
from unittest.mock import patch

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from benchmarks.measuring import by_turns, ratio
from benchmarks.pages import addresses
from benchmarks.registry import Table, benchmark
from benchmarks.scene import Scene, scene
from tests.databases import owner_alias, run
from vca.core import isolation, policies

ROUNDS = 61
HIDDEN = re.compile(rb'<input type="hidden"[^>]*>|data-seconds="\d+"')  # random, and the time left
HEAD = ("Page", "without, ms", "with, ms", "with / without (95 %)")
Unguarded = Callable[[Callable[[], bytes]], bytes]


@benchmark(
    "isolation",
    claim="Whole pages, kept apart by PostgreSQL's row-level security, beside the same pages without it; the aim for "
    "all guards together is 1.5.",
)
def measure() -> Table:
    """Compare each page with itself."""
    return beside(without_policies, rounds=ROUNDS)


def beside(without: Unguarded, *, rounds: int) -> Table:
    """Compare each page with itself as ``without`` serves it: by turns, and only where both say the same."""
    stage = scene()
    rows = [_row(stage, name, path, without, rounds) for name, path in addresses(stage).items()]
    unguarded().close()
    return Table(HEAD, tuple(rows))


def _row(stage: Scene, name: str, path: str, without: Unguarded, rounds: int) -> tuple[str, ...]:
    look = partial(stage.get, path)
    assert said(without(look)) == said(look())
    taken = by_turns({"without": partial(without, look), "with": look}, rounds=rounds)
    ms = [f"{median(taken[side]):.1f}" for side in ("without", "with")]
    return name, *ms, str(ratio(taken["with"], taken["without"]))


def said(page: bytes) -> bytes:
    """Return a page but for the random values of its forms."""
    return HIDDEN.sub(b"", page)


def without_policies(look: Callable[[], bytes]) -> bytes:
    """Return what a page shows where nothing keeps practices apart but the code."""
    before = connections["default"]
    connections["default"] = unguarded()
    try:
        with patch.object(isolation, "_tell"):
            return look()
    finally:
        connections["default"] = before


@cache
def unguarded() -> BaseDatabaseWrapper:
    """Return a connection of the owner's, to whom no policy applies from here on."""
    owner = connections[owner_alias()].copy("default")
    with owner.cursor() as cursor:
        run(cursor, [f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY' for table in policies.covered()])
    return owner
