"""The API with bodies of which any field says anything: an answer in words, never a fault of ours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from referrals.models import Referral, Visit
from tests import world
from tests.referrals.api.test_views import SAID, wanted
from tests.referrals.test_import_anything import VALUES
from tests.vca.core.api.caller import caller
from tests.vca.core.kept import put_back
from tests.world import World
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both

ANSWERS = (200, 201, 400, 404, 409, 422)
AT_MOST = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SERVICE = (
    *("service", "clinician", "code", "modifiers", "units", "drug_name", "ndc", "ndc_unit", "ndc_quantity", "other"),
)


def changed(*fields: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(fields), VALUES, max_size=3)


@given(body=changed(*SAID, "other").map(lambda changes: SAID | changes) | VALUES)
@AT_MOST
def test_any_referral_is_answered(once: World, body: Any) -> None:
    with put_back(once):
        answer = caller(once, Role.BILLER).post("api_referrals", body=body)

        told = answer.json()
        assert answer.status_code in ANSWERS
        assert Referral.objects.count() == (answer.status_code == 201)
        assert answer.status_code == 201 or told["error"]["message"]


@given(visit=changed("location", "starts_at", "services", "diagnoses"), service=changed(*SERVICE))
@AT_MOST
def test_any_visit_is_answered(once: World, visit: dict[str, Any], service: dict[str, Any]) -> None:
    with put_back(once):
        authorization = world.authorization(once)
        body = wanted(once, authorization)
        body = body | {"services": [body["services"][0] | service]} | visit

        answer = caller(once, Role.CLINICIAN).post("api_visits", authorization.pk, body=body)

        assert answer.status_code in ANSWERS
        assert Visit.objects.count() == (answer.status_code == 201)


@given(act=st.sampled_from(["api_check_in", "api_cancel_visit", "api_no_show_visit", "api_undo_visit"]), body=VALUES)
@AT_MOST
def test_any_words_on_a_visit_are_answered(once: World, act: str, body: Any) -> None:
    with put_back(once):
        visit = world.booked(once, world.authorization(once))

        answer = caller(once, Role.CLINICIAN).post(act, visit.pk, body=body)

        assert answer.status_code in ANSWERS


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(once: World, method: str) -> None:
    with put_back(once):
        answer = getattr(caller(once, Role.BILLER).client, method)("/api/v1/referrals/")

        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD")
