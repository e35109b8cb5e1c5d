"""Who took the first step does not take the second, where the practice says so, but for whom it names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing.models import Claim
from billing.services import claims
from referrals.models import Referral
from referrals.services import referrals
from tests import world
from tests.vca.core.api.caller import Caller
from tests.vca.core.kept import put_back
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY, World
from vca.core import access
from vca.core.access import Actor
from vca.core.models import AuditEvent, User
from vca.core.services import parameters, people
from vca.core.services.parameters import NotAValue
from vca.core.services.separation import EXCEPTION, SamePerson
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

EMAIL = "solo@harbor.example"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two steps that a practice may keep apart: the first prepares the row of the second."""

    setting: str
    first: Callable[[World, Actor], Any]
    second: Callable[[Any, Actor], None]
    done: str


def entered(harbor: World, by: Actor) -> Referral:
    """Return a referral that lacks nothing, entered by that person."""
    outcome = world.receive(World(harbor.practice, harbor.location, harbor.clinician, by))
    referral = outcome.referral
    facts = {"provisional_diagnosis": "F332"}
    referrals.change_details(referral=referral, facts=facts, home=harbor.location, by=harbor.by)
    return referral


def drafted(harbor: World, by: Actor) -> Claim:
    visit = world.completed(harbor, world.authorization(harbor))
    return claims.draft(visit_ids=[visit.pk], by=by, at=NOW)[0]


def confirm(referral: Referral, by: Actor) -> None:
    referrals.confirm(referral=referral, by=by, at=NOW)


def close(claim: Claim, by: Actor) -> None:
    claims.close(claim=claim, reason="not billable", by=by, at=NOW)


CONFIRMING = Pair("confirm-by-another", entered, confirm, "referral.confirmed")
CLOSING = Pair("close-by-another", drafted, close, "claim.closed")
PAIRS = [pytest.param(CONFIRMING, id="confirming"), pytest.param(CLOSING, id="closing")]


@pytest.fixture
def harbor(once: World) -> Iterator[World]:
    with time_machine.travel(NOW, tick=False), put_back(once):
        yield once


@pytest.fixture
def solo(harbor: World) -> User:
    return world.person(harbor, Role.ADMINISTRATOR, email=EMAIL)


def actor(user: User, harbor: World) -> Actor:
    found = access.person(user, harbor.practice)
    assert found
    return found


def set_value(harbor: World, name: str, value: str, *, since: date = TODAY) -> None:
    told = {"source": "minutes of the owners", "verified_on": None}
    parameters.set_value(name=name, value=value, valid_from=since, by=harbor.by, **told)


@pytest.mark.parametrize("pair", PAIRS)
def test_same_person_is_refused_by_the_setting_and_its_source(harbor: World, solo: User, pair: Pair) -> None:
    set_value(harbor, pair.setting, "yes")
    by = actor(solo, harbor)
    row = pair.first(harbor, by)
    before = everything()

    with pytest.raises(SamePerson, match=f"ACCESS-12 .*{pair.setting}; source: minutes of the owners"):
        pair.second(row, by)

    assert everything() == before


@pytest.mark.parametrize("pair", PAIRS)
def test_somebody_else_takes_the_second_step(harbor: World, solo: User, pair: Pair) -> None:
    set_value(harbor, pair.setting, "yes")
    other = world.person(harbor, Role.BILLER)

    pair.second(pair.first(harbor, actor(solo, harbor)), actor(other, harbor))

    assert AuditEvent.objects.get(action=pair.done).user == other


@pytest.mark.parametrize("pair", PAIRS)
def test_same_person_takes_both_steps_without_the_setting(harbor: World, solo: User, pair: Pair) -> None:
    set_value(harbor, pair.setting, "yes", since=TODAY + timedelta(days=1))

    pair.second(pair.first(harbor, actor(solo, harbor)), actor(solo, harbor))

    assert AuditEvent.objects.get(action=pair.done).changes.keys() == {"veterans"}


@pytest.mark.parametrize("pair", PAIRS)
def test_excepted_person_takes_both_steps_and_the_trail_says_so(harbor: World, solo: User, pair: Pair) -> None:
    set_value(harbor, pair.setting, "yes")
    set_value(harbor, EXCEPTION, f"{EMAIL} through {TODAY}")

    pair.second(pair.first(harbor, actor(solo, harbor)), actor(solo, harbor))

    assert AuditEvent.objects.get(action=pair.done).changes[EXCEPTION] == f"{EMAIL} through {TODAY}"


@pytest.mark.parametrize("value", [f"{EMAIL} through {TODAY - timedelta(days=1)}", f"other@x.example through {TODAY}"])
@pytest.mark.parametrize("pair", PAIRS)
def test_exception_that_is_over_or_of_somebody_else_helps_nobody(
    harbor: World, solo: User, pair: Pair, value: str
) -> None:
    set_value(harbor, pair.setting, "yes")
    set_value(harbor, EXCEPTION, value)
    by = actor(solo, harbor)
    row = pair.first(harbor, by)

    with pytest.raises(SamePerson):
        pair.second(row, by)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirm-by-another", "maybe"),
        ("close-by-another", ""),
        (EXCEPTION, EMAIL),
        (EXCEPTION, f"{EMAIL} through tomorrow"),
        (EXCEPTION, f"through {TODAY}"),
    ],
)
def test_value_that_says_nothing_is_refused(harbor: World, name: str, value: str) -> None:
    with pytest.raises(NotAValue):
        set_value(harbor, name, value)


def test_page_and_api_refuse_with_the_rule(harbor: World, solo: User) -> None:
    set_value(harbor, "confirm-by-another", "yes")
    referral = entered(harbor, actor(solo, harbor))
    page = Client()
    page.force_login(solo)
    _, token = people.issue_token(user=solo, name="test", by=harbor.by, at=NOW)

    shown: Any = page.post(reverse("confirm_referral", args=[referral.pk]))
    told = Caller(token).post("api_confirm_referral", referral.pk)

    assert (shown.status_code, b"ACCESS-12" in shown.content) == (409, True)
    assert (told.status_code, told.json()["error"]["code"]) == (409, "ACCESS-12")
