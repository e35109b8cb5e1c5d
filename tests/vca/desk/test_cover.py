"""What Today says of a visit of the Community Care Network: covered, and the network is billed, not VA."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.services import claims
from billing.services.claims import NotBilledToVa
from referrals import queries as referrals
from referrals.domain.states import Affiliation
from referrals.models import Referral
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.vocabulary import Role
from vca.desk.queries import cover as queries
from vca.desk.queries.cover import Cover

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TO_WHOM = "This referral belongs to the Community Care Network: the claim goes to TriNet, not to VA."


@pytest.fixture
def harbor() -> Iterator[World]:
    with time_machine.travel(NOW, tick=False):
        yield world.practice()


def cover(harbor: World) -> Cover:
    (visit,) = referrals.day(harbor.by, on=TODAY)
    return queries.cover(visit)


@pytest.mark.parametrize(
    ("affiliation", "expected"),
    [
        (Affiliation.VCA, Cover("covered", "Authorized through 27 May 2024.")),
        (Affiliation.OTHER_VA, Cover("covered", "Authorized through 27 May 2024.")),
        (Affiliation.CCN, Cover("network", f"Authorized through 27 May 2024. {TO_WHOM}", "CLAIM-08")),
    ],
)
def test_cover_says_who_is_billed(harbor: World, affiliation: Affiliation, expected: Cover) -> None:
    world.booked(harbor, world.authorization(harbor, affiliation=affiliation))
    Referral.objects.update(network="TriNet")

    assert cover(harbor) == expected


def test_last_visit_says_it_too(harbor: World) -> None:
    world.booked(harbor, world.authorization(harbor, affiliation=Affiliation.CCN, visits=1))
    Referral.objects.update(network="TriNet")

    reason = f"The last authorized visit on this line: Ketamine infusion. {TO_WHOM}"
    assert cover(harbor) == Cover("check", reason, "AUTH-02")


def test_visit_of_the_network_is_not_billed_here(harbor: World) -> None:
    visit = world.completed(harbor, world.authorization(harbor, affiliation=Affiliation.CCN))

    with pytest.raises(NotBilledToVa, match="CLAIM-08"):
        claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)


def test_today_shows_it_in_words(harbor: World) -> None:
    world.booked(harbor, world.authorization(harbor, affiliation=Affiliation.CCN))
    client = Client()
    client.force_login(world.person(harbor, Role.NURSE))

    text = client.get(reverse("today")).content.decode()

    assert ("Covered, but bill the network" in text, "VA covers this visit" in text) == (True, False)
