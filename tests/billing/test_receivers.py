"""A visit on a live claim is not undone before the claim is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from billing.models import Claim
from billing.receivers import outdate_draft, refuse_claimed
from billing.services import claims
from billing.services.claims import FindingsBlock, VisitOnClaim
from referrals.models import Visit
from referrals.services import visits
from referrals.services.visits import Planned
from referrals.signals import visit_correcting, visit_voiding
from tests import world
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


ASKED = (
    (visit_voiding, refuse_claimed, "billing refuses claimed visits"),
    (visit_correcting, outdate_draft, "billing outdates drafts"),
)


@contextmanager
def nobody_asked() -> Iterator[None]:
    """Let visits be changed without a word to billing."""
    assert all(signal.disconnect(dispatch_uid=uid) for signal, _, uid in ASKED)
    try:
        yield
    finally:
        for signal, answer, uid in ASKED:
            signal.connect(answer, dispatch_uid=uid)


@pytest.fixture
def visit(harbor: World) -> Visit:
    return world.completed(harbor, world.authorization(harbor))


@pytest.fixture
def claim(harbor: World, visit: Visit) -> Claim:
    return claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)[0]


REFUSED = [
    (undoing, state)
    for undoing in UNDOINGS
    for state in ("DRAFT", "READY", "SENT", "PAID", "DENIED")
    if (undoing, state) != (change_services, "DRAFT")
]


@pytest.mark.parametrize(("undoing", "state"), REFUSED)
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
    Claim.objects.update(state="READY", ready_at=NOW)
    before = everything()
    with nobody_asked():
        undoing(harbor, visit)

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


def test_draft_of_a_corrected_visit_is_not_sent_before_it_is_built_again(
    harbor: World, visit: Visit, claim: Claim
) -> None:
    number = claim.control_number
    corrected(harbor, visit, "96366")

    with pytest.raises(FindingsBlock, match="CLAIM-25 The visit of 11 Apr 2024 was corrected"):
        claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    kept = list(claim.lines.values_list("code", "visit_service"))
    claims.rebuild(claim=claim, by=harbor.by)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)

    assert (kept, claim.state, claim.control_number) == ([("96365", None)], "READY", number)
    assert list(claim.lines.values_list("code", "visit_service")) == [("96366", visit.services.get().pk)]


def test_draft_of_a_corrected_visit_would_be_sent_if_billing_were_not_told(
    harbor: World, visit: Visit, claim: Claim
) -> None:
    with nobody_asked():
        corrected(harbor, visit, "96366")

    claims.make_ready(claim=claim, by=harbor.by, at=NOW)

    assert list(claim.lines.values_list("code", flat=True)) == ["96365"]


def test_service_on_a_draft_is_taken_away(harbor: World, visit: Visit) -> None:
    corrected(harbor, visit, "96365", "96366")
    (claim,) = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)

    corrected(harbor, visit, "96366")
    claims.rebuild(claim=claim, by=harbor.by)

    assert list(claim.lines.values_list("code", flat=True)) == ["96366"]


def test_visit_of_an_outdated_draft_stands_on_no_other_claim(harbor: World, visit: Visit, claim: Claim) -> None:
    corrected(harbor, visit, "96366")

    with pytest.raises(claims.VisitAlreadyClaimed):
        claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)


def test_refused_correction_leaves_the_draft_as_it_was(harbor: World, visit: Visit, claim: Claim) -> None:
    before = everything()

    with pytest.raises(visits.NothingToCount):
        visits.change_services(visit=visit, services=[], diagnoses=[], by=harbor.by)

    assert everything() == before
