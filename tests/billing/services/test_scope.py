"""What billing does starts from the actor's own practice: to anybody else a claim is not there. Found, not listed."""

from collections.abc import Callable
from inspect import getmembers, isfunction, signature
from typing import Any

import pytest

from billing.models import Claim
from billing.services import charges, claims, submissions
from tests import world
from tests.vca.core.rows import everything
from tests.world import NOW, World
from vca.core import access
from vca.core.access import Actor

pytestmark = pytest.mark.both

SERVICES = {
    f"{module.__name__}.{name}": deed
    for module in (charges, claims, submissions)
    for name, deed in getmembers(module, isfunction)
    if deed.__module__ == module.__name__ and not name.startswith("_") and "by" in signature(deed).parameters
}
ON_A_CLAIM = {name: deed for name, deed in SERVICES.items() if "claim" in signature(deed).parameters}
MORE = {"at": NOW, "reason": "test", "visit_id": 0}


@pytest.fixture
def claim(harbor: World) -> Claim:
    visit = world.completed(harbor, world.authorization(harbor))
    return claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)[0]


def told(deed: Callable[..., Any], claim: Claim, by: Actor) -> dict[str, Any]:
    """Return what the deed asks for, about that claim."""
    said = MORE | {"claim": claim, "by": by}
    return {name: said[name] for name in signature(deed).parameters}


def test_the_deeds_on_a_claim_are_found() -> None:
    found = {name.rpartition(".")[2] for name in ON_A_CLAIM}

    assert found == {"rebuild", "take_off", "make_ready", "back_to_draft", "close"}


@pytest.mark.parametrize("state", ["DRAFT", "READY"])
@pytest.mark.parametrize("name", ON_A_CLAIM)
def test_claim_of_another_practice_is_not_there(harbor: World, claim: Claim, name: str, state: str) -> None:
    lake = world.practice("lake")
    Claim.objects.update(state=state, ready_at=NOW)
    before = everything()

    with pytest.raises(Claim.DoesNotExist):
        ON_A_CLAIM[name](**told(ON_A_CLAIM[name], claim, lake.by))

    assert everything() == before


def test_claim_of_another_practice_would_be_closed_without_the_scope(
    harbor: World, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "scope", lambda rows, by: rows)

    claims.close(claim=claim, reason="test", by=world.practice("lake").by, at=NOW)

    assert claim.state == "CLOSED"


@pytest.mark.parametrize(("whose", "held"), [("lake", False), ("harbor", True)])
def test_only_a_claim_of_the_own_practice_is_held_back(harbor: World, claim: Claim, whose: str, held: bool) -> None:
    by = harbor.by if whose == "harbor" else world.practice(whose).by
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)

    assert claims.hold_back(claim_id=claim.pk, revision=claim.revision, by=by) is held


def test_nothing_of_another_practice_is_outdated_made_ready_or_written(harbor: World, claim: Claim) -> None:
    lake = world.practice("lake")
    ready = claim.lines.get()

    claims.outdate(visit_id=ready.visit_id, by=lake.by)
    made = claims.make_all_ready(by=lake.by, at=NOW)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    with pytest.raises(submissions.NothingReady):
        submissions.ask(by=lake.by)

    assert (made, claim.state, claim.lines.get().visit_service_id) == (
        *(claims.MadeReady(ready=0, blocked=0), "READY"),
        ready.visit_service_id,
    )
