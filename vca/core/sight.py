"""Whose records somebody is being shown: noted as the rows come from the database, so that no view can forget it.

A row of a model ``OfVeteran`` (vca.core.models) notes its Veteran when it is read. Rows read as plain values are noted
by the query that reads them (``note``); rows that are read and not shown are read ``unseen``. Whoever answers (a page,
the API, a job) is ``watching`` and writes one event of what was seen. Source: 45 CFR 164.312(b), audit controls.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_seen: ContextVar[set[int] | None] = ContextVar("seen", default=None)


@contextmanager
def watching() -> Iterator[set[int]]:
    """Collect the ids of the Veterans whose rows are read in the block; whoever watches outside sees nothing of it."""
    seen: set[int] = set()
    before = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(before)


@contextmanager
def overhearing() -> Iterator[set[int]]:
    """Collect as ``watching`` does, and let whoever watches outside see it too, also when the block raises."""
    seen = set[int]()
    try:
        with watching() as seen:
            yield seen
    finally:
        note(seen)


@contextmanager
def unseen() -> Iterator[None]:
    """Read rows that are not shown, or not all of them: what is shown is noted by ``note`` or ``note_rows``."""
    with watching():
        yield


def note(veteran_ids: Iterable[int | None]) -> None:
    """Note Veterans whose data was read as plain values."""
    seen = _seen.get()
    if seen is not None:
        seen.update(one for one in veteran_ids if one)


def note_rows(rows: Iterable[Any]) -> None:
    """Note the Veterans of rows that were read ``unseen``, and of what was read with each."""
    waiting, known = list(rows), set[int]()
    while waiting:
        row = waiting.pop()
        if hasattr(row, "_state") and id(row) not in known:
            known.add(id(row))  # a referral knows its authorization, and that its referral
            note([getattr(row, "its_veteran", None)])
            waiting += row._state.fields_cache.values()
