"""Threads that act at the same moment, each on a database connection of its own that it keeps from trial to trial."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from django.db import connection, connections

Deed = Callable[[], object]


class Crowd:
    """So many threads. ``at_once`` holds every one of them until all have come."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._threads = ThreadPoolExecutor(size)
        self._gate = Barrier(size)

    def at_once(self, deeds: Sequence[Deed]) -> list[BaseException | None]:
        """Do one deed in each thread and return what each of them raised. Raises ValueError for another number."""
        if len(deeds) != self.size:
            raise ValueError(f"{len(deeds)} deeds for {self.size} threads")
        return [future.exception() for future in [self._threads.submit(self._act, deed) for deed in deeds]]

    def leave(self) -> None:
        """Close every connection and end the threads."""
        self.at_once([connections.close_all] * self.size)
        self._threads.shutdown()

    def _act(self, deed: Deed) -> object:
        connection.ensure_connection()
        self._gate.wait()
        return deed()


@contextmanager
def crowd(size: int) -> Iterator[Crowd]:
    """Keep a crowd for the length of the block."""
    people = Crowd(size)
    try:
        yield people
    finally:
        people.leave()
