"""docker-compose.yml without Docker: each service's own command and environment, on this machine's loopback.

What differs from Docker is written in ``Stack``: names of hosts become loopback ports, paths of volumes become folders
of the test, images are what is installed here. Everything else is read from the file.
"""

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests import servers
from tests.faults.processes import PAUSE, Process, free_port
from vca.settings import BASE_DIR

VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\})")


class NotSet(Exception):
    """The file asks for a variable that is not set; the message is the file's."""


def interpolated(value: Any, variables: Mapping[str, str]) -> Any:
    """Return a part of the file with its ``${NAME}``, ``${NAME:-otherwise}`` and ``${NAME:?message}`` filled in."""
    if isinstance(value, dict):
        return {key: interpolated(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [interpolated(one, variables) for one in value]
    return VARIABLE.sub(lambda found: _filled(found, variables), value) if isinstance(value, str) else value


def _filled(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    name, how, rest = found["name"], found["how"], found["rest"]
    if value := variables.get(name):
        return value
    if how == "?":
        raise NotSet(f"{name}: {rest}")
    return rest or ""


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services of the file as Docker would see them. Raises NotSet."""
    text = (BASE_DIR / "docker-compose.yml").read_text()
    found: dict[str, dict[str, Any]] = interpolated(yaml.safe_load(text), variables)["services"]
    return found


def new_environment(host: str) -> dict[str, str]:
    """Return what ``deploy/new-environment`` prints."""
    printer = Process([str(BASE_DIR / "deploy" / "new-environment"), host])
    assert printer.wait() == 0
    lines = (line.partition("=") for line in printer.output().splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in lines}


class Database(servers.PostgreSQL):
    """The service ``db``: passwords are asked for, and the roles are those of deploy/roles.sh."""

    variables: Mapping[str, str] = {}

    def prepare(self) -> None:
        """Run the script of first start, then ask for passwords as the image does."""
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port)}
        script = Process(["sh", str(BASE_DIR / "deploy" / "roles.sh")], env=os.environ | self.variables | address)
        assert script.wait() == 0, script.output()
        (self.directory / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self.stop()
        self.start()


@dataclass
class Stack:
    """The running services. ``url`` is where ``web`` answers."""

    folder: Path
    services: Mapping[str, Mapping[str, Any]]
    ports: Mapping[str, int]
    running: dict[str, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['web']}"

    def here(self, text: str) -> str:
        """Return a text of the file with this machine's addresses and folders in it."""
        moved = {
            "@db:5432": f"@127.0.0.1:{self.ports['db']}",
            "@redis:6379": f"@127.0.0.1:{self.ports['redis']}",
            "0.0.0.0:8000": f"127.0.0.1:{self.ports['web']}",
            "127.0.0.1:8000": f"127.0.0.1:{self.ports['web']}",
            "/documents": str(self.folder / "documents"),
            "/beat": str(self.folder / "beat"),
            "redis-cli": f"redis-cli -p {self.ports['redis']}",
        }
        for there, place in moved.items():
            text = text.replace(there, place)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """Return the service's environment and nothing of ours but where programs lie."""
        told = {name: self.here(str(value)) for name, value in self.services[service].get("environment", {}).items()}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        addresses = {"PGPORT": str(self.ports["db"]), "VCA_STATE_DIR": str(self.folder)}
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", **addresses, **told}

    def command(self, service: str) -> list[str]:
        """Return the service's command."""
        command = [self.here(word) for word in self.services[service]["command"]]
        return [sys.executable if word == "python" else word for word in command]

    def start(self, service: str, *more: str) -> Process:
        """Start a service, with more words after its command."""
        process = Process([*self.command(service), *more], env=self.environment(service), cwd=BASE_DIR)
        self.running[service] = process
        return process

    def kill(self) -> None:
        """Leave nothing running."""
        for process in self.running.values():
            process.kill()

    def healthy(self, service: str) -> bool:
        """Run the service's health check once, in the service's environment."""
        kind, *rest = self.services[service]["healthcheck"]["test"]
        rest = [self.here(word) for word in rest]
        command = ["sh", "-c", *rest] if kind == "CMD-SHELL" else rest
        check = Process(command, env=self.environment(service), cwd=BASE_DIR)
        try:
            return check.wait(timeout=30) == 0
        finally:
            check.kill()

    def wait_until_healthy(self, service: str, *, timeout: float = 60) -> None:
        """Return when the health check passes. Raises AssertionError with what the service has written."""
        said = self.running[service].output if service in self.running else str
        until(lambda: self.healthy(service), timeout=timeout, what=f"health of {service}", said=said)


@contextmanager
def stack(folder: Path, variables: Mapping[str, str]) -> Iterator[Stack]:
    """Start db and redis as the file says; the services of the application are started by ``Stack.start``."""
    found = services(variables)
    with ExitStack() as after:
        top = Path(tempfile.mkdtemp(prefix="vca-compose-"))  # the cluster's own user reaches it, not pytest's folder
        after.callback(shutil.rmtree, top, ignore_errors=True)
        top.chmod(0o755)
        Database.variables = found["db"]["environment"]
        database = servers.launched(Database, top / "db", stack=after)
        for name in ("documents", "beat"):
            (folder / name).mkdir()
        running = Stack(folder, found, {"db": database.port, "redis": free_port(), "web": free_port()})
        after.callback(running.kill)
        running.start("redis", "--bind", "127.0.0.1", "--port", str(running.ports["redis"]))
        yield running


def until(so: Callable[[], bool], *, timeout: float, what: str, said: Callable[[], str] = str) -> None:
    """Return when it is so. Raises AssertionError after timeout seconds."""
    deadline = time.monotonic() + timeout
    while not so():
        assert time.monotonic() < deadline, f"no {what} after {timeout} s: {said()[-3000:]}"
        time.sleep(PAUSE)
