"""What every test stands on: the database, a place for documents, and what may be skipped where.

`./run test` runs the suite on PostgreSQL and Redis, what is marked ``both`` again on SQLite, and the browser's part.
Marks: ``both`` also on SQLite; ``postgres`` and ``redis`` need that server; ``serial`` may not share the machine with
another test (clusters, forks, clocks); ``browser`` opens Chromium; ``trials`` are trials at their size for CI.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests import databases
from tests.vca.core.kept import kept, put_back
from tests.world import NOW, World

CI = os.environ.get("CI") == "true"
# A slow machine is no fault of the code under test; in CI hypothesis's own profile makes the examples repeatable.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_configure() -> None:
    """Hash passwords cheaply: what is slow on purpose in production is only slow here."""
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a server that is not there."""
    lacking = {
        "postgres": connections["default"].vendor != "postgresql",
        "redis": not django_settings.REDIS_URL,
    }
    for item in items:
        for mark in (mark for mark, absent in lacking.items() if absent and item.get_closest_marker(mark)):
            item.add_marker(pytest.mark.skip(reason=f"needs {mark}"))


def skipped(config: pytest.Config) -> int:
    """Return how many tests were skipped; zero in a worker of xdist, which leaves counting to its controller."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failed run."""
    if CI and skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why CI failed."""
    if CI and (count := skipped(config)):
        terminalreporter.write_line(f"CI skips nothing, and {count} were skipped: this run has failed.", red=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Put SQLite's database into a file, which threads and other processes can open too."""
    if connections["default"].vendor == "sqlite":
        name = tmp_path_factory.mktemp("database") / "test.sqlite3"
        django_settings.DATABASES["default"]["TEST"]["NAME"] = str(name)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> Iterator[None]:
    """Make the test database as its owner; --reuse-db and --create-db do what they do elsewhere."""
    database = databases.TestDatabase()
    with django_db_blocker.unblock():
        database.create(keep=django_db_keepdb and not django_db_createdb)
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            database.drop()


@pytest.fixture(scope="session", autouse=True)
def documents_dir(django_test_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep documents in a place of this session, or of this worker of xdist."""
    django_settings.DOCUMENTS_DIR = tmp_path_factory.mktemp("documents")
    return django_settings.DOCUMENTS_DIR


@pytest.fixture
def process_environment(transactional_db: None, documents_dir: Path) -> dict[str, str]:
    """Return the environment in which another process works on this test's database and documents."""
    names = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}
    urls = {names[alias]: databases.url(alias) for alias in connections}
    return {"DEBUG": "1"} | os.environ | urls | {"DOCUMENTS_DIR": str(documents_dir), "EMAIL_URL": "memorymail://"}


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Return a practice that is made once for all tests of a module (tests.vca.core.kept)."""
    with kept(django_db_blocker) as one:
        yield one


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    """Return that practice for one test, and put it back afterwards. A module may make a practice of its own."""
    with put_back(once):
        yield once


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the clock at the moment of tests.world; a test moves it on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
