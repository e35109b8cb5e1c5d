"""Who may call: a live token of an active member, and each method with its permission."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.world import NOW, World
from vca.core.api.authentication import NeedsPermission
from vca.core.models import ApiToken, Membership, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.mark.parametrize("token", ["", "vca_nobody", "x" * 5000, "é", "vca_ spaced"])
def test_unknown_token_is_refused(harbor: World, token: str) -> None:
    answer = Caller(token).get("api_referrals")

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NOT-SIGNED-IN")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Basic", "Bearers", "Token", ""])
def test_other_schemes_are_no_token(harbor: World, scheme: str) -> None:
    one = caller(harbor, Role.BILLER)
    one.client.defaults["HTTP_AUTHORIZATION"] = one.client.defaults["HTTP_AUTHORIZATION"].replace("Bearer", scheme)

    assert one.get("api_referrals").status_code == 401


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_scheme_is_read_in_any_case(harbor: World, scheme: str) -> None:
    one = caller(harbor, Role.BILLER)
    one.client.defaults["HTTP_AUTHORIZATION"] = one.client.defaults["HTTP_AUTHORIZATION"].replace("Bearer", scheme)

    assert one.get("api_referrals").status_code == 200


def test_session_of_a_person_is_no_token(harbor: World) -> None:
    one = Caller()
    one.client.force_login(world.person(harbor, Role.BILLER))

    assert one.get("api_referrals").status_code == 401


def test_live_token_is_let_in(harbor: World) -> None:
    assert caller(harbor, Role.BILLER).get("api_referrals").status_code == 200


def test_answer_to_a_token_is_not_stored(harbor: World) -> None:
    assert caller(harbor, Role.BILLER).get("api_referrals").headers["Cache-Control"] == "no-store"


def test_revoked_token_is_dead(harbor: World) -> None:
    one = caller(harbor, Role.BILLER)
    people.revoke_token(token=ApiToken.objects.get(), by=harbor.by, at=timezone.now())

    assert one.get("api_referrals").status_code == 401


@pytest.mark.parametrize(("days", "status"), [(364, 200), (365, 401)])
def test_token_lasts_a_year(harbor: World, days: int, status: int) -> None:
    with time_machine.travel(NOW, tick=False):
        one = caller(harbor, Role.BILLER)

    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        assert one.get("api_referrals").status_code == status


def test_token_of_a_deactivated_person_is_dead(harbor: World) -> None:
    one = caller(harbor, Role.BILLER)
    User.objects.update(is_active=False)

    assert one.get("api_referrals").status_code == 401


def test_token_of_an_ended_member_may_do_nothing(harbor: World) -> None:
    one = caller(harbor, Role.BILLER)
    people.end_role(membership=Membership.objects.get(), by=harbor.by)

    answer = one.get("api_referrals")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ACCESS-01")


def test_token_is_of_one_practice(harbor: World) -> None:
    lake = world.practice("lake")
    world.receive(lake)
    one = caller(harbor, Role.BILLER)
    people.give_role(user=User.objects.get(), role=Role.BILLER, by=lake.by)

    assert one.get("api_referrals").json()["results"] == []


def test_method_that_no_view_names_is_refused(harbor: World) -> None:
    one = caller(harbor, Role.BILLER)

    answers = [one.client.generic(method, "/api/v1/authorizations/") for method in ("POST", "PUT", "DELETE", "OPTIONS")]

    assert [answer.status_code for answer in answers] == [405] * 4


def test_head_asks_what_get_asks(harbor: World) -> None:
    answer = caller(harbor, Role.BILLER).client.head("/api/v1/referrals/")

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("name", "ids", "roles"),
    [
        ("api_referrals", (), {Role.BILLER, Role.ADMINISTRATOR}),
        ("api_confirm_referral", (9,), {Role.BILLER, Role.ADMINISTRATOR}),
        ("api_visits", (9,), set(Role)),
        ("api_check_in", (9,), set(Role) - {Role.BILLER}),
        ("api_complete_visit", (9,), {Role.CLINICIAN, Role.ADMINISTRATOR}),
        ("api_cancel_visit", (9,), set(Role)),
        ("api_no_show_visit", (9,), set(Role) - {Role.BILLER}),
        ("api_undo_visit", (9,), set(Role)),
    ],
)
def test_act_belongs_to_these_roles(harbor: World, name: str, ids: tuple[int, ...], roles: set[Role]) -> None:
    allowed = {role for role in Role if caller(harbor, role).post(name, *ids).status_code != 403}

    assert allowed == roles


def test_act_would_belong_to_everybody_without_the_check(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NeedsPermission, "has_permission", lambda *_: True)

    assert caller(harbor, Role.NURSE).post("api_complete_visit", 9).status_code == 404
