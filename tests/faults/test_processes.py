import os
import sys
import time

import pytest

from tests.faults.processes import NotReadyError, answers, free_port, started

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""
LISTENER = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(60)
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def gone(pid: int, *, within: float = 2) -> bool:
    """Has that process ended, within so many seconds? An ended one that nobody has waited for counts."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_kill_takes_the_children_along() -> None:
    with started(python(PARENT)) as process:
        child = int(process.wait_for_line("child").split()[1])
        process.kill()
        assert (process.returncode, gone(child)) == (-9, True)


def test_killing_the_leader_alone_leaves_its_child() -> None:
    """The negative control of the test above: it is the group that matters."""
    with started(python(PARENT)) as process:
        child = int(process.wait_for_line("child").split()[1])
        os.kill(process.pid, 9)
        process.wait()
        left = not gone(child, within=0.2)
    assert (left, gone(child)) == (True, True)


def test_started_ends_the_process_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), started(python("import time; time.sleep(60)")) as process:
        raise ZeroDivisionError
    assert process.returncode == -9


def test_wait_for_port_returns_once_somebody_listens() -> None:
    port = free_port()
    assert not answers(port)
    with started(python(LISTENER, str(port))) as process:
        process.wait_for_port(port)
        assert answers(port)


def test_wait_for_line_tells_what_an_ended_process_wrote() -> None:
    with (
        started(python("raise SystemExit('the reason')")) as process,
        pytest.raises(NotReadyError, match="the reason"),
    ):
        process.wait_for_line("never")


def test_wait_for_line_gives_up_on_a_silent_process() -> None:
    with (
        started(python("import time; time.sleep(60)")) as process,
        pytest.raises(NotReadyError, match="is silent"),
    ):
        process.wait_for_line("never", timeout=0.3)
