"""Claims and claim files by API: the same deeds as on the pages."""

from typing import Any

import pytest

from billing.models import Claim
from referrals.domain.states import Affiliation
from referrals.models import Visit
from tests import world
from tests.vca.core.api.caller import Caller, caller
from tests.vca.core.rows import everything
from tests.world import World
from vca.core import jobs
from vca.core.models import AuditEvent
from vca.core.vocabulary import Role

pytestmark = pytest.mark.both


@pytest.fixture
def visit(harbor: World) -> Visit:
    return world.completed(harbor, world.authorization(harbor))


def drafted(biller: Caller, visit: Visit) -> dict[str, Any]:
    answer = biller.post("api_claims", body={"visits": [visit.pk]})
    assert answer.status_code == 201
    claim: dict[str, Any] = answer.json()["results"][0]
    return claim


def test_visits_to_bill_are_those_on_no_claim(biller: Caller, visit: Visit, harbor: World) -> None:
    other = world.completed(harbor, world.authorization(harbor))
    drafted(biller, other)
    shown = {"id": visit.pk, "authorization": visit.authorization_id, "location": visit.location_id, "on": "2024-04-11"}
    assert biller.get("api_visits_to_bill").json()["results"] == [shown | {"payer": "VA"}]


@pytest.mark.parametrize(("payer", "shown"), [("", ["NETWORK", "VA"]), ("VA", ["VA"]), ("NETWORK", ["NETWORK"])])
def test_visits_to_bill_are_asked_for_by_their_payer(
    biller: Caller, visit: Visit, harbor: World, payer: str, shown: list[str]
) -> None:
    elsewhere = world.completed(harbor, world.authorization(harbor, affiliation=Affiliation.CCN))
    ids = {"VA": visit.pk, "NETWORK": elsewhere.pk}

    found = biller.get("api_visits_to_bill", **({"payer": payer} if payer else {})).json()["results"]

    assert [(one["id"], one["payer"]) for one in found] == [(ids[name], name) for name in shown]


def test_claim_is_drafted_with_lines_and_findings(biller: Caller, visit: Visit) -> None:
    claim = drafted(biller, visit)
    whole = biller.get("api_claim", claim["id"]).json()
    assert (claim["state"], claim["total_charge"], whole["diagnoses"], whole["findings"]) == (
        *("DRAFT", "450.00", ["F332"]),
        [],
    )
    assert [(line["visit"], line["code"], line["charge"], line["service_date"]) for line in whole["lines"]] == [
        (visit.pk, "96365", "450.00", "2024-04-11")
    ]


def test_claim_tells_no_name(biller: Caller, visit: Visit) -> None:
    body = biller.get("api_claim", drafted(biller, visit)["id"]).content + biller.get("api_claims").content
    facts = visit.veteran.current
    assert [word.encode() in body for word in (facts.last_name, facts.first_name, "1960-01-02")] == [False] * 3


