"""Disposal beside another practice: what lies there keeps nobody here, and nothing of it goes.

Sources: OWASP ASVS 5.0.0, 8.2.2; 45 CFR 164.310(d)(2)(i), 164.312(a)(1).
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from billing.services import retention as of_claims
from referrals.models import Disposal, LegalHold, Notice, Veteran, Visit
from referrals.services import disposals, holds, referrals, retention, unnamed, visits
from referrals.signals import InUse
from tests.access.scene import Scene, standing
from tests.referrals.services import aged
from tests.referrals.services.aged import LATER
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.alerts import Reached
from vca.core.models import Document
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

RECORDS = ("name and facts", "1 referral", "1 visit")


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with standing(django_db_blocker) as scene:
        yield scene


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    with made.as_it_was():
        yield made


def stray_visit(scene: Scene, veteran: Veteran) -> tuple[str, ...]:
    """Let the only visit begin anew, in the other practice."""
    visits.undo(visit=veteran.visits.get(), by=scene.ours.world.by, at=NOW)
    aged.close_alerts(scene.ours.world)
    Visit.objects.filter(veteran=veteran).update(practice=scene.theirs.world.practice)
    return RECORDS[:2]


def stray_alert(scene: Scene, veteran: Veteran) -> tuple[str, ...]:
    """Let the other practice be told of the referral."""
    about = Reached("filing_limit", "CLAIM-09", "referral", veteran.referrals.get().pk, (30,), "x", "test", TODAY)
    assert alerts.raise_alert(about, by=scene.theirs.world.by, at=NOW)
    return RECORDS


@pytest.mark.parametrize("stray", [stray_visit, stray_alert])
def test_stray_row_keeps_nobody(scene: Scene, stray: Callable[[Scene, Veteran], tuple[str, ...]]) -> None:
    veteran = aged.settled(scene.ours.world)
    records = stray(scene, veteran)

    (past,) = retention.past_their_time(scene.ours.world.by, at=LATER, among=[veteran.pk])

    assert (past.what, past.open) == (records, ())


def test_veteran_of_another_practice_is_not_past_time_here(scene: Scene) -> None:
    veteran = aged.settled(scene.theirs.world)

    found = [
        retention.past_their_time(side.world.by, at=LATER, among=[veteran.pk]) for side in (scene.theirs, scene.ours)
    ]

    assert [len(some) for some in found] == [1, 0]


def test_claims_of_another_practice_are_in_use_there(scene: Scene) -> None:
    ids = [int(scene.theirs.ids["veteran_id"])]

    assert of_claims.in_use(ids, by=scene.theirs.world.by) != InUse([], {})
    assert of_claims.in_use(ids, by=scene.ours.world.by) == InUse([], {})


def test_claims_of_another_practice_stay(scene: Scene) -> None:
    before = everything()

    of_claims.dispose(veteran_id=int(scene.theirs.ids["veteran_id"]), by=scene.ours.world.by)

    assert everything() == before


def list_of(one: World, content: bytes = b"[]") -> Document:
    return referrals.keep_list(content, filename="list.json", by=one.by)


def test_file_of_another_practice_stays_whatever_points_at_it(scene: Scene) -> None:
    veteran, document = aged.settled(scene.ours.world), list_of(scene.theirs.world)
    Notice.objects.filter(referral__veteran=veteran).update(document=document)

    assert disposals.dispose(veteran_id=veteran.pk, by=scene.ours.world.by, at=LATER)

    assert Document.objects.filter(pk=document.pk).exists()


def test_file_of_another_practice_that_names_nobody_is_not_offered(scene: Scene) -> None:
    for hold in LegalHold.objects.filter(practice=scene.ours.world.practice):
        holds.lift(hold=hold, reason="Settled", by=scene.ours.world.by, at=NOW)
    mine, other = (list_of(side.world) for side in (scene.ours, scene.theirs))

    offered = set(unnamed.files(scene.ours.world.by, at=LATER))

    assert (mine in offered, other in offered) == (True, False)


def test_list_that_another_practice_takes_over_is_offered_here(scene: Scene) -> None:
    for hold in LegalHold.objects.filter(practice=scene.ours.world.practice):
        holds.lift(hold=hold, reason="Settled", by=scene.ours.world.by, at=NOW)
    mine, ours_waits = (list_of(scene.ours.world, content) for content in (b"[]", b"[ ]"))
    for document, side in ((mine, scene.theirs), (ours_waits, scene.ours)):
        jobs.enqueue(kind="import_referrals", key=str(document.pk), subject_ids=[document.pk], by=side.world.by)

    offered = set(unnamed.files(scene.ours.world.by, at=LATER))

    assert (mine in offered, ours_waits in offered) == (True, False)


def test_certificates_of_another_practice_are_not_shown(scene: Scene) -> None:
    said: dict[str, Any] = {
        "rule": "keep-visits-years",
        "years": 6,
        "source": "test",
        "last_day": TODAY,
        "due_on": TODAY,
    }
    for number, side in ((8001, scene.ours), (8002, scene.theirs)):
        Disposal.objects.create(
            practice=side.world.practice, veteran_number=number, counts={}, files=0, files_left=0, at=NOW, **said
        )

    page = scene.ours.keys[Role.ADMINISTRATOR].ask("retention", "GET", {}).content

    assert [number in page for number in (b"Number 8001", b"Number 8002")] == [True, False]
