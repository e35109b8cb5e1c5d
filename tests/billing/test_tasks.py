"""The job that writes the claim file: it judges once more, says what became of it, and leaves nothing half done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from billing import tasks
from billing.models import Claim, Submission
from billing.services import claims, submissions
from referrals.models import Referral
from tests import world
from tests.world import NOW, World
from vca.core import jobs
from vca.core.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def harbor() -> World:
    return world.practice()


def ready(harbor: World, number: int) -> list[Claim]:
    """Return so many claims that are ready, each of a referral of its own."""
    return [world.ready_claim(harbor) for _ in range(number)]


def spoil(claim: Claim) -> None:
    """Let a rule come to block a claim that was made ready."""
    Referral.objects.filter(pk=claim.referral_id).update(affiliation="CCN")


def done(harbor: World) -> Job:
    job = submissions.ask(by=harbor.by)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def states() -> list[str]:
    return list(Claim.objects.order_by("pk").values_list("state", flat=True))


def test_job_says_what_it_wrote_and_holds_the_file(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    ready(harbor, 3)

    job = done(harbor)

    submission = Submission.objects.get()
    assert (job.state, job.outcome, job.done, job.total) == ("DONE", "batch 1: 3 claims", 3, 3)
    assert (job.result, submission.job, states()) == (submission.document, job, ["SENT"] * 3)


def test_progress_is_shown_by_chunks(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    ready(harbor, 5)
    shown: list[dict[str, Any]] = []
    chunk = jobs.Run.chunk
    monkeypatch.setattr(jobs.Run, "chunk", lambda run, **progress: (shown.append(progress), chunk(run, **progress))[1])

    done(harbor)

    assert shown == [{"done": 2, "total": 5}, {"done": 4, "total": 5}, {"done": 5, "total": 5}, {}]


def test_claim_that_a_rule_has_come_to_block_is_held_back(harbor: World) -> None:
    first, _ = ready(harbor, 2)
    spoil(first)

    job = done(harbor)

    assert (job.outcome, states()) == ("batch 1: 1 claim, 1 held back by the scrub", ["DRAFT", "SENT"])


def test_blocked_claim_would_be_sent_without_the_second_look(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "blocking", lambda found: [])
    spoil(*ready(harbor, 1))

    done(harbor)

    assert states() == ["SENT"]


def test_nothing_is_written_when_all_is_held_back(harbor: World) -> None:
    spoil(*ready(harbor, 1))

    job = done(harbor)

    assert (job.state, job.outcome) == ("DONE", "nothing was ready to be written, 1 held back by the scrub")
    assert (states(), Submission.objects.count(), job.result) == (["DRAFT"], 0, None)


def test_nothing_is_written_when_all_is_taken_back_meanwhile(harbor: World) -> None:
    (claim,) = ready(harbor, 1)
    job = submissions.ask(by=harbor.by)
    claims.back_to_draft(claim=claim, by=harbor.by)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.outcome, Submission.objects.count()) == ("DONE", "nothing was ready to be written", 0)


def test_blocked_claim_that_is_closed_meanwhile_does_not_stop_the_others(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = ready(harbor, 2)
    spoil(first)
    judge = tasks._judge

    def judge_and_close(*args: Any) -> Any:
        judged = judge(*args)
        claims.close(claim=first, reason="wrong", by=harbor.by, at=NOW)
        return judged

    monkeypatch.setattr(tasks, "_judge", judge_and_close)

    job = done(harbor)

    assert (job.state, job.outcome, states()) == ("DONE", "batch 1: 1 claim", ["CLOSED", "SENT"])


def test_claim_that_is_changed_meanwhile_is_left_for_the_next_file(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = ready(harbor, 2)
    judge = tasks._judge

    def judge_and_change(*args: Any) -> Any:
        judged = judge(*args)
        claims.back_to_draft(claim=first, by=harbor.by)
        claims.make_ready(claim=first, by=harbor.by, at=NOW)
        return judged

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(tasks, "_judge", judge_and_change)
        done(harbor)
    left = states()

    done(harbor)

    assert (left, states()) == (["READY", "SENT"], ["SENT", "SENT"])
    assert list(Submission.objects.order_by("pk").values_list("batch_number", "claim_count")) == [(1, 1), (2, 1)]


def test_worker_that_lost_the_job_writes_no_file(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(harbor, 1)
    judge = tasks._judge
    monkeypatch.setattr(tasks, "_judge", lambda *args: (judge(*args), Job.objects.update(fence=99))[0])

    done(harbor)

    assert (states(), Submission.objects.count()) == (["READY"], 0)


def test_worker_that_dies_in_the_last_chunk_has_done_nothing(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(harbor, 1)
    with monkeypatch.context() as crash:
        crash.setattr(jobs.Run, "finish", lambda *_, **__: 1 // 0)
        job = done(harbor)
    left = (job.state, states(), Submission.objects.count())

    with time_machine.travel(NOW + timedelta(minutes=1)):
        jobs.run(job.pk)

    assert left == ("QUEUED", ["READY"], 0)
    assert (states(), Submission.objects.get().batch_number) == (["SENT"], 1)


def test_claims_of_another_practice_stay(harbor: World) -> None:
    lake = world.practice("lake")
    ready(lake, 1)
    ready(harbor, 1)

    done(harbor)

    assert states() == ["READY", "SENT"]


@pytest.mark.parametrize(("hour", "outcome"), [(3, "batch 1: 1 claim"), (9, "nothing was ready")])
def test_last_filing_day_ends_at_midnight_where_the_practice_is(
    harbor: World, clock: time_machine.Traveller, hour: int, outcome: str
) -> None:
    ready(harbor, 1)
    clock.move_to(NOW.replace(hour=hour) + timedelta(days=181))  # by UTC the day after the last one all the while

    job = done(harbor)

    assert job.outcome.startswith(outcome)


def test_visit_of_this_morning_is_sent_where_the_day_begins_earlier_than_in_london(
    clock: time_machine.Traveller,
) -> None:
    guam = world.practice("guam", zone="Pacific/Guam")
    at = NOW.replace(hour=22)  # Friday morning in Guam, Thursday by UTC
    clock.move_to(at + timedelta(hours=1))
    visit = world.completed(guam, world.authorization(guam), at=at)
    claim, *_ = claims.draft(visit_ids=[visit.pk], by=guam.by, at=at)
    claims.make_ready(claim=claim, by=guam.by, at=at)

    assert done(guam).outcome == "batch 1: 1 claim"


def test_claim_made_ready_while_a_file_is_written_is_in_the_file_that_follows(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(harbor, 1)
    judge, asked = tasks._judge, []

    def judge_while_somebody_asks(*args: Any) -> Any:
        judged = judge(*args)
        ready(harbor, 1)
        asked.extend(submissions.ask(by=harbor.by) for _ in range(2))
        return judged

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(tasks, "_judge", judge_while_somebody_asks)
        first = done(harbor)
    following = {job.pk for job in asked}
    for pk in following:
        jobs.run(pk)

    assert (len(following), first.pk in following) == (1, False)
    assert (states(), [one.claim_count for one in Submission.objects.order_by("pk")]) == (["SENT", "SENT"], [1, 1])


def test_claim_made_ready_meanwhile_would_wait_if_the_running_job_were_the_answer(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(harbor, 1)
    judge = tasks._judge

    def judge_while_somebody_asks(*args: Any) -> Any:
        judged = judge(*args)
        ready(harbor, 1)
        jobs.enqueue(kind="write_837p", key=f"practice {harbor.practice.pk}", by=harbor.by)
        return judged

    monkeypatch.setattr(tasks, "_judge", judge_while_somebody_asks)
    done(harbor)
    jobs.sweep(jobs.run)

    assert states() == ["SENT", "READY"]
