"""`./run test`: the whole suite in lanes, or one run of pytest with the arguments given.

    python -m tests.lanes                       all lanes
    python -m tests.lanes [PYTEST ARGUMENTS]    on PostgreSQL and Redis
    python -m tests.lanes --sqlite [ARGUMENTS]  on SQLite, without a broker

The servers are throwaway ones (tests.servers) unless DATABASE_URL and REDIS_URL name others.
"""

import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence

from tests import servers

NO_TESTS = 5  # pytest's exit code when nothing was collected
WORKERS = ("-n", "2", "--dist", "worksteal")  # of xdist, each with a database of its own
ON_SERVERS = {
    "PostgreSQL and Redis": ("-m", "not browser and not serial", *WORKERS),
    "PostgreSQL and Redis, one at a time": ("-m", "serial and not browser"),
}
ON_SQLITE = {
    "SQLite, no broker": ("-m", "both and not (postgres or redis or browser)", *WORKERS),
    "Browser, on SQLite": ("-m", "browser"),
}
WHOLE_ON_SQLITE: dict[str, tuple[str, ...]] = {"Everything on SQLite": ()}
VARIABLES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


def lane(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Run one lane under its header; tell whether it passed. A lane that has no tests yet has passed."""
    print(f"\n=== {name}: pytest {shlex.join(arguments)}", flush=True)
    begun = time.monotonic()
    code = pytest(arguments, environment)
    verdict = {0: "passed", NO_TESTS: "has no tests yet"}.get(code, f"FAILED with {code}")
    print(f"=== {name} {verdict} after {time.monotonic() - begun:.0f} s", flush=True)
    return code in (0, NO_TESTS)


def pytest(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return the exit code of one run of pytest."""
    servers.answer_signals(servers.leave)
    return servers.run([sys.executable, "-m", "pytest", *arguments], environment)


def all_lanes(lanes: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> int:
    """Run these lanes to the end, also after a failure; return an exit code."""
    passed = [lane(name, arguments, environment) for name, arguments in lanes.items()]
    return 0 if all(passed) else 1


def without_servers() -> dict[str, str]:
    """Return this process's environment as the try-out has it."""
    return {"DEBUG": "1"} | {name: value for name, value in os.environ.items() if name not in VARIABLES}


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; return an exit code."""
    if arguments[:1] == ["--sqlite"]:
        return pytest(arguments[1:], without_servers())
    wanted = servers.wanted(os.environ)
    if absent := servers.missing(wanted):
        print(f"{servers.complaint(absent)} The tests that need it are not run.", file=sys.stderr)
        if os.environ.get("CI") == "true":
            return 1
    if "PostgreSQL" in absent:
        return pytest(arguments, without_servers()) if arguments else all_lanes(WHOLE_ON_SQLITE, without_servers())
    servers.answer_signals(servers.leave)
    with servers.throwaway([name for name in wanted if name not in absent]) as running:
        environment = servers.environment_of(running)
        if arguments:
            return pytest(arguments, environment)
        code = all_lanes(ON_SERVERS, environment)
    return max(code, all_lanes(ON_SQLITE, without_servers()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
