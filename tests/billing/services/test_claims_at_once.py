"""Two who claim the same visit at the same moment, or claim and undo it: one of them wins, and the other is told."""

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError

from billing.models import Claim, ClaimLine
from billing.services import claims
from billing.services.claims import VisitAlreadyClaimed
from referrals import queries as referral_queries
from referrals.models import Authorization, Visit
from referrals.services import visits
from referrals.services.visits import Planned
from tests import world
from tests.billing.services.test_claims import drafted, given
from tests.vca.core.at_once import at_once
from tests.world import NOW, World
from vca.domain.errors import RuleError

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def unlimited(harbor: World) -> Authorization:
    return world.authorization(harbor, visits=None)


def test_claim_numbers_taken_at_once_differ(harbor: World, unlimited: Authorization) -> None:
    chosen = [given(harbor, unlimited, days_ago=number) for number in range(6)]

    at_once(*[partial(drafted, harbor, visit) for visit in chosen])

    numbers = sorted(Claim.objects.values_list("control_number", flat=True))
    assert numbers == [f"{harbor.practice.pk}C{number:07d}" for number in range(1, 7)]


def test_of_two_drafts_of_a_visit_at_once_one_wins(harbor: World, unlimited: Authorization) -> None:
    visit = given(harbor, unlimited)

    made = at_once(*[partial(drafted, harbor, visit)] * 4)

    refused = [one for one in made if isinstance(one, VisitAlreadyClaimed)]
    assert (len(refused), Claim.objects.count(), ClaimLine.objects.count()) == (3, 1, 1)


def test_without_the_lock_both_look_first_and_the_constraint_stands_behind(
    harbor: World, unlimited: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked, look = Barrier(2), claims._refuse_claimed
    monkeypatch.setattr(referral_queries, "lock_visits", lambda ids: None)
    monkeypatch.setattr(claims, "_refuse_claimed", lambda ids: (look(ids), both_have_looked.wait()))
    visit = given(harbor, unlimited)

    made = at_once(*[partial(drafted, harbor, visit)] * 2)

    (fault,) = (one for one in made if isinstance(one, Exception))
    assert isinstance(fault, IntegrityError)
    assert ("visit_service_on_one_live_claim" in str(fault), Claim.objects.count()) == (True, 1)


@pytest.mark.parametrize("undoing", [visits.undo, partial(visits.void, reason="never was")], ids=["undo", "void"])
def test_visit_drafted_and_undone_at_once_is_one_or_the_other(
    harbor: World, unlimited: Authorization, undoing: Callable[..., None]
) -> None:
    visit = given(harbor, unlimited)

    made = at_once(partial(drafted, harbor, visit), partial(undoing, visit=visit, by=harbor.by, at=NOW))

    refusals = [type(one).__name__ for one in made if isinstance(one, RuleError)]
    assert refusals in (["VisitOnClaim"], ["NothingToClaim"])
    assert Claim.objects.count() == (refusals == ["VisitOnClaim"])


def corrected(harbor: World, visit: Visit) -> None:
    planned = [Planned(visit.services.get().service_id, harbor.clinician.pk, code="96366")]
    visits.change_services(visit=visit, services=planned, diagnoses=["F332"], by=harbor.by)


def make_ready(harbor: World, claim: Claim) -> None:
    claims.make_ready(claim=Claim.objects.get(pk=claim.pk), by=harbor.by, at=NOW)


def rebuild(harbor: World, claim: Claim) -> None:
    claims.rebuild(claim=Claim.objects.get(pk=claim.pk), by=harbor.by)


@pytest.mark.parametrize("attempt", range(3))
def test_visit_corrected_while_its_draft_is_made_ready_is_one_or_the_other(
    harbor: World, unlimited: Authorization, attempt: int
) -> None:
    visit = given(harbor, unlimited)
    (claim,) = drafted(harbor, visit)

    made = at_once(partial(corrected, harbor, visit), partial(make_ready, harbor, claim))

    claim.refresh_from_db()
    refusals = [type(one).__name__ for one in made if isinstance(one, Exception)]
    assert (refusals, claim.state, visit.services.get().code) in (
        (["VisitOnClaim"], "READY", "96365"),
        (["FindingsBlock"], "DRAFT", "96366"),
    )


@pytest.mark.parametrize("attempt", range(3))
def test_visit_corrected_while_its_draft_is_built_again_is_on_it_or_blocks_it(
    harbor: World, unlimited: Authorization, attempt: int
) -> None:
    visit = given(harbor, unlimited)
    (claim,) = drafted(harbor, visit)

    made = at_once(partial(corrected, harbor, visit), partial(rebuild, harbor, claim))

    line = claim.lines.get()
    assert [one for one in made if isinstance(one, Exception)] == []
    assert (line.code, line.visit_service_id) in (("96365", None), ("96366", visit.services.get().pk))
