"""A throwaway PostgreSQL and Redis for the length of one command.

    python -m tests.servers COMMAND [ARGUMENTS]

They run on free loopback ports, in a temporary directory, never as root, and are gone with the command, however it
ends. The command gets DATABASE_URL (the role vca_app, which owns nothing), DATABASE_OWNER_URL (vca_owner, which may
create databases and owns this one) and REDIS_URL. A variable that is set already wins. A test that stops or kills
servers starts its own:

    with throwaway() as servers:
        servers["Redis"].kill()
        servers["Redis"].start()                     # on the same port and directory
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psycopg

from tests.faults.processes import NotReadyError, Process, free_port

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
USER = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses root
Answer = Callable[[int, FrameType | None], Any] | int | None
TRIES = 5  # somebody else may take a free port before the server does


class Server:
    """One server on a loopback port; after stop or kill it can be started again on its directory and port."""

    variable: str  # names it to the product
    package: str  # Debian's
    ready: str  # what it writes once it answers

    def __init__(self, *, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self._process: Process | None = None

    @classmethod
    def program(cls) -> str | None:
        """Return the path of the program, or None when it is not installed."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Return the command line that serves this directory on this port."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the variables by which the product finds this server."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Do what a new server needs once, after its first start."""

    def start(self) -> None:
        """Return when it answers. Raises NotReadyError."""
        self._process = Process(self.command(), cwd=self.directory, user=USER)
        # Its own words, not an answer on the port: somebody else may listen there.
        self._process.wait_for_line(self.ready)

    def start_on_free_port(self) -> None:
        """Start for the first time, on another port if this one was taken meanwhile. Raises NotReadyError."""
        for left in reversed(range(TRIES)):
            try:
                self.start()
            except NotReadyError:
                self.kill()
                if not left:
                    raise
                self.port = free_port()
            else:
                return

    def stop(self) -> None:
        """End it in good order: SIGINT is PostgreSQL's fast shutdown, and Redis takes it as well."""
        if self._process:
            self._process.stop(by=signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL it and its children."""
        if self._process:
            self._process.kill()


class PostgreSQL(Server):
    """A cluster without fsync. It trusts everybody on this machine's loopback, so it holds test data alone."""

    variable = "DATABASE_URL"
    package = "postgresql"
    ready = "database system is ready to accept connections"

    def __init__(self, *, directory: Path) -> None:
        super().__init__(directory=directory)
        self._binaries = Path(self.program() or "postgres").resolve().parent
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [str(self._binaries / "initdb"), "-D", str(directory), *options]
        initdb = Process(command, cwd=directory, user=USER)
        try:
            initdb.wait_for_line("Success.")
        finally:
            initdb.stop(by=signal.SIGINT)

    @classmethod
    def program(cls) -> str | None:
        return shutil.which("postgres") or newest(Path("/usr/lib/postgresql").glob("*/bin/postgres"))

    def command(self) -> list[str]:
        settings = {
            "fsync": "off",
            "max_connections": "300",
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",  # goes with the directory, also after a kill
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        address = ["-h", "127.0.0.1", "-p", str(self.port)]
        return [str(self._binaries / "postgres"), "-D", str(self.directory), *address, *options]

    def environment(self) -> dict[str, str]:
        address = f"127.0.0.1:{self.port}/vca"
        return {
            self.variable: f"postgresql://vca_app@{address}",
            "DATABASE_OWNER_URL": f"postgresql://vca_owner@{address}",
        }

    def prepare(self) -> None:
        """Make the two roles and their database."""
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute("CREATE ROLE vca_owner LOGIN CREATEDB IN ROLE pg_signal_backend")
            connection.execute("CREATE ROLE vca_app LOGIN")
            connection.execute("CREATE DATABASE vca OWNER vca_owner")


class Redis(Server):
    """A Redis or Valkey without persistence."""

    variable = "REDIS_URL"
    package = "redis-server"
    ready = "eady to accept connections"

    @classmethod
    def program(cls) -> str | None:
        return shutil.which("redis-server") or shutil.which("valkey-server")

    def command(self) -> list[str]:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        return [self.program() or "redis-server", *options, "--dir", str(self.directory)]

    def environment(self) -> dict[str, str]:
        return {self.variable: f"redis://127.0.0.1:{self.port}/0"}


KINDS: dict[str, type[Server]] = {"PostgreSQL": PostgreSQL, "Redis": Redis}


def newest(programs: Iterator[Path]) -> str | None:
    """Return the path with the highest version number in it, or None."""
    versions = sorted(programs, key=lambda path: [int(digits) for digits in re.findall(r"\d+", str(path))])
    return str(versions[-1]) if versions else None


def wanted(environment: Mapping[str, str]) -> list[str]:
    """Return the servers that the environment does not name yet."""
    return [name for name in KINDS if not environment.get(KINDS[name].variable)]


def missing(names: Collection[str]) -> list[str]:
    """Return those of these servers that are not installed."""
    return [name for name in names if not KINDS[name].program()]


def complaint(names: Collection[str]) -> str:
    """Return one line that says what to install."""
    packages = " ".join(KINDS[name].package for name in names)
    return f"Not installed: {', '.join(names)}. Debian: apt-get install {packages}."


@contextmanager
def throwaway(names: Collection[str] = tuple(KINDS)) -> Iterator[dict[str, Server]]:
    """Run new servers for the length of the block, by name."""
    with ExitStack() as stack:
        top = Path(tempfile.mkdtemp(prefix="vca-servers-"))
        stack.callback(shutil.rmtree, top, ignore_errors=True)
        top.chmod(0o755)
        running = {name: launched(KINDS[name], top / name, stack=stack) for name in names}
        stack.callback(shield)
        yield running


def launched(kind: type[Server], directory: Path, *, stack: ExitStack) -> Server:
    """Return a new server in a new directory of its user's; the stack will stop it."""
    directory.mkdir(mode=0o700)
    if USER:
        shutil.chown(directory, USER)
    server = kind(directory=directory)
    stack.callback(server.stop)
    server.start_on_free_port()
    server.prepare()
    return server


def environment_of(servers: Mapping[str, Server]) -> dict[str, str]:
    """Return this process's environment with the servers' variables; DEBUG is on, as no real data lies there."""
    theirs = {key: value for server in servers.values() for key, value in server.environment().items()}
    return {"DEBUG": "1"} | os.environ | theirs


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command, hand on the signals that come, and return its exit code. After a signal raises SystemExit."""
    process = subprocess.Popen(command, env=environment)
    came = []

    def hand_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        # Ctrl-C reaches the command from the terminal; a second one would make pytest drop everything.
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    before = [(number, signal.getsignal(number)) for number in SIGNALS]
    answer_signals(hand_on)
    code = process.wait()
    for number, answer in before:
        signal.signal(number, answer)
    code = code if code >= 0 else 128 - code
    if came:
        raise SystemExit(code)
    return code


def leave(number: int, _: FrameType | None) -> NoReturn:
    """Unwind, so that whatever was started already is stopped."""
    answer_signals(signal.SIG_IGN)
    raise SystemExit(128 + number)


def shield() -> None:
    """Let no second signal interrupt the cleaning up."""
    if signal.getsignal(signal.SIGTERM) is leave:
        answer_signals(signal.SIG_IGN)


def answer_signals(by: Answer) -> None:
    """Set what answers the signals that end a program."""
    for number in SIGNALS:
        signal.signal(number, by)


def main(command: Sequence[str]) -> int:
    """Run the command on servers; return its exit code."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    names = wanted(os.environ)
    if absent := missing(names):
        print(complaint(absent), file=sys.stderr)
        if os.environ.get("CI") == "true":
            return 1
    answer_signals(leave)
    with throwaway([name for name in names if name not in absent]) as servers:
        return run(command, environment_of(servers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
