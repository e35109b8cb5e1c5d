"""A referral on the wrong Veteran is moved with its visits and drafts; once a claim was made ready or sent it stays."""

from functools import partial

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from billing.models import Claim
from billing.services import claims
from billing.services.claims import ReferralClaimed
from referrals.models import Authorization, Veteran, Visit
from referrals.services import referrals
from referrals.services.referrals import NotReady, SameVeteran
from tests import world
from tests.vca.core.at_once import at_once
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core.models import AuditEvent
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


@pytest.fixture
def other(harbor: World) -> Veteran:
    return world.authorization(harbor).veteran


def moved(harbor: World, authorization: Authorization, veteran: Veteran) -> None:
    referrals.move_to_veteran(referral=authorization.referral, veteran=veteran, by=harbor.by)
    authorization.refresh_from_db()


def drafted(harbor: World, authorization: Authorization) -> Claim:
    visit = world.completed(harbor, authorization)
    return claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)[0]


def test_referral_goes_with_its_visits_and_drafts(harbor: World, authorization: Authorization, other: Veteran) -> None:
    before = authorization.veteran_id
    claim, booked = drafted(harbor, authorization), world.booked(harbor, authorization)

    moved(harbor, authorization, other)

    for row in (claim, booked):
        row.refresh_from_db()
    owners = {one.veteran_id for one in (authorization, authorization.referral, claim, booked)}
    told = {"from": before, "to": other.pk, "visits": 2, "veterans": sorted([before, other.pk])}
    assert (owners, AuditEvent.objects.get(action="referral.moved").changes) == ({other.pk}, told)


def test_visits_of_other_referrals_stay(harbor: World, authorization: Authorization, other: Veteran) -> None:
    third = world.authorization(harbor)
    theirs = world.booked(harbor, third)

    moved(harbor, authorization, other)

    assert Visit.objects.get(pk=theirs.pk).veteran_id == third.veteran_id


@pytest.mark.parametrize("state", ["READY", "SENT", "ACCEPTED", "PAID", "DENIED", "VOIDED", "REPLACED"])
def test_referral_with_a_claim_that_went_out_stays(
    harbor: World, authorization: Authorization, other: Veteran, state: str
) -> None:
    drafted(harbor, authorization)
    Claim.objects.update(state=state, ready_at=NOW, sent_at=NOW)
    before = everything()

    with pytest.raises(ReferralClaimed, match="REFERRAL-17 claim"):
        moved(harbor, authorization, other)

    assert everything() == before


def test_closed_claim_stays_as_it_was_and_lets_the_referral_go(
    harbor: World, authorization: Authorization, other: Veteran
) -> None:
    claim, before = drafted(harbor, authorization), authorization.veteran_id
    claims.close(claim=claim, reason="wrong person", by=harbor.by, at=NOW)

    moved(harbor, authorization, other)

    claim.refresh_from_db()
    assert (claim.veteran_id, authorization.veteran_id) == (before, other.pk)


def test_referral_is_not_moved_to_its_own_veteran(harbor: World, authorization: Authorization) -> None:
    with pytest.raises(SameVeteran, match="REFERRAL-09"):
        moved(harbor, authorization, authorization.veteran)


def test_active_referral_is_not_moved_to_somebody_without_a_name(harbor: World, authorization: Authorization) -> None:
    nameless = world.receive(harbor, first_name="", icn="").referral.veteran
    before = everything()

    with pytest.raises(NotReady):
        moved(harbor, authorization, nameless)

    assert everything() == before


def test_referral_is_not_moved_to_another_practice(harbor: World, authorization: Authorization) -> None:
    lake = world.practice("lake")

    with pytest.raises(Veteran.DoesNotExist):
        moved(harbor, authorization, world.authorization(lake).veteran)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_claim_drafted_while_its_referral_moves_names_the_veteran_of_its_visits(
    harbor: World, authorization: Authorization, other: Veteran
) -> None:
    visits = [world.completed(harbor, authorization).pk for _ in range(4)]
    drafting = [partial(claims.draft, visit_ids=[pk], by=harbor.by, at=NOW) for pk in visits]

    done = at_once(*drafting[:2], partial(moved, harbor, authorization, other), *drafting[2:])

    assert [one for one in done if isinstance(one, Exception)] == []
    assert set(Claim.objects.values_list("veteran", flat=True)) == {other.pk}


def client_of(harbor: World, role: Role) -> Client:
    client = Client()
    client.force_login(world.person(harbor, role))
    return client


def test_page_finds_the_veteran_and_moves_the_referral(
    harbor: World, authorization: Authorization, other: Veteran
) -> None:
    client, url = client_of(harbor, Role.BILLER), reverse("move_referral", args=[authorization.referral_id])

    found = client.post(url, {"q": other.facts.last_name}).context["veterans"]
    answer = client.post(url, {"veteran": found[0].pk})

    authorization.refresh_from_db()
    page = reverse("authorization", args=[authorization.pk])
    assert (found, answer.headers["Location"], authorization.veteran_id) == ([other], page, other.pk)


@pytest.mark.parametrize("veteran", ["", "x", "0", "9" * 30])
def test_nonsense_moves_nothing(harbor: World, authorization: Authorization, veteran: str) -> None:
    url = reverse("move_referral", args=[authorization.referral_id])

    assert client_of(harbor, Role.BILLER).post(url, {"veteran": veteran}).status_code == 422


def test_foreign_veteran_is_not_there(harbor: World, authorization: Authorization) -> None:
    foreign = world.authorization(world.practice("lake")).veteran
    url = reverse("move_referral", args=[authorization.referral_id])
    before = everything()

    with transaction.atomic():
        answer = client_of(harbor, Role.BILLER).post(url, {"veteran": foreign.pk})

    after = everything()
    assert (answer.status_code, after["referrals.Referral"]) == (404, before["referrals.Referral"])
