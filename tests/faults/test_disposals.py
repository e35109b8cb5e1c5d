"""A disposal that is killed leaves a Veteran's records whole or not at all, and a hold that comes first is waited for.

Sources: 45 CFR 164.310(d)(2)(i), disposal; Fed. R. Civ. P. 37(e), duty to preserve.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from referrals import signals
from referrals.models import Disposal, LegalHold, Referral, Veteran
from referrals.services import disposals, holds, retention
from tests import databases, world
from tests.faults import batches
from tests.faults.kill_lines import kill_points, lines_of, run_until
from tests.referrals.services import aged
from tests.referrals.services.aged import LATER
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core import documents, jobs
from vca.core.access import Actor
from vca.core.models import Document, Job, JobState

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
MODULES = ("referrals", "billing", "vca.core", "django.db.transaction")
POINTS = 12


@pytest.fixture(autouse=True)
def later(settings: Settings, tmp_path: Path) -> Iterator[time_machine.Traveller]:
    settings.DOCUMENTS_DIR, settings.REDIS_URL = tmp_path / "documents", ""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def old(clock: time_machine.Traveller) -> tuple[World, Veteran]:
    """Make a Veteran with everything, and let the years pass."""
    harbor = world.practice()
    veteran = aged.full(harbor)
    clock.move_to(LATER)
    return harbor, veteran


def asked(one: World, veteran: Veteran) -> Job:
    return disposals.ask(veteran_ids=[veteran.pk], typed=1, by=one.by, at=timezone.now())


def of_the_veteran() -> dict[str, list[Any]]:
    """Return the rows that a disposal deletes."""
    kept = ("core.AuditEvent", "core.Mention", "core.Job", "referrals.Disposal", "core.Task", "core.Document")
    return {label: rows for label, rows in everything().items() if label not in kept}


def files() -> int:
    return sum(len(one.name) == 64 for one in settings.DOCUMENTS_DIR.rglob("*"))


def kept_or_gone() -> bool:
    """Tell whether a Veteran or a certificate is there, and not both or neither."""
    return Veteran.objects.exists() != Disposal.objects.exists()


def killed(clock: time_machine.Traveller) -> list[tuple[Any, ...]]:
    """Kill a disposal at lines spread over the job; return what was so right after, and when another worker had done.

    Right after: kept or gone, and what is kept is whole. In the end: what is left of Veterans, referrals, documents and
    files, the certificates, and the state of the job.
    """
    harbor, veteran = old(clock)
    last, found = lines_of(partial(jobs.run, asked(harbor, veteran).pk), modules=MODULES), []
    for place in range(POINTS):
        databases.empty()
        clock.move_to(NOW)
        harbor, veteran = old(clock)
        job, before = asked(harbor, veteran), of_the_veteran()
        run_until(partial(jobs.run, job.pk), modules=MODULES, line=1 + place * (last - 1) // (POINTS - 1))
        after = kept_or_gone(), not Veteran.objects.exists() or of_the_veteran() == before
        batches.let_lease_run_out(job.pk)
        jobs.run(job.pk)
        for one in documents.unnamed_files(harbor.practice.pk):
            documents.remove_unnamed(one)
        job.refresh_from_db()
        left = Veteran.objects.count(), Referral.objects.count(), Document.objects.count(), files()
        found.append((*after, left, Disposal.objects.count(), job.state))
    return found


@pytest.mark.both
def test_disposal_survives_a_kill_at_any_line(later: time_machine.Traveller) -> None:
    assert {*killed(later)} == {(True, True, (0, 0, 0, 0), 1, JobState.DONE)}


def naive(*, veteran_id: int, by: Actor, at: datetime) -> None:
    """Dispose of what is there and write the certificate afterwards."""
    with transaction.atomic():
        found = retention.past_their_time(by, at=at, among=[veteran_id])
        gone = [*signals.gone_of(veteran_id, by=by), disposals._delete(Veteran.objects.get(pk=veteran_id), set(), by)]
    with transaction.atomic():
        disposals._certify(found[0], gone, by=by, at=at)


@pytest.mark.both
def test_disposal_in_two_transactions_does_not(later: time_machine.Traveller) -> None:
    harbor, veteran = old(later)
    deed = partial(naive, veteran_id=veteran.pk, by=harbor.by, at=LATER)

    assert any(not kept_or_gone() for _ in kill_points(deed, modules=[__name__, disposals.__name__]))


@pytest.fixture
def harbor(later: time_machine.Traveller) -> World:
    one = world.practice()
    aged.settled(one)
    later.move_to(LATER)
    return one


def race(one: World, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Dispose of the Veteran, and place a hold once what is due was asked for; return what became of both."""
    veteran, looked = Veteran.objects.get(), Event()
    real = retention.past_their_time

    def past(*args: Any, **options: Any) -> Any:
        answer = real(*args, **options)
        looked.set()
        Event().wait(0.5)  # long enough for the hold to be placed, did nothing stop it
        return answer

    monkeypatch.setattr(disposals, "past_their_time", past)

    def place() -> LegalHold:
        assert looked.wait(10)
        return holds.place(veteran=veteran, matter="2034-1", reason="A letter", by=one.by, at=LATER)

    return at_once(partial(disposals.dispose, veteran_id=veteran.pk, by=one.by, at=LATER), place)


@pytest.mark.postgres
def test_hold_that_comes_too_late_says_so(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    disposed, held = race(harbor, monkeypatch)

    assert (disposed, type(held), Veteran.objects.count()) == (True, Veteran.DoesNotExist, 0)
    assert isinstance(held, ObjectDoesNotExist)


@pytest.mark.postgres
def test_hold_would_be_placed_on_what_is_being_deleted_without_the_lock(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vca.core.alerts.hold", lambda by: None)
    monkeypatch.setattr("django.db.models.QuerySet.select_for_update", lambda rows, **_: rows)
    disposed, held = race(harbor, monkeypatch)

    assert (disposed, type(held), Veteran.objects.count()) == (True, LegalHold, 0)


@pytest.mark.postgres
def test_hold_that_comes_first_is_waited_for(harbor: World) -> None:
    veteran, placed, go = Veteran.objects.get(), Event(), Event()

    def place() -> LegalHold:
        with transaction.atomic():
            hold = holds.place(veteran=veteran, matter="2034-1", reason="A letter", by=harbor.by, at=LATER)
            placed.set()
            assert go.wait(10)
        return hold

    def dispose() -> bool:
        assert placed.wait(10)
        Timer(0.3, go.set).start()
        return disposals.dispose(veteran_id=veteran.pk, by=harbor.by, at=LATER)

    _, disposed = at_once(place, dispose)

    assert (disposed, Veteran.objects.count()) == (False, 1)
