"""Who sends slowly keeps nobody else out: the real gunicorn on loopback, with threads for 8 of 20 slow requests.

Source: OWASP ASVS 5.0.0, 13.1.3: what happens when connections run out is decided.
"""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection

import pytest

from tests.deployment.places import Installation, on_sqlite
from tests.deployment.quick_worker import Quick
from tests.faults.processes import free_port, started
from vca.settings import BASE_DIR

pytestmark = pytest.mark.serial
SLOW = 20
LITTLE = 2.0  # seconds of a busy machine
PATIENCE = 2 * Quick.within + LITTLE  # the twenty come in three turns of eight threads; the asker in the third
OURS, SHIPPED = "tests.deployment.quick_worker.Quick", "gthread"
COOKIE = f"Cookie: csrftoken={'a' * 32}; __Host-csrf={'a' * 32}\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nab"
BODY = f"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\n{COOKIE}{FORM}"
HEAD = "GET /healthz HTTP/1.1\r\nHost: loc"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = on_sqlite(tmp_path_factory.mktemp("slow") / "state")
    assert installation.manage("prepare_database").returncode == 0
    return installation


@contextmanager
def served(place: Installation, worker: str) -> Iterator[int]:
    """Serve with 8 threads; yields the port."""
    port = free_port()
    web = [sys.executable, "-m", "gunicorn", "vca.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    with started([*web, "--threads", "8", "--worker-class", worker], env=place.environment, cwd=BASE_DIR) as server:
        server.wait_for_port(port)
        assert healthy(port, within=20)
        yield port


def healthy(port: int, *, within: float) -> bool:
    """Tell whether the health page answers within these seconds."""
    connection = HTTPConnection("127.0.0.1", port, timeout=within)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except TimeoutError:
        return False
    finally:
        connection.close()


@contextmanager
def held_open(port: int, start: str) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(SLOW):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(start.encode())
        time.sleep(0.3)
        yield


@pytest.mark.parametrize("start", [BODY, HEAD], ids=["body", "head"])
@pytest.mark.parametrize(
    ("worker", "answers"), [(OURS, True), (SHIPPED, False)], ids=["ours", "as shipped: the control"]
)
def test_slow_requests_keep_others_out_for_seconds_only(
    place: Installation, start: str, worker: str, answers: bool
) -> None:
    with served(place, worker) as port, held_open(port, start):
        assert healthy(port, within=PATIENCE) == answers


def test_request_that_comes_in_pieces_is_given_its_time_and_no_more(place: Installation) -> None:
    """A byte now and then gains nothing; who comes to the end in time is answered."""
    with served(place, OURS) as port:
        answers = [pieces(port, pause) for pause in (0.05, 0.6)]

    assert answers == [b"HTTP/1.1 200", b""]


def pieces(port: int, pause: float) -> bytes:
    """Ask for the health page in ten pieces; return the start of the answer."""
    text = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            for place in range(0, len(text), 5):
                connection.sendall(text[place : place + 5])
                time.sleep(pause)
            return connection.recv(12)
        except OSError:
            return b""
