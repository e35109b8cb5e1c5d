from collections.abc import Mapping, Sequence

import pytest

from tests import lanes, servers

ENVIRONMENT = {"DATABASE_URL": "postgresql://x", "DATABASE_OWNER_URL": "postgresql://y", "REDIS_URL": "redis://z"}
Run = tuple[tuple[str, ...], bool]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Return what pytest would have been run with: the arguments, and whether on servers. Nothing is run."""
    made: list[Run] = []

    def pretend(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        made.append((tuple(arguments), "DATABASE_URL" in environment or "REDIS_URL" in environment))
        return 0

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(lanes, "pytest", pretend)
    monkeypatch.setattr(servers, "answer_signals", lambda _: None)
    return made


def without_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name)
    monkeypatch.setattr(servers, "missing", lambda _: ["PostgreSQL", "Redis"])


def test_no_arguments_run_every_lane(runs: list[Run]) -> None:
    assert lanes.main([]) == 0
    assert runs == [
        (("-m", "not browser and not serial", "-n", "2", "--dist", "worksteal"), True),
        (("-m", "serial and not browser"), True),
        (("-m", "both and not (postgres or redis or browser)", "-n", "2", "--dist", "worksteal"), False),
        (("-m", "browser"), False),
    ]


def test_arguments_are_one_run_on_servers(runs: list[Run]) -> None:
    assert lanes.main(["-k", "draw"]) == 0
    assert runs == [(("-k", "draw"), True)]


def test_sqlite_takes_the_servers_away(runs: list[Run]) -> None:
    assert lanes.main(["--sqlite", "-k", "draw"]) == 0
    assert runs == [(("-k", "draw"), False)]


def test_without_postgresql_everything_runs_on_sqlite(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_postgresql(monkeypatch)
    monkeypatch.delenv("CI", raising=False)
    assert lanes.main([]) == 0
    assert runs == [((), False)]
    assert capsys.readouterr().err == (
        "Not installed: PostgreSQL, Redis. Debian: apt-get install postgresql redis-server. "
        "The tests that need it are not run.\n"
    )


def test_ci_runs_nothing_less(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    without_postgresql(monkeypatch)
    monkeypatch.setenv("CI", "true")
    assert (lanes.main([]), runs) == (1, [])


@pytest.mark.parametrize(
    ("codes", "code"),
    [((0, 0, 0, 0), 0), ((0, 5, 0, 5), 0), ((1, 0, 0, 0), 1), ((0, 0, 0, 2), 1), ((0, 0, 139, 0), 1)],
)
def test_one_lane_that_fails_fails_the_whole(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], code: int
) -> None:
    left = iter(codes)
    monkeypatch.setattr(lanes, "pytest", lambda *_: next(left))
    assert (lanes.main([]), list(left)) == (code, [])
