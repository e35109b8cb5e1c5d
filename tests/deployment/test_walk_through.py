"""docs/api.md, executed word for word: from a token to an 837P that pyx12 accepts, and the same claim on paper."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.places import on_sqlite
from tests.deployment.walk_through import came_through, script, walk, with_curl
from tests.faults.processes import free_port, started
from vca.settings import BASE_DIR

pytestmark = [pytest.mark.serial, with_curl]


@pytest.fixture(scope="module")
def tryout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Web server and worker as ./run starts them, on SQLite; yields the environment of a reader's shell."""
    folder = tmp_path_factory.mktemp("tryout")
    place, port = on_sqlite(folder / "state"), free_port()
    environment = {**place.environment, "DJANGO_SETTINGS_MODULE": "vca.settings"}
    assert place.manage("prepare_database").returncode == 0
    with started([sys.executable, "-m", "tests.deployment.open_demo"], env=environment, cwd=BASE_DIR) as opening:
        assert opening.wait(timeout=60) == 0, opening.output()
    web = [sys.executable, "-m", "gunicorn", "vca.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
    with (
        started([*web, "--no-control-socket"], env=environment, cwd=BASE_DIR) as server,
        started([sys.executable, "manage.py", "work"], env=environment, cwd=BASE_DIR),
    ):
        server.wait_for_port(port)
        yield {**environment, "SITE": f"http://127.0.0.1:{port}"}


def test_walk_through_runs_on_the_try_out(tryout: dict[str, str], tmp_path: Path) -> None:
    came_through(walk(tmp_path / "reader", tryout))


def test_walk_through_stops_where_a_rule_refuses(tryout: dict[str, str], tmp_path: Path) -> None:
    """The control: without a home location nothing is confirmed, and the script says why and ends."""
    without = script().replace('"home_location": \'"$LOCATION"\', ', "")

    done = walk(tmp_path / "reader", tryout, text=without)

    assert (done.returncode, done.claims) == (1, b"")
    assert "REFERRAL-12" in done.complaint
