"""./run manage write_837p --practice CODE --out FILE [--batch N|latest]"""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command

from billing.management.commands import write_837p
from billing.models import Submission
from referrals.models import Referral
from tests import world
from tests.billing.x12.reading import complaints
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core import documents, jobs
from vca.core.models import AuditEvent, Job

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def april() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "claims.837"


def run(out: Path, *, practice: str = "harbor", batch: str = "") -> str:
    said = StringIO()
    call_command("write_837p", practice=practice, out=out, batch=batch, stdout=said)
    return said.getvalue().strip()


def refused(out: Path, **options: str) -> tuple[int, str]:
    """Return exit code and message of a run that fails."""
    with pytest.raises(CommandError) as refusal:
        run(out, **options)
    return refusal.value.returncode, str(refusal.value)


def test_file_is_written_and_sound(harbor: World, out: Path) -> None:
    claim = world.ready_claim(harbor)

    said = run(out)

    claim.refresh_from_db()
    assert (said, claim.state, complaints(out.read_bytes())) == (f"batch 1: 1 claim, {out}", "SENT", [])


@pytest.mark.parametrize("batch", ["1", "01", "latest"])
def test_earlier_batch_is_written_again_byte_for_byte(harbor: World, out: Path, batch: str) -> None:
    world.ready_claim(harbor)
    run(out)
    first = out.read_bytes()
    before = everything()
    again = out.with_name("again.837")

    run(again, batch=batch)

    changed = [table for table, rows in everything().items() if rows != before[table]]
    assert (again.read_bytes(), changed) == (first, ["core.AuditEvent", "core.Mention"])
    assert AuditEvent.objects.latest("pk").action == "document.read"


def test_latest_batch_is_the_last_one(harbor: World, out: Path) -> None:
    for _ in range(2):
        world.ready_claim(harbor)
        run(out)

    said = run(out.with_name("again.837"), batch="latest")

    assert said.startswith("batch 2:")
    assert out.with_name("again.837").read_bytes() == out.read_bytes()


def test_nothing_ready_exits_with_1_and_says_what_to_do(harbor: World, out: Path) -> None:
    message = "No claim is ready to be sent. Draft claims from completed visits and make them ready first."

    assert (refused(out), out.exists()) == ((1, message), False)


def test_everything_held_back_exits_with_1_and_says_why(harbor: World, out: Path) -> None:
    world.ready_claim(harbor)
    Referral.objects.update(affiliation="CCN")

    message = "No file was written: nothing was ready to be written, 1 held back by the scrub."
    assert (refused(out), out.exists()) == ((1, message), False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"practice": "nowhere"}, "There is no practice with the code nowhere."),
        ({"batch": "9"}, "There is no such batch."),
        ({"batch": "latest"}, "No batch has been written yet."),
        ({"batch": "last"}, "--batch takes a batch number, or the word latest."),
        ({"batch": "-1"}, "--batch takes a batch number, or the word latest."),
    ],
)
def test_wrong_words_exit_with_1(harbor: World, out: Path, options: dict[str, str], message: str) -> None:
    assert (refused(out, **options), out.exists()) == ((1, message), False)


def test_batch_of_another_practice_is_no_such_batch(harbor: World, out: Path) -> None:
    world.ready_claim(world.practice("lake"))
    run(out, practice="lake")

    assert refused(out.with_name("again.837"), batch="1") == (1, "There is no such batch.")


def test_place_that_cannot_be_written_uses_no_claim_up(harbor: World, out: Path) -> None:
    world.ready_claim(harbor)

    for place in (out.parent / "nowhere" / "claims.837", out.parent):
        code, message = refused(place)
        assert (code, message.endswith("Nothing was done: name a file in a folder that is there.")) == (1, True)
    assert Submission.objects.count() == 0


def test_file_that_cannot_be_written_after_all_is_written_later(
    harbor: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_claim(harbor)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(write_837p, "_write", full)
        code, message = refused(out)

    assert (code, message.endswith("The batch is stored; write it again with --batch 1.")) == (1, True)
    assert run(out, batch="1") == f"batch 1: 1 claim, {out}"


def test_stored_file_that_is_gone_is_not_blamed_on_the_place_to_write_to(harbor: World, out: Path) -> None:
    world.ready_claim(harbor)
    run(out)
    document = Submission.objects.get().document
    documents._path(document.practice_id, document.kind, document.sha256).unlink()

    with pytest.raises(FileNotFoundError, match=document.sha256):
        run(out, batch="1")


def test_job_that_a_worker_has_taken_is_waited_for(harbor: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ready_claim(harbor)
    take, turns = jobs.run, iter([lambda job_id: False])  # the worker has it, and gives it back a moment later
    monkeypatch.setattr(jobs, "run", lambda job_id: next(turns, take)(job_id))
    monkeypatch.setattr(write_837p.time, "sleep", lambda seconds: None)

    assert run(out) == f"batch 1: 1 claim, {out}"


def test_worker_that_takes_too_long_is_not_waited_for_for_ever(
    harbor: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ready_claim(harbor)
    monkeypatch.setattr(jobs, "run", lambda job_id: False)
    monkeypatch.setattr(write_837p, "PATIENCE_SECONDS", 0)

    message = "The job is still queued. Its file can be written later with --batch latest."
    assert (refused(out), Job.objects.get().state) == ((1, message), "QUEUED")
