"""Leftovers: what was kept long enough is deleted, and nothing that anybody still needs."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from tests import world
from tests.world import NOW, TODAY, World
from vca.core import documents, jobs
from vca.core.models import AuditEvent, Document, IdempotencyKey, Job, JobState
from vca.core.services import leftovers, parameters
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


def answered(one: World, key: str, *, days_ago: int) -> IdempotencyKey:
    row = IdempotencyKey.objects.create(practice=one.practice, key=key, request_hash="x", status=201)
    IdempotencyKey.objects.filter(pk=row.pk).update(created_at=NOW - days_ago * DAY)
    return row


def ended(one: World, *, days_ago: int, state: JobState = JobState.DONE, kind: str = "", key: str = "1") -> Job:
    at = NOW - days_ago * DAY
    kind = kind or "watch_authorizations"
    row = {"practice": one.practice, "kind": kind, "key": key, "state": state, "due_at": at, "finished_at": at}
    return Job.objects.create(**row)


def purged(one: World) -> str:
    job = jobs.enqueue(kind="purge_leftovers", key="test", by=one.by)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job.outcome


def test_old_answers_go_and_younger_ones_stay(harbor: World) -> None:
    young = answered(harbor, "young", days_ago=29)
    answered(harbor, "old", days_ago=31)
    answered(harbor, "form old", days_ago=31)

    assert (purged(harbor), list(IdempotencyKey.objects.all())) == ("2 rows and 0 files purged", [young])


def test_practice_decides_how_long(harbor: World) -> None:
    source = {"source": "test", "verified_on": None}
    parameters.set_value(name="keep-api-answers-days", value="9", valid_from=TODAY, by=harbor.by, **source)
    answered(harbor, "old", days_ago=10)

    purged(harbor)

    assert IdempotencyKey.objects.count() == 0


def test_old_daily_runs_go_but_for_the_last_of_each(harbor: World) -> None:
    last = ended(harbor, days_ago=100)
    for days_ago in (101, 102):
        ended(harbor, days_ago=days_ago, state=JobState.CANCELLED)

    assert (purged(harbor), list(Job.objects.filter(key="1"))) == ("2 rows and 0 files purged", [last])


@pytest.mark.parametrize("kept", ["young", "parked", "of another kind", "asked for", "of another practice"])
def test_other_runs_stay(harbor: World, kept: str) -> None:
    ended(harbor, days_ago=1)
    if kept == "young":
        ended(harbor, days_ago=89)
    elif kept == "parked":
        ended(harbor, days_ago=100, state=JobState.PARKED)
    elif kept == "of another kind":
        for days_ago in (99, 100):
            ended(harbor, days_ago=days_ago, kind="write_837p")
    elif kept == "asked for":
        Job.objects.filter(pk=ended(harbor, days_ago=100).pk).update(user=world.person(harbor, Role.BILLER))
    else:
        lake = world.practice("lake")
        for days_ago in (99, 100):
            ended(lake, days_ago=days_ago)

    assert purged(harbor) == "0 rows and 0 files purged"


def test_many_rows_go_in_short_transactions_and_leave_one_event(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "AT_MOST", 2)
    for number in range(5):
        answered(harbor, str(number), days_ago=40)

    assert (purged(harbor), IdempotencyKey.objects.count()) == ("5 rows and 0 files purged", 0)
    assert [event.changes for event in AuditEvent.objects.filter(action="leftovers.purged")] == [
        {"rows": 5, "files": 0}
    ]


def test_what_a_killed_write_left_is_purged(harbor: World) -> None:
    said = {"kind": "claims_837p", "filename": "1.837", "media_type": "application/edi-x12", "by": harbor.by}
    place = documents.path(documents.keep(b"kept", **said))
    left = place.with_name(f".{place.name}.{'0' * 16}")
    left.write_bytes(b"half")
    os.utime(left, ((NOW - 2 * DAY).timestamp(),) * 2)

    assert (purged(harbor), left.exists(), place.exists()) == ("0 rows and 1 file purged", False, True)


def test_file_that_no_row_names_goes_and_others_stay(harbor: World) -> None:
    said = {"kind": "claims_837p", "filename": "1.837", "media_type": "application/edi-x12", "by": harbor.by}
    gone, kept = (documents.keep(content, **said) for content in (b"gone", b"kept"))
    Document.objects.filter(pk=gone.pk).delete()

    assert (purged(harbor), documents.path(gone).exists()) == ("0 rows and 1 file purged", False)
    assert documents.read(kept) == b"kept"


def test_purge_is_planned_for_each_place(harbor: World) -> None:
    jobs.plan_daily(NOW)

    assert Job.objects.filter(kind="purge_leftovers", key=str(harbor.location.pk)).count() == 1
