"""A TCP proxy before PostgreSQL or Redis that fails on demand.

A client that never hears of its commit:

    with proxied(port) as proxy:
        proxy.cut_after(COMMIT)
        with pytest.raises(OperationalError):
            post(remittance, port=proxy.port)
        proxy.heal()

For Django's own connection: close it, and ``monkeypatch.setitem(connection.settings_dict, "PORT", proxy.port)``.
"""

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

COMMIT = b"COMMIT\0"  # as PostgreSQL's clients send it
CHUNK = 65536
LONGEST = 64  # bytes of the longest words that may be asked for


class Link:
    """One client's connection through the proxy."""

    def __init__(self, client: StreamWriter, server: StreamWriter) -> None:
        self.ends = (client, server)
        self.answered_last = False  # the next answer is the one that the client shall not get

    def close(self) -> None:
        """Close both ends; what was said still arrives."""
        for end in self.ends:
            end.close()

    def drop(self) -> None:
        """Drop both ends without a farewell."""
        for end in self.ends:
            end.transport.abort()


class Proxy:
    """A loopback port that leads to another one. Each fault holds until ``heal``."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0  # seconds that each piece waits, both ways
        self._target = target
        self._refuses = False
        self._before = self._after = b""
        self._links: set[Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def cut(self) -> None:
        """Drop every open connection; new ones are let through."""
        self._in_loop(self._drop_all())

    def refuse(self) -> None:
        """Drop every open connection and each new one."""
        self._refuses = True
        self.cut()

    def cut_before(self, words: bytes) -> None:
        """Drop a connection when its client says these words, before the server gets them."""
        self._before = words

    def cut_after(self, words: bytes) -> None:
        """Drop a connection when its client has said these words and the server answers, before the client gets it."""
        self._after = words

    def heal(self) -> None:
        """End every fault."""
        self.delay, self._refuses, self._before, self._after = 0.0, False, b"", b""

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        server = self._in_loop(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Drop every connection and listen no more."""
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_loop(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _drop_all(self) -> None:
        for link in self._links:
            link.drop()
        while self._links:
            await asyncio.sleep(0)

    async def _serve(self, from_client: StreamReader, to_client: StreamWriter) -> None:
        if self._refuses:
            return to_client.transport.abort()
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return to_client.transport.abort()
        link = Link(to_client, to_server)
        self._links.add(link)
        there = asyncio.create_task(self._carry(from_client, to_server, link, stops=self._request_filter(link)))
        back = asyncio.create_task(self._carry(from_server, to_client, link, stops=lambda _: link.answered_last))
        await asyncio.wait((there, back))
        self._links.discard(link)

    async def _carry(
        self, source: StreamReader, sink: StreamWriter, link: Link, *, stops: Callable[[bytes], bool]
    ) -> None:
        """Carry bytes one way to their end, or until ``stops`` says of a piece that it goes no further."""
        with suppress(ConnectionError):
            while piece := await source.read(CHUNK):
                await asyncio.sleep(self.delay)
                if stops(piece):
                    return link.drop()
                sink.write(piece)
                await sink.drain()
        link.close()

    def _request_filter(self, link: Link) -> Callable[[bytes], bool]:
        said = b""

        def stops(piece: bytes) -> bool:
            nonlocal said
            said = said[-LONGEST:] + piece  # words may be split between two pieces
            link.answered_last = link.answered_last or bool(self._after and self._after in said)
            return bool(self._before and self._before in said)

        return stops


@contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """Run a proxy to that loopback port for the length of the block."""
    proxy = Proxy(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
