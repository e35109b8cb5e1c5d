"""A visit on a live claim is not undone before the claim is."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import DjangoDbBlocker

from billing.models import Claim
from billing.receivers import VisitOnClaim, refuse_claimed
from billing.services import claims
from referrals.models import Visit
from referrals.services import visits
from referrals.services.visits import Planned
from referrals.signals import visit_voiding
from tests import world
from tests.vca.core.kept import kept, put_back
from tests.vca.core.rows import everything
from tests.world import NOW, World

pytestmark = pytest.mark.both

Undoing = Callable[[World, Visit], None]


def void(harbor: World, visit: Visit) -> None:
    visits.void(visit=visit, reason="never was", by=harbor.by, at=NOW)


def undo(harbor: World, visit: Visit) -> None:
    visits.undo(visit=visit, by=harbor.by, at=NOW)


def change_services(harbor: World, visit: Visit) -> None:
    services = [Planned(visit.services.get().service_id, harbor.clinician.pk, code="96366")]
    visits.change_services(visit=visit, services=services, diagnoses=["F332"], by=harbor.by)


UNDOINGS = [void, undo, change_services]


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with kept(django_db_blocker) as one:
        yield one


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    with put_back(once):
        yield once


@pytest.fixture
def visit(harbor: World) -> Visit:
    return world.completed(harbor, world.authorization(harbor))


@pytest.fixture
def claim(harbor: World, visit: Visit) -> Claim:
    return claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)[0]


@pytest.mark.parametrize("undoing", UNDOINGS)
@pytest.mark.parametrize("state", ["DRAFT", "READY", "SENT", "PAID", "DENIED"])
def test_visit_on_a_live_claim_is_not_undone(
    harbor: World, visit: Visit, claim: Claim, undoing: Undoing, state: str
) -> None:
    Claim.objects.update(state=state, ready_at=NOW, sent_at=NOW)
    before = everything()

    with pytest.raises(VisitOnClaim) as refusal:
        undoing(harbor, visit)

    words = f"VISIT-07 the visit stands on claim {claim.control_number}, which is {state.lower()}"
    assert (str(refusal.value), everything()) == (words, before)


@pytest.mark.parametrize("undoing", UNDOINGS)
def test_visit_of_a_closed_claim_is_free(harbor: World, visit: Visit, claim: Claim, undoing: Undoing) -> None:
    claims.close(claim=claim, reason="wrong", by=harbor.by, at=NOW)

    undoing(harbor, visit)

    visit.refresh_from_db()
    assert visit.state == {void: "VOIDED", undo: "ARRIVED", change_services: "COMPLETED"}[undoing]


@pytest.mark.parametrize("undoing", UNDOINGS)
def test_visit_without_a_claim_is_free(harbor: World, visit: Visit, undoing: Undoing) -> None:
    before = everything()

    undoing(harbor, visit)

    assert everything() != before


@pytest.mark.parametrize("undoing", UNDOINGS)
def test_visit_on_a_live_claim_would_be_undone_if_billing_were_not_asked(
    harbor: World, visit: Visit, claim: Claim, undoing: Undoing
) -> None:
    uid = "billing refuses claimed visits"
    before = everything()
    assert visit_voiding.disconnect(dispatch_uid=uid)
    try:
        undoing(harbor, visit)
    finally:
        visit_voiding.connect(refuse_claimed, dispatch_uid=uid)

    assert everything() != before
    assert claim.lines.filter(is_live=True).exists()


def corrected(harbor: World, visit: Visit, *codes: str) -> list[str]:
    """Correct the visit to these codes; return what is billed for it then."""
    line = visit.services.order_by("pk")[0].service_id
    services = [Planned(line, harbor.clinician.pk, code=code) for code in codes]
    visits.change_services(visit=visit, services=services, diagnoses=["F332"], by=harbor.by)
    return list(visit.services.order_by("pk").values_list("code", flat=True))


@pytest.mark.parametrize("codes", [("96366",), ("96366", "J3490")])
def test_visit_of_a_closed_claim_is_corrected_and_claimed_again(
    harbor: World, visit: Visit, claim: Claim, codes: tuple[str, ...]
) -> None:
    claims.close(claim=claim, reason="wrong code", by=harbor.by, at=NOW)

    billed = corrected(harbor, visit, *codes)

    (again,) = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    assert (billed, list(again.lines.order_by("number").values_list("code", flat=True))) == ([*codes], [*codes])
    assert list(claim.lines.values_list("code", flat=True)) == ["96365"]


def test_service_on_a_closed_claim_is_not_taken_away(harbor: World, visit: Visit) -> None:
    corrected(harbor, visit, "96365", "96366")
    (claim,) = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.close(claim=claim, reason="one too many", by=harbor.by, at=NOW)
    before = everything()

    with pytest.raises(visits.ClaimedBefore, match="void the visit and enter it anew"):
        corrected(harbor, visit, "96365")

    assert everything() == before


def test_service_that_no_claim_ever_named_is_taken_away(harbor: World, visit: Visit) -> None:
    corrected(harbor, visit, "96365", "96366")

    assert corrected(harbor, visit, "96366") == ["96366"]
