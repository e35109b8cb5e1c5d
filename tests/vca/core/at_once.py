"""Deeds done at the same time, each in a thread with connections of its own.

    first, second = at_once(draft, draft)

The tests that use this need PostgreSQL and ``django_db(transaction=True)``, since a thread sees committed rows alone.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

PATIENCE_SECONDS = 30


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Let the deeds loose together; return what each one returned or raised, in their order."""
    gate = Barrier(len(deeds))
    with ThreadPoolExecutor(len(deeds)) as threads:
        running = [threads.submit(_at_the_gate, gate, deed) for deed in deeds]
        return [one.exception(PATIENCE_SECONDS) or one.result() for one in running]


def in_another_thread(deed: Callable[[], Any]) -> Any:
    """Do the deed on a connection of its own and return its answer: what somebody else would see or get now."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(_at_the_gate, Barrier(1), deed).result(PATIENCE_SECONDS)


def _at_the_gate(gate: Barrier, deed: Callable[[], Any]) -> Any:
    try:
        gate.wait(PATIENCE_SECONDS)
        return deed()
    finally:
        connections.close_all()
