import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
import redis

from tests import servers
from tests.faults.processes import Process, answers, started

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.serial]
NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
SHOW = "import os, time; print('urls', *(os.environ[name] for name in {NAMES}), flush=True); {then}"


def with_servers(then: str, **environment: str) -> AbstractContextManager[Process]:
    """Start `python -m tests.servers` on a program that shows its variables and then does that."""
    surroundings = {name: value for name, value in os.environ.items() if name not in NAMES}
    command = [sys.executable, "-c", SHOW.format(NAMES=NAMES, then=then)]
    return started([sys.executable, "-m", "tests.servers", *command], env=surroundings | environment)


def urls(process: Process) -> list[str]:
    return process.wait_for_line("urls").split()[1:]


def ports(process: Process) -> set[int]:
    return {int(url.rsplit(":", 1)[1].split("/")[0]) for url in urls(process)}


@pytest.fixture
def top() -> Iterator[Path]:
    """Return an empty directory for temporary ones, which the servers' user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_servers_end_with_their_command_and_keep_its_exit_code(top: Path) -> None:
    with with_servers("raise SystemExit(7)", TMPDIR=str(top)) as process:
        assert process.wait() == 7
        assert [answers(port) for port in ports(process)] == [False, False]
    assert list(top.iterdir()) == []


@pytest.mark.parametrize("sent", servers.SIGNALS)
def test_servers_end_when_they_are_told_to(top: Path, sent: signal.Signals) -> None:
    with with_servers("time.sleep(60)", TMPDIR=str(top)) as process:
        used = ports(process)
        assert [answers(port) for port in used] == [True, True]
        os.kill(process.pid, sent)
        assert process.wait() != 0
    assert [answers(port) for port in used] == [False, False]
    assert list(top.iterdir()) == []


def test_servers_end_when_they_are_told_to_while_they_start(top: Path) -> None:
    with with_servers("time.sleep(60)", TMPDIR=str(top)) as process:
        process._wait_until(lambda: any(top.glob("*/PostgreSQL/base")), timeout=10, what="a cluster in the making")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    assert list(top.iterdir()) == []


def test_servers_that_are_named_already_are_used(top: Path) -> None:
    with with_servers("", TMPDIR=str(top), **dict.fromkeys(NAMES, "given")) as process:
        assert (urls(process), process.wait(), list(top.iterdir())) == (["given"] * 3, 0, [])


def test_missing_programs_fail_in_ci_alone(top: Path) -> None:
    nowhere = {"PATH": str(top), "CI": "true", **dict.fromkeys(NAMES[:2], "given")}
    with with_servers("", **nowhere) as process:
        assert process.wait() == 1
        assert process.output() == "Not installed: Redis. Debian: apt-get install redis-server.\n"
    with with_servers("", **nowhere | {"CI": "", "REDIS_URL": ""}) as process:
        assert (urls(process), process.wait()) == (["given"] * 2, 0)


def test_a_killed_server_starts_again_on_its_port() -> None:
    with servers.throwaway() as running:
        database, broker = running["PostgreSQL"], running["Redis"]
        with psycopg.connect(database.environment()["DATABASE_OWNER_URL"]) as connection:
            connection.execute("CREATE TABLE kept (id int)")
        for server in running.values():
            server.kill()
        assert [answers(server.port) for server in running.values()] == [False, False]

        for server in running.values():
            server.start()
        with psycopg.connect(database.environment()["DATABASE_OWNER_URL"]) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert redis.from_url(broker.environment()["REDIS_URL"]).ping()
