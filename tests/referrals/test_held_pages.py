"""The pages of referrals that are held: each reason is shown with its rule, whatever VA's list says."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from referrals import queries
from referrals.domain.notice import RULE_OF
from referrals.models import Referral
from tests import world
from tests.referrals.intake.test_json_reader import CAMEL
from tests.referrals.test_import_referrals import HELD, run
from tests.world import World
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def harbor() -> World:
    return world.practice()


@pytest.fixture
def biller(harbor: World, client: Client) -> Client:
    client.force_login(world.person(harbor, Role.BILLER))
    return client


@pytest.mark.parametrize("changes", [changes for changes, _, _ in HELD])
def test_pages_show_every_obstacle_with_its_rule(biller: Client, tmp_path: Path, changes: dict[str, Any]) -> None:
    run(tmp_path, [{**CAMEL, **changes}])
    referral = Referral.objects.get()

    queue = biller.get(reverse("referrals"))
    page = biller.get(reverse("authorization", args=[referral.authorization.pk]))
    veteran = biller.get(reverse("veteran", args=[referral.veteran_id]))

    shown = page.content.decode()
    assert [answer.status_code for answer in (queue, page, veteran)] == [200, 200, 200]
    assert [RULE_OF[one] for one in queries.obstacles(referral) if RULE_OF[one] not in shown] == []


def entered(**changes: str) -> dict[str, str]:
    """Return what somebody types from VA Form 10-7080, but for what is overridden."""
    typed = {"number": "VA0000000077", "last_name": "Sample", "first_name": "Robin", "date_of_birth": "1961-02-03"}
    limits = {"affiliation": "VCA", "line_limit_kind": "UNKNOWN"}
    return {**typed, **limits, "referral_date": "2024-03-28", "expiration_date": "2024-05-27", **changes}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"last_name": "(not stated)"}, "REFERRAL-10"),
        ({"first_name": "--"}, "REFERRAL-10"),
        ({"expiration_date": "2024-01-01"}, "REFERRAL-08"),
        ({"expiration_date": "9999-12-31"}, "REFERRAL-13"),
        ({"referral_date": "0024-03-28"}, "REFERRAL-13"),
    ],
)
def test_form_refuses_by_the_rules_of_the_import(biller: Client, changes: dict[str, str], code: str) -> None:
    answer = biller.post(reverse("new_referral"), entered(**changes))

    assert (answer.status_code, Referral.objects.count()) == (422, 0)
    assert f"({code})" in answer.content.decode()


def test_form_holds_what_only_the_day_of_receipt_can_judge(biller: Client) -> None:
    biller.post(reverse("new_referral"), entered(date_of_birth="2961-02-03"))

    assert "REFERRAL-14" in [RULE_OF[one] for one in queries.obstacles(Referral.objects.get())]


def test_name_of_a_nameless_veteran_is_entered_on_their_page(biller: Client, tmp_path: Path) -> None:
    run(tmp_path, [{**CAMEL, "lastName": "S" * 61}])
    referral = Referral.objects.get()
    form = {"last_name": "Sample", "first_name": "Robin", "date_of_birth": "1961-02-03"}

    biller.post(reverse("edit_veteran", args=[referral.veteran_id]), form)

    referral.veteran.refresh_from_db()
    assert referral.veteran.facts.last_name == "Sample"
    assert "NAME" not in [one.name for one in queries.obstacles(Referral.objects.get())]
