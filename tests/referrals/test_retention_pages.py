"""The pages of retention: administrators alone, who must have proved just now who they are; every act is recorded."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from referrals.models import Disposal, LegalHold, Veteran
from referrals.services import holds, referrals
from tests import world
from tests.referrals.services import aged
from tests.referrals.services.aged import LATER
from tests.world import NOW, World
from vca.core import jobs
from vca.core.models import AuditEvent, Job, User
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

WHY = {"matter": "2034-1", "reason": "A letter of counsel"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def veteran(harbor: World, clock: time_machine.Traveller, settings: Settings, tmp_path: Path) -> Veteran:
    """Somebody of whom everything is past its time now."""
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    found = aged.settled(harbor, last_name="Quillfeather")
    clock.move_to(LATER)
    return found


@pytest.fixture
def boss(harbor: World) -> User:
    return world.person(harbor, Role.ADMINISTRATOR)


@pytest.fixture
def page(boss: User, veteran: Veteran) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_list_says_what_since_when_by_which_rule_and_who_looked_is_recorded(page: Client, veteran: Veteran) -> None:
    said = text(page.get(reverse("retention")))

    for words in (
        *("QUILLFEATHER, Alex", "Past its time", "name and facts, 1 referral, 1 visit", "28 May 2034"),
        *("keep-referrals-years: 10 years", "as long as the claims that rest on them"),
    ):
        assert words in said
    event = AuditEvent.objects.filter(action="page.read").latest("pk")
    assert event.changes["veterans"] == [veteran.pk]


def test_ticked_veterans_are_disposed_of_and_a_certificate_is_shown(page: Client, veteran: Veteran, boss: User) -> None:
    answer = page.post(reverse("retention"), {"veteran": [veteran.pk], "count": "1"})
    job = Job.objects.get(kind="dispose_records")
    jobs.run(job.pk)

    assert (answer["Location"], Veteran.objects.count()) == (reverse("job", args=[job.pk]), 0)
    assert Disposal.objects.get().asked_by == boss
    said = text(page.get(reverse("retention")))
    assert f"Number {veteran.pk}" in said
    assert "No records are past their time" in said
    assert "quillfeather" not in said.lower()
    event = AuditEvent.objects.get(action="records.disposed")
    assert (event.user, event.changes["veterans"]) == (boss, [veteran.pk])


@pytest.mark.parametrize("count", ["", "2", "x", "0"])
def test_other_number_disposes_of_nobody_and_keeps_what_was_ticked(page: Client, veteran: Veteran, count: str) -> None:
    answer = page.post(reverse("retention"), {"veteran": [veteran.pk], "count": count})

    assert (answer.status_code, Job.objects.filter(kind="dispose_records").count()) == (422, 0)
    assert f'value="{veteran.pk}" checked' in text(answer)


def test_veteran_who_is_held_meanwhile_stops_the_form(page: Client, veteran: Veteran, harbor: World) -> None:
    holds.place(veteran=veteran, by=harbor.by, at=LATER, **WHY)

    answer = page.post(reverse("retention"), {"veteran": [veteran.pk], "count": "1"})

    assert (answer.status_code, Job.objects.filter(kind="dispose_records").count()) == (422, 0)
    assert "Legal hold" in text(answer)
    assert f'value="{veteran.pk}"' not in text(answer)


def test_veteran_of_another_practice_cannot_be_ticked(page: Client, veteran: Veteran) -> None:
    with time_machine.travel(NOW, tick=False):
        theirs = aged.settled(world.practice("lake"))

    answer = page.post(reverse("retention"), {"veteran": [theirs.pk], "count": "1"})

    assert (answer.status_code, Job.objects.filter(kind="dispose_records").count()) == (422, 0)


def test_hold_stands_on_the_veterans_page_until_it_is_lifted_with_a_reason(
    page: Client, veteran: Veteran, boss: User
) -> None:
    place = reverse("veteran", args=[veteran.pk])
    answer = page.post(reverse("hold_veteran", args=[veteran.pk]), WHY)
    hold = LegalHold.objects.get()
    shown = [text(page.get(place)), text(page.get(reverse("holds")))]

    assert (answer["Location"], hold.placed_by, hold.veteran) == (place, boss, veteran)
    assert ["Legal hold: 2034-1." in shown[0], "A letter of counsel" in shown[1]] == [True, True]
    for reason in ("", "Settled"):
        page.post(reverse("lift_hold", args=[hold.pk]), {"reason": reason})
        hold.refresh_from_db()
        assert hold.lifted_reason == reason
    assert "Legal hold: 2034-1." not in text(page.get(place))


def test_hold_of_the_whole_practice_stands_on_every_veterans_page(page: Client, veteran: Veteran) -> None:
    page.post(reverse("holds"), WHY)

    assert "Nothing of the whole practice is disposed of" in text(page.get(reverse("veteran", args=[veteran.pk])))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_hold_is_told_to_administrators_alone(harbor: World, veteran: Veteran, role: Role) -> None:
    holds.place(veteran=veteran, by=harbor.by, at=LATER, **WHY)
    client = Client()
    client.force_login(world.person(harbor, role))

    said = text(client.get(reverse("veteran", args=[veteran.pk])))

    assert ("2034-1" in said, "QUILLFEATHER" in said) == (False, True)


@pytest.mark.parametrize("name", ["retention", "holds"])
def test_form_is_for_who_has_proved_within_five_minutes_who_they_are(
    page: Client, veteran: Veteran, clock: time_machine.Traveller, name: str
) -> None:
    page.get(reverse("retention"))
    clock.shift(timedelta(minutes=6))

    answer = page.post(reverse(name), {"veteran": [veteran.pk], "count": "1", **WHY})

    assert answer["Location"].startswith(reverse("prove"))
    assert (Job.objects.filter(kind="dispose_records").count(), LegalHold.objects.count()) == (0, 0)


@pytest.mark.parametrize(("count", "asked"), [("1", 1), ("2", 0), ("x", 0)])
def test_files_that_name_nobody_are_disposed_of_by_their_number(
    page: Client, harbor: World, clock: time_machine.Traveller, count: str, asked: int
) -> None:
    with time_machine.travel(NOW, tick=False):
        referrals.keep_list(b"[]", filename="list.json", by=harbor.by)

    shown = text(page.get(reverse("retention")))
    page.post(reverse("dispose_files"), {"count": count})

    assert "1 file of which nothing was taken over" in shown
    assert Job.objects.filter(kind="dispose_files").count() == asked
