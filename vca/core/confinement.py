"""What a child process may do that reads what others sent, or draws for us: little memory and time, and nothing else.

Two guards stand behind each other. The limits are the kernel's, and hold for libraries in C too. The ``Guard`` hears
what Python is about to do, refuses it and remembers it: some libraries go on after a refusal.
"""

import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Whatever speaks to the network, or starts another program: https://docs.python.org/3/library/audit_events.html
MUTE = (
    *("socket.", "http.", "urllib.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "nntplib.", "telnetlib."),
    *("subprocess.", "os.system", "os.exec", "os.fork", "os.spawn", "os.posix_spawn", "os.startfile", "pty."),
)


class Forbidden(PermissionError):
    """The child was about to do what it may not."""


class Guard:
    """An audit hook. It cannot be taken off again, so it belongs into a child."""

    def __init__(self, *, readable: Sequence[Path] = (), writable: Sequence[Path] = ()) -> None:
        self.readable = tuple(path.resolve() for path in (*readable, *writable))
        self.writable = tuple(path.resolve() for path in writable)
        self.refused: list[str] = []

    def stand(self) -> None:
        """Guard this process from now on. What it imports later it does not note down as bytecode, which is a file."""
        sys.dont_write_bytecode = True
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Hear of one event. Raises Forbidden."""
        if event == "open":
            self._judge(*arguments)
        elif event.startswith(MUTE):
            self._refuse(event)

    def _judge(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return  # open already
        places = self.writable if flags & 3 or (mode and set(mode) & set("wax+")) else self.readable
        place = Path(path.decode() if isinstance(path, bytes) else path).resolve()
        if not any(place.is_relative_to(one) for one in places):
            self._refuse(f"open {place}")

    def _refuse(self, what: str) -> None:
        self.refused.append(what)
        raise Forbidden(what)


def limit(*, memory: int, seconds: int, largest_file: int) -> None:
    """Limit this process: bytes of memory, seconds of work, bytes of any file."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, largest_file),
        (resource.RLIMIT_CORE, 0),  # memory that somebody's record is in is not written down
    ):
        resource.setrlimit(what, (most, most))


def close_doors() -> None:
    """Let this process open nothing more: no file, no socket. What it has open already stays."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
