"""The harness finds what a crash breaks and passes what it does not.

A file written in place breaks, one moved into place does not; two commits break, one does not.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from tests import databases
from tests.faults.kill_lines import DeedFailedError, kill_points, lines_of, run_until

pytestmark = pytest.mark.serial
OLD, NEW = "one two three\n" * 3, "four five six\n" * 3


def write_in_place(path: Path) -> None:
    with path.open("w") as file:
        for line in NEW.splitlines(keepends=True):
            file.write(line)
            file.flush()


def write_aside(path: Path) -> None:
    aside = path.with_suffix(".new")
    with aside.open("w") as file:
        for line in NEW.splitlines(keepends=True):
            file.write(line)
            file.flush()
    aside.rename(path)


def broken_points(write: Callable[[Path], None], path: Path) -> tuple[int, int]:
    """Return how many points there were, and at how many the file was left as neither the old nor the new one."""
    broken = points = 0
    path.write_text(OLD)
    for points in kill_points(lambda: write(path), modules=[__name__]):  # noqa: B007 - the last one is returned
        broken += path.read_text() not in (OLD, NEW)
        path.write_text(OLD)
    return points, broken


def test_a_file_moved_into_place_survives_every_kill(tmp_path: Path) -> None:
    points, broken = broken_points(write_aside, tmp_path / "claim.txt")
    assert points > 10
    assert broken == 0


def test_a_file_written_in_place_does_not(tmp_path: Path) -> None:
    points, broken = broken_points(write_in_place, tmp_path / "claim.txt")
    assert points > 10
    assert broken >= 4


def write_two_rows() -> None:
    for model in ("hold", "use"):
        ContentType.objects.create(app_label="none", model=model)


def write_two_rows_in_one_transaction() -> None:
    with transaction.atomic():
        write_two_rows()


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("deed", "left"), [(write_two_rows_in_one_transaction, {0, 2}), (write_two_rows, {0, 1, 2})])
def test_a_transaction_is_there_whole_or_not_at_all(deed: Callable[[], None], left: set[int]) -> None:
    found = set()
    for _ in kill_points(deed, modules=[__name__, "django.db.transaction"]):
        found.add(ContentType.objects.filter(app_label="none").count())
        databases.empty()
    assert found == left


def test_the_last_point_is_a_run_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "claim.txt"
    left = []
    for _ in kill_points(lambda: write_aside(path), modules=[__name__]):
        left.append(path.exists())
        path.unlink(missing_ok=True)
    assert (left[0], left[-1]) == (False, True)


def test_lines_are_counted_as_they_are_killed(tmp_path: Path) -> None:
    *_, last = kill_points(lambda: write_aside(tmp_path / "claim.txt"), modules=[__name__])
    assert lines_of(lambda: write_aside(tmp_path / "claim.txt"), modules=[__name__]) == last - 1


def test_lines_of_other_modules_do_not_count(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="runs no line of referrals"):
        list(kill_points(lambda: write_aside(tmp_path / "claim.txt"), modules=["referrals"]))


def test_a_deed_that_fails_by_itself_is_no_kill() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(DeedFailedError, match="status 70"):
        run_until(fail, modules=[__name__], line=1000)
