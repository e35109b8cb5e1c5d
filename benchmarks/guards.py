"""What all guards of a page cost together: read audit, practices kept apart by the database, and encryption at rest.

Both sides are the same pages of the same rows in one process. Without: the owner's connection, to which no policy
applies; nobody notes or records whose data is shown; a sealed value is opened once and remembered.
"""

from collections.abc import Callable
from functools import cache, partial
from statistics import median
from unittest.mock import patch

from benchmarks.isolation import said, unguarded, without_policies
from benchmarks.measuring import by_turns, ratio
from benchmarks.pages import addresses
from benchmarks.registry import Table, benchmark
from benchmarks.scene import Scene, scene
from vca.core import audit, crypto, sight

ROUNDS = 41
HEAD = ("Page", "without, ms", "with, ms", "with / without (95 %)")
remembered = cache(crypto.unseal)


@benchmark(
    "guards",
    claim="Whole pages with read audit, row-level security and encryption, beside the same pages without all three, "
    "in one run; the aim is 1.5.",
)
def measure() -> Table:
    """Compare each page with itself."""
    stage = scene()
    rows = [_row(stage, name, path) for name, path in addresses(stage).items()]
    unguarded().close()
    return Table(HEAD, tuple(rows))


def _row(stage: Scene, name: str, path: str) -> tuple[str, ...]:
    look = partial(stage.get, path)
    assert said(without_guards(look)) == said(look())
    taken = by_turns({"without": partial(without_guards, look), "with": look}, rounds=ROUNDS)
    ms = [f"{median(taken[side]):.1f}" for side in ("without", "with")]
    return name, *ms, str(ratio(taken["with"], taken["without"]))


def without_guards(look: Callable[[], bytes]) -> bytes:
    """Return what a page shows where nobody guards it."""
    with (
        patch.object(sight, "note", lambda ids: None),
        patch.object(audit, "read", lambda **_: None),
        patch.object(crypto, "unseal", remembered),
    ):
        return without_policies(look)
