"""Processes of a test: started in a group of their own, waited for, killed whole, and never left behind.

A worker that is killed with all that it started:

    with started([sys.executable, "manage.py", "work"], env=environment) as worker:
        worker.wait_for_line("working")
        worker.kill()
"""

import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PAUSE = 0.02  # seconds between two looks


class NotReadyError(AssertionError):
    """The process ended, or was silent for too long; the message holds the end of its output."""


class Process:
    """One process and its group. Its output, stdout and stderr as one, can be read at any time, also after its end."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        self.command = tuple(command)
        with tempfile.TemporaryFile() as output:
            self._output = os.dup(output.fileno())
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                **as_user(user),
            )

    def __del__(self) -> None:
        os.close(self._output)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._popen.poll()

    def output(self) -> str:
        """Return all that it has written so far."""
        # pread leaves alone the position that the process writes at: the two share one open file.
        return os.pread(self._output, os.fstat(self._output).st_size, 0).decode(errors="replace")

    def wait_for_line(self, text: str, *, timeout: float = 20) -> str:
        """Return the first line of the output that holds the text. Raises NotReadyError after timeout seconds."""
        self._wait_until(lambda: text in self.output(), timeout=timeout, what=f"a line with {text!r}")
        return next(line for line in self.output().splitlines() if text in line)

    def wait_for_port(self, port: int, *, timeout: float = 20) -> None:
        """Return when something answers on that loopback port. Raises NotReadyError after timeout seconds."""
        self._wait_until(lambda: answers(port), timeout=timeout, what=f"an answer on port {port}")

    def wait(self, *, timeout: float = 20) -> int:
        """Return the exit code once it has ended. Raises subprocess.TimeoutExpired."""
        return self._popen.wait(timeout)

    def stop(self, *, by: signal.Signals = signal.SIGTERM, timeout: float = 20) -> None:
        """Ask it to end, then kill what is left of its group."""
        self._popen.send_signal(by)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """SIGKILL the whole group."""
        with suppress(ProcessLookupError, PermissionError):  # an empty group; macOS says it the second way
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def _wait_until(self, ready: Callable[[], bool], *, timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while not ready():
            if self.returncode is not None or time.monotonic() > deadline:
                state = "is silent" if self.returncode is None else f"ended with {self.returncode}"
                raise NotReadyError(f"no {what}: {self.command[0]} {state}\n{self.output()[-2000:]}")
            time.sleep(PAUSE)


@contextmanager
def started(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Process]:
    """Run the command for the length of the block; nothing of its group outlives the block."""
    process = Process(command, env=env, cwd=cwd)
    try:
        yield process
    finally:
        process.kill()


def as_user(name: str | None) -> dict[str, Any]:
    """Return the arguments that make subprocess run something as that user; none for no name."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def answers(port: int) -> bool:
    """Does something listen on that loopback port?"""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
