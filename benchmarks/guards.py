"""What all guards of a page cost together: read audit, practices kept apart by the database, and encryption at rest.

Both sides are the same pages of the same rows in one process. Without: the owner's connection, to which no policy
applies; nobody notes or records whose data is shown; a sealed value is opened once and remembered.
"""

from collections.abc import Callable
from functools import cache
from unittest.mock import patch

from benchmarks.isolation import beside, without_policies
from benchmarks.registry import Table, benchmark
from vca.core import audit, crypto, sight

ROUNDS = 41
remembered = cache(crypto.unseal)


@benchmark(
    "guards",
    claim="Whole pages with read audit, row-level security and encryption, beside the same pages without all three, "
    "in one run; the aim is 1.5.",
)
def measure() -> Table:
    """Compare each page with itself."""
    return beside(without_guards, rounds=ROUNDS)


def without_guards(look: Callable[[], bytes]) -> bytes:
    """Return what a page shows where nobody guards it."""
    with (
        patch.object(sight, "note", lambda ids: None),
        patch.object(audit, "read", lambda **_: None),
        patch.object(crypto, "unseal", remembered),
    ):
        return without_policies(look)
