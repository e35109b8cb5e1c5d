"""Identifiers are masked to their last four signs, and shown in full to who asks for them, which is recorded."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from referrals.models import FactSource, Veteran
from referrals.services import veterans
from tests import world
from tests.world import NOW, World
from vca.core.models import AuditEvent, IdempotencyKey
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock")]

FULL = {"icn": "1012999999V654321", "edipi": "1987654321", "ssn": "900417733"}
MAY = (Role.BILLER, Role.ADMINISTRATOR)


@pytest.fixture
def veteran(harbor: World) -> Veteran:
    found = world.authorization(harbor, icn=FULL["icn"]).veteran
    veterans.change(veteran=found, facts=FULL, source=FactSource.VA, by=harbor.by, at=NOW)
    return found


def seen(text: str) -> list[str]:
    """Return which identifiers a text holds in full."""
    return [name for name, value in FULL.items() if value in text]


def reveals() -> list[tuple[int | None, str, Any]]:
    rows = AuditEvent.objects.filter(action="veteran.identifiers_revealed").order_by("pk")
    return [(row.user_id, row.subject_id, row.changes) for row in rows]


@pytest.mark.parametrize("role", MAY)
def test_identifiers_are_shown_once_to_who_asks_and_recorded(harbor: World, veteran: Veteran, role: Role) -> None:
    user = world.person(harbor, role)

    answer = world.signed_in(user).post(reverse("reveal_identifiers", args=[veteran.pk]))

    assert (seen(answer.text), answer.headers["Cache-Control"]) == (list(FULL), "no-store")
    assert reveals() == [(user.pk, str(veteran.pk), {"fields": list(FULL), "veterans": [veteran.pk]})]


def test_page_of_the_veteran_masks_them_before_and_after(harbor: World, veteran: Veteran) -> None:
    client, page = world.signed_in(world.person(harbor, Role.BILLER)), reverse("veteran", args=[veteran.pk])

    before = client.get(page).text
    client.post(reverse("reveal_identifiers", args=[veteran.pk]))
    after = client.get(page).text

    assert [seen(before), seen(after)] == [[], []]
    assert all(f"••••{value[-4:]}" in after for value in FULL.values())


@pytest.mark.parametrize("role", [role for role in Role if role not in MAY])
def test_care_roles_neither_see_the_button_nor_what_it_shows(harbor: World, veteran: Veteran, role: Role) -> None:
    client = world.signed_in(world.person(harbor, role))

    page = client.get(reverse("veteran", args=[veteran.pk])).text
    answer = client.post(reverse("reveal_identifiers", args=[veteran.pk]))

    assert ("Reveal" in page, seen(page), answer.status_code, seen(answer.text)) == (False, [], 403, [])
    assert reveals() == []


def test_who_proved_it_long_ago_proves_it_again_first(harbor: World, veteran: Veteran, clock: Any) -> None:
    client = world.signed_in(world.person(harbor, Role.BILLER))
    clock.shift(timedelta(minutes=5, seconds=1))

    answer = client.post(reverse("reveal_identifiers", args=[veteran.pk]))

    assert (answer.status_code, reverse("prove") in answer.headers["Location"], reveals()) == (302, True, [])


def test_address_alone_shows_nothing(harbor: World, veteran: Veteran) -> None:
    answer = world.signed_in(world.person(harbor, Role.BILLER)).get(reverse("reveal_identifiers", args=[veteran.pk]))

    assert (answer.status_code, seen(answer.text), reveals()) == (405, [], [])


def test_api_masks_and_reveals_and_keeps_no_answer(harbor: World, veteran: Veteran) -> None:
    user = world.person(harbor, Role.BILLER)
    _, token = people.issue_token(user=user, name="x", by=harbor.by, at=timezone.now())
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}

    masked = Client().get(reverse("api:api_veteran", args=[veteran.pk]), headers=headers)
    shown = Client().get(reverse("api:api_identifiers", args=[veteran.pk]), headers=headers)

    assert (seen(masked.text), shown.json()) == ([], FULL)
    told = {"fields": list(FULL), "veterans": [veteran.pk]}
    assert (reveals(), IdempotencyKey.objects.count()) == ([(user.pk, str(veteran.pk), told)], 0)


def test_veteran_of_another_practice_is_not_there(veteran: Veteran) -> None:
    lake = world.practice("lake")

    answer = world.signed_in(world.person(lake, Role.BILLER)).post(reverse("reveal_identifiers", args=[veteran.pk]))

    assert (answer.status_code, reveals()) == (404, [])
