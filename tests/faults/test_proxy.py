"""The proxy lets a COMMIT through and keeps its answer: a naive retry books twice, a keyed one does not."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import databases
from tests.faults.proxy import COMMIT, Proxy, proxied

pytestmark = [pytest.mark.postgres, pytest.mark.serial, pytest.mark.django_db(transaction=True)]
NAIVE = "INSERT INTO posting (cents) VALUES (100)"
KEYED = "INSERT INTO posting (key, cents) VALUES ('remittance 1', 100) ON CONFLICT DO NOTHING"


@pytest.fixture
def server() -> Iterator[psycopg.Connection]:
    """Return a connection that no proxy troubles, to a database with a table of postings."""
    with psycopg.connect(databases.url(databases.owner_alias()), autocommit=True) as connection:
        connection.execute("CREATE TABLE posting (id serial, key text UNIQUE, cents int)")
        yield connection
        connection.execute("DROP TABLE posting")


@pytest.fixture
def proxy(server: psycopg.Connection) -> Iterator[Proxy]:
    """Return a proxy before the test database."""
    with proxied(server.info.port) as proxy:
        yield proxy


def through(proxy: Proxy) -> psycopg.Connection:
    """Return a new connection through the proxy, which closes with its block."""
    direct = databases.url(databases.owner_alias())
    return psycopg.connect(direct.replace(f":{urlsplit(direct).port}/", f":{proxy.port}/"))


def post(statement: str, *, proxy: Proxy) -> None:
    with through(proxy) as connection:
        connection.execute(statement)


def posted(server: psycopg.Connection) -> int:
    row = server.execute("SELECT count(*) FROM posting").fetchone()
    assert row
    return row[0]


@pytest.mark.parametrize(("statement", "postings"), [(NAIVE, 2), (KEYED, 1)])
def test_retry_after_a_lost_answer(server: psycopg.Connection, proxy: Proxy, statement: str, postings: int) -> None:
    proxy.cut_after(COMMIT)
    with pytest.raises(psycopg.OperationalError):
        post(statement, proxy=proxy)
    assert posted(server) == 1

    proxy.heal()
    post(statement, proxy=proxy)
    assert posted(server) == postings


def test_a_commit_cut_before_the_server_changes_nothing(server: psycopg.Connection, proxy: Proxy) -> None:
    proxy.cut_before(COMMIT)
    with pytest.raises(psycopg.OperationalError):
        post(NAIVE, proxy=proxy)
    assert posted(server) == 0


def test_an_untroubled_proxy_changes_nothing(server: psycopg.Connection, proxy: Proxy) -> None:
    with through(proxy) as connection:
        assert connection.execute("SELECT repeat('x', 1000000)").fetchone() == ("x" * 1_000_000,)
    post(NAIVE, proxy=proxy)
    assert posted(server) == 1


def test_cut_drops_what_is_open_and_lets_new_ones_in(server: psycopg.Connection, proxy: Proxy) -> None:
    connection = through(proxy)
    proxy.cut()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    post(NAIVE, proxy=proxy)
    assert posted(server) == 1


def test_refuse_keeps_everybody_out_until_healed(server: psycopg.Connection, proxy: Proxy) -> None:
    proxy.refuse()
    with pytest.raises(psycopg.OperationalError):
        through(proxy)
    proxy.heal()
    post(NAIVE, proxy=proxy)
    assert posted(server) == 1


def test_delay_holds_each_piece(proxy: Proxy) -> None:
    with through(proxy) as connection:
        proxy.delay = 0.1
        begun = time.monotonic()
        connection.execute("SELECT 1")
    assert time.monotonic() - begun > 0.2
