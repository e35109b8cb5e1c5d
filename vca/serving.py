"""gunicorn's worker with threads, which gives up on a request that comes too slowly.

As shipped a thread waits for as long as a caller takes to send: a stranger with as many connections as there are
threads keeps everybody else out. Here a request has some seconds to come in, and more for as long as enough comes.
"""

import errno
import socket
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

WITHIN = 10  # seconds
LEAST = 20_000  # bytes in a second: 24 MB over the slowest line of a clinic take 20 minutes


class HurriedSocket(socket.socket):
    """A connection from which nothing is read after a moment. gunicorn drops one that fails like this."""

    until: float  # by the monotonic clock

    def recv(self, *args: Any) -> bytes:
        """Return what has come, and give as much more time as it was worth. Raises ConnectionResetError."""
        left, own = self.until - time.monotonic(), self.gettimeout()
        try:
            if left <= 0:
                raise TimeoutError
            self.settimeout(left if own is None else min(left, own))
            got = super().recv(*args)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly") from None
        finally:
            self.settimeout(own)
        self.until += len(got) / LEAST
        return got


class Worker(ThreadWorker):
    """The worker with threads; each request of a connection has its own time."""

    within: float = WITHIN

    def handle(self, conn: Any) -> Any:
        """Handle one request of a connection, which starts to be read now."""
        if not isinstance(conn.sock, HurriedSocket):
            conn.sock = HurriedSocket(fileno=conn.sock.detach())
        conn.sock.until = time.monotonic() + self.within
        return super().handle(conn)
