"""The services of docker-compose.yml, each by its own command and environment, on loopback; and what the file holds."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.deployment import compose
from tests.deployment.compose import NotSet, Stack
from tests.deployment.walk_through import came_through, walk, with_curl
from vca.settings import BASE_DIR

HOST = "vca.example.org"
APPLICATION = ("migrate", "web", "worker", "beat")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services, started in the order of the file."""
    with compose.stack(tmp_path_factory.mktemp("compose"), compose.new_environment(HOST)) as running:
        for service in ("db", "redis"):
            running.wait_until_healthy(service)
        assert running.start("migrate").wait(timeout=120) == 0, running.running["migrate"].output()
        for service in ("web", "worker", "beat"):
            running.start(service)
        yield running


def on_servers(test: Callable[..., None]) -> Callable[..., None]:
    """Mark what needs the running stack."""
    return pytest.mark.postgres(pytest.mark.redis(pytest.mark.serial(test)))


@on_servers
@pytest.mark.parametrize("service", ["db", "redis", "web", "worker", "beat"])
def test_service_is_healthy_by_its_own_check(stack: Stack, service: str) -> None:
    stack.wait_until_healthy(service)


@on_servers
def test_web_serves_the_host_behind_tls_and_nobody_else(stack: Stack) -> None:
    stack.wait_until_healthy("web")
    assert answer(stack, HOST, "https") == 200
    assert answer(stack, "other.example.org", "https") == 400
    assert answer(stack, HOST, "http") == 301


def answer(stack: Stack, host: str, scheme: str) -> int:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    headers = {"Host": host, "X-Forwarded-Proto": scheme}
    request = urllib.request.Request(f"{stack.url}/sign-in/", headers=headers)  # noqa: S310 - loopback
    try:
        return urllib.request.build_opener(Stay).open(request, timeout=10).status
    except urllib.error.HTTPError as refused:
        return refused.code


@on_servers
def test_application_role_owns_nothing_and_needs_its_password(stack: Stack) -> None:
    url = stack.environment("web")["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        owned = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = 'vca_app'"
        assert connection.execute(owned).fetchone() == (0,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(re.sub(r":[0-9a-f]{48}@", ":guessed@", url))


@on_servers
def test_worker_of_the_stack_is_rung_for_by_beat(stack: Stack, tmp_path: Path) -> None:
    """Nothing but beat's bell makes the worker look: the daily jobs of a new practice are done without being asked."""
    environment = stack.environment("migrate")
    archive = str(tmp_path / "clinic.backup")
    for command in (
        ["backup", archive, "--without-keys"],
        ["prove_backup", archive],
        ["create_practice", "harbor", "Harbor", "--administrator", "a@example.org"],
    ):
        made = compose.Process(["python", "manage.py", *command], env=environment, cwd=BASE_DIR)
        assert made.wait(timeout=60) == 0, made.output()
    for service in ("worker", "beat"):
        stack.wait_until_healthy(service)
    with psycopg.connect(stack.environment("web")["DATABASE_URL"], autocommit=True) as connection:
        sealed = (
            "SELECT count(*) FROM core_auditevent LEFT JOIN core_sealedevent ON event_id = id WHERE event_id IS NULL"
        )
        compose.until(lambda: connection.execute(sealed).fetchone() == (0,), timeout=60, what="a sealed audit trail")


@on_servers
@with_curl
def test_walk_through_runs_on_the_stack(stack: Stack, tmp_path: Path) -> None:
    """As tests/deployment/test_walk_through.py, on PostgreSQL and Redis; curl stands where the proxy would."""
    for service in ("web", "worker", "beat"):
        stack.wait_until_healthy(service)
    opening = compose.Process(
        ["python", "-m", "tests.deployment.open_demo"], env=stack.environment("web"), cwd=BASE_DIR
    )
    assert opening.wait(timeout=60) == 0, opening.output()
    (tmp_path / ".curlrc").write_text(f'header = "Host: {HOST}"\nheader = "X-Forwarded-Proto: https"\n')
    there = {**stack.environment("web"), "SITE": stack.url, "CURL_HOME": str(tmp_path)}
    came_through(walk(tmp_path / "reader", there))


@on_servers
@pytest.mark.parametrize("service", ["redis", "web", "worker", "beat"])
def test_check_of_a_service_that_does_not_run_fails(stack: Stack, service: str) -> None:
    """The control: a health check that always passes is none."""
    stopped = Stack(stack.folder / "nowhere", stack.services, {name: compose.free_port() for name in stack.ports})
    assert not stopped.healthy(service)


def test_file_holds_no_secret() -> None:
    """Every password and key comes from the environment, and is asked for by name."""
    text = (BASE_DIR / "docker-compose.yml").read_text()
    plain = yaml.safe_load(text)
    for service in plain["services"].values():
        for name, value in service.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|KEY|AUTH", name)
            assert not secret or re.fullmatch(r"\$\{\w+:\?[^}]+\}", str(value)), name
            assert not re.search(r"://[^$]*:[^$]+@", str(value)), name
    with pytest.raises(NotSet, match="SECRET_KEY: run deploy/new-environment"):
        compose.services({})


@pytest.mark.parametrize("service", APPLICATION)
def test_application_runs_with_few_rights(service: str) -> None:
    found = compose.services(compose.new_environment(HOST))[service]
    kept = {name: found.get(name) for name in ("read_only", "cap_drop", "security_opt")}
    assert kept == {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
    assert all(port.startswith("127.0.0.1:") for port in found.get("ports", []))


def test_image_holds_what_the_application_needs_and_no_more() -> None:
    """The image takes named folders; its files are those that the import contract knows, and templates and static."""
    copied = re.findall(r"^COPY (\S+)", (BASE_DIR / "Dockerfile").read_text(), re.MULTILINE)
    assert copied == ["requirements.lock", "manage.py", "vca", "referrals", "billing", "templates", "static"]
    kept_out = (BASE_DIR / ".dockerignore").read_text().split()
    assert [line[1:] for line in kept_out if line.startswith("!")] == copied
    assert kept_out[0] == "*"


def test_new_environment_is_new_each_time() -> None:
    first, second = compose.new_environment(HOST), compose.new_environment(HOST)
    same = {name for name in first if first[name] == second[name]}
    assert same == {"ALLOWED_HOSTS"}
    assert len(first["SECRET_KEY"]) >= 50


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "1"),
        ("${B:-other}", "other"),
        ("${A:-other}", "1"),
        ("x${A:?say}y", "x1y"),
        ("$$(hostname)", "$(hostname)"),
        ("${B}", ""),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, filled: str) -> None:
    assert compose.interpolated({"k": [text]}, {"A": "1"}) == {"k": [filled]}