def test_finding_names_rule_source_and_next_act(biller: Caller, harbor: World) -> None:
    visit = world.completed(harbor, world.authorization(harbor), code="90837")
    claim = drafted(biller, visit)
    found = biller.get("api_claim", claim["id"]).json()["findings"]
    assert [sorted(one) for one in found] == [["code", "field", "message", "next_act", "severity", "source"]]
    refused = biller.post("api_claim_ready", claim["id"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, found[0]["code"])
    assert all(refused.json()["error"][name] for name in ("message", "source", "next_act"))


def test_claim_goes_its_way_to_the_file(biller: Caller, visit: Visit, harbor: World) -> None:
    claim = drafted(biller, visit)
    assert biller.post("api_claim_ready", claim["id"]).json()["state"] == "READY"
    assert biller.post("api_claim_back_to_draft", claim["id"]).json()["state"] == "DRAFT"
    assert biller.post("api_rebuild_claim", claim["id"]).json()["state"] == "DRAFT"
    assert biller.post("api_claim_ready", claim["id"]).json()["state"] == "READY"
    asked = biller.post("api_claim_files")
    assert (asked.status_code, asked.json()["state"], asked.json()["result"]) == (202, "QUEUED", None)

    jobs.sweep(jobs.run)

    job = biller.client.get(f"/api/v1/jobs/{asked.json()['id']}/").json()
    files = biller.get("api_claim_files").json()["results"]
    assert (job["state"], job["result"]) == ("DONE", files[0]["document"])
    assert [(one["batch_number"], one["claim_count"], one["total_charge"]) for one in files] == [(1, 1, "450.00")]
    content = biller.get("api_document", job["result"])
    assert content.content.startswith(b"ISA*00*")
    assert AuditEvent.objects.filter(action="document.read", subject_id=str(job["result"])).count() == 1
    assert biller.get("api_claim", claim["id"]).json()["state"] == "SENT"


def test_nothing_ready_is_no_file(biller: Caller) -> None:
    answer = biller.post("api_claim_files")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CLAIM-17")


def test_claim_is_closed_with_a_reason(biller: Caller, visit: Visit) -> None:
    claim = drafted(biller, visit)
    unsaid = biller.post("api_close_claim", claim["id"])
    assert (unsaid.status_code, unsaid.json()["error"]["field"]) == (422, "reason")
    closed = biller.post("api_close_claim", claim["id"], body={"reason": "entered twice"}).json()
    assert (closed["state"], closed["closed_reason"], closed["findings"]) == ("CLOSED", "entered twice", [])
    assert [one["id"] for one in biller.get("api_visits_to_bill").json()["results"]] == [visit.pk]


def test_visit_is_taken_off_a_draft(biller: Caller, visit: Visit, harbor: World) -> None:
    other = world.completed(harbor, visit.authorization)
    claim = biller.post("api_claims", body={"visits": [visit.pk, other.pk]}).json()["results"][0]
    left = biller.post("api_take_off_claim", claim["id"], body={"visit": visit.pk}).json()
    assert [line["visit"] for line in left["lines"]] == [other.pk]
    refused = biller.post("api_take_off_claim", claim["id"], body={"visit": other.pk})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CLAIM-27")
    assert biller.post("api_take_off_claim", claim["id"]).json()["error"]["field"] == "visit"


def test_all_sound_drafts_are_made_ready(biller: Caller, visit: Visit, harbor: World) -> None:
    sound = drafted(biller, visit)
    drafted(biller, world.completed(harbor, world.authorization(harbor), code="90837"))
    assert biller.post("api_make_all_ready").json() == {"ready": 1, "blocked": 1}
    assert biller.get("api_claim", sound["id"]).json()["state"] == "READY"


def test_price_is_set_from_a_day_on(biller: Caller) -> None:
    said = {"code": "j3490", "amount": "90.5", "valid_from": "2024-05-01"}
    made = biller.post("api_charges", body=said).json()
    shown = [one for one in biller.get("api_charges").json()["results"] if one["code"] == "J3490"]
    assert [(one["amount"], one["valid_from"], one["valid_through"]) for one in shown] == [
        ("90.50", "2024-05-01", None),
        ("87.50", "2023-01-01", "2024-04-30"),
    ]
    assert (made["id"], made["amount"]) == (shown[0]["id"], "90.50")


@pytest.mark.parametrize(
    ("wrong", "field"), [({"code": "1"}, "code"), ({"amount": "0"}, "amount"), ({"valid_from": ""}, "valid_from")]
)
def test_faulty_price_is_refused(biller: Caller, wrong: dict[str, str], field: str) -> None:
    said = {"code": "J3490", "amount": "90.50", "valid_from": "2024-05-01"}
    answer = biller.post("api_charges", body=said | wrong)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_claim_is_printed_by_the_worker(biller: Caller, visit: Visit) -> None:
    claim = drafted(biller, visit)
    draft = biller.post("api_claim_forms", body={"claims": [claim["id"]]})
    assert (draft.status_code, draft.json()["error"]["code"]) == (409, "CLAIM-28")
    biller.post("api_claim_ready", claim["id"])
    asked = biller.post("api_claim_forms", body={"claims": [claim["id"]], "with_form": False})
    assert (asked.status_code, asked.json()["kind"]) == (202, "write_cms1500_text")


def test_claims_are_found_by_state(biller: Caller, visit: Visit) -> None:
    claim = drafted(biller, visit)
    found = {
        state: [one["id"] for one in biller.client.get("/api/v1/claims/", {"state": state}).json()["results"]]
        for state in ("DRAFT", "SENT")
    }
    assert found == {"DRAFT": [claim["id"]], "SENT": []}


@pytest.mark.parametrize("body", [{}, {"visits": []}, {"visits": ["x"]}, {"visits": [0]}, {"visits": [2**63]}, []])
def test_faulty_draft_is_refused(biller: Caller, body: Any) -> None:
    answer = biller.post("api_claims", body=body)
    assert (answer.status_code, Claim.objects.count()) == (422, 0)


def test_repeated_draft_is_one_claim(biller: Caller, visit: Visit) -> None:
    answers = [biller.post("api_claims", body={"visits": [visit.pk]}, key="same") for _ in range(2)]
    assert (answers[0].json(), answers[0].status_code) == (answers[1].json(), answers[1].status_code)
    assert Claim.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "api_claim"),
        ("post", "api_claim_ready"),
        ("post", "api_claim_back_to_draft"),
        ("post", "api_rebuild_claim"),
        ("post", "api_close_claim"),
        ("post", "api_take_off_claim"),
    ],
)
def test_claim_of_another_practice_is_not_there(biller: Caller, visit: Visit, method: str, name: str) -> None:
    claim = drafted(biller, visit)
    stranger = caller(world.practice("ridge"), Role.BILLER)
    before = everything()
    answer = getattr(stranger, method)(name, claim["id"])
    nothing = getattr(stranger, method)(name, 10**9)
    assert (answer.status_code, answer.json()) == (404, nothing.json())
    assert everything() == before


def test_visit_of_another_practice_is_not_claimed(visit: Visit) -> None:
    stranger = caller(world.practice("ridge"), Role.BILLER)
    answer = stranger.post("api_claims", body={"visits": [visit.pk]})
    assert (answer.status_code, Claim.objects.count()) == (409, 0)


@pytest.mark.parametrize(
    ("method", "name", "ids"),
    [
        ("get", "api_claims", ()),
        ("get", "api_visits_to_bill", ()),
        ("get", "api_claim", (1,)),
        ("get", "api_claim_files", ()),
        ("post", "api_claims", ()),
        ("post", "api_claim_ready", (1,)),
        ("post", "api_claim_files", ()),
        ("post", "api_claim_forms", ()),
        ("post", "api_make_all_ready", ()),
        ("post", "api_take_off_claim", (1,)),
        ("get", "api_charges", ()),
        ("post", "api_charges", ()),
        ("get", "api_document", (1,)),
    ],
)
def test_claims_are_not_for_care_roles(harbor: World, method: str, name: str, ids: tuple[int, ...]) -> None:
    nurse = caller(harbor, Role.NURSE)
    assert getattr(nurse, method)(name, *ids).status_code == 403
