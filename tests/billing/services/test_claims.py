"""Claims: drafted from completed visits, scrubbed, made ready, taken back, closed; a visit stands on one live claim."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from billing.domain.states import LIVE
from billing.models import Claim, ClaimDiagnosis, ClaimLine
from billing.services import charges, claims, submissions
from billing.services.claims import (
    FindingsBlock,
    MadeReady,
    MoveNotOffered,
    NotBilledToVa,
    NothingToClaim,
    NotTakenOff,
    VisitAlreadyClaimed,
)
from referrals.domain.notice import StatedLine
from referrals.domain.states import Affiliation, LimitKind
from referrals.models import Authorization, AuthorizationVersion, FactSource, Referral, Visit
from referrals.services import amendments, veterans, visits
from referrals.services.authorizations import Terms
from referrals.services.visits import Plan, Planned
from tests import world
from tests.vca.core.rows import everything
from tests.world import NOW, TODAY, World
from vca.core import jobs
from vca.core.models import AuditEvent, Clinician, Practice, ServiceLocation
from vca.core.services import parameters, practices

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
ADDRESS = {"street": "1 Example Way", "city": "Albany", "state": "NY", "zip_code": "122071234"}
CODES = [f"F{number}" for number in range(320, 340)]


@pytest.fixture
def unlimited(harbor: World) -> Authorization:
    return world.authorization(harbor, visits=None)


def given(
    harbor: World,
    authorization: Authorization,
    *,
    days_ago: int = 0,
    lines: int = 1,
    diagnoses: tuple[str, ...] = ("F332",),
    location: ServiceLocation | None = None,
    **service: Any,
) -> Visit:
    """Return a completed visit with so many services."""
    planned = Planned(world.line(authorization).pk, harbor.clinician.pk, **{"code": "96365", **service})
    at = NOW - days_ago * DAY
    plan = Plan(authorization, location or harbor.location, at, [planned] * lines, diagnoses)
    visit = visits.walk_in(plan=plan, by=harbor.by, at=at)
    visits.complete(visit=visit, by=harbor.by, at=at)
    return visit


def drafted(harbor: World, *chosen: Visit) -> list[Claim]:
    return claims.draft(visit_ids=[visit.pk for visit in chosen], by=harbor.by, at=NOW)


def draft(harbor: World, authorization: Authorization) -> Claim:
    """Return a draft in which the scrub finds nothing."""
    (claim,) = drafted(harbor, given(harbor, authorization))
    return claim


def found(harbor: World, claim: Claim, *, at: datetime = NOW) -> set[str]:
    return {finding.code for finding in claims.findings([claim], by=harbor.by, at=at)[claim.pk]}


def ready(harbor: World, claim: Claim, *, at: datetime = NOW) -> None:
    claims.make_ready(claim=claim, by=harbor.by, at=at)


def test_claim_bills_what_was_given(harbor: World, unlimited: Authorization) -> None:
    first = given(harbor, unlimited, days_ago=2, code="96365", units=1)
    second = given(harbor, unlimited, days_ago=1, code="96366", units=3)

    (claim,) = drafted(harbor, second, first)

    lines = claim.lines.order_by("number").values_list("number", "code", "units", "charge", "service_date")
    assert (claim.state, claim.total_charge, claim.veteran_id) == ("DRAFT", Decimal("900.00"), first.veteran_id)
    assert list(lines) == [
        (1, "96365", 1, Decimal("450.00"), TODAY - 2 * DAY),
        (2, "96366", 3, Decimal("450.00"), TODAY - DAY),
    ]
    assert claim.authorization_version == unlimited.current


def test_claim_is_of_one_authorization_and_one_location(harbor: World, unlimited: Authorization) -> None:
    other = world.authorization(harbor)
    facts = {"name": "Branch", "time_zone": "America/Los_Angeles"}
    branch = practices.record_location(facts=facts, by=harbor.by)
    world.cover(harbor)
    chosen = [
        given(harbor, unlimited, days_ago=3),
        given(harbor, other, days_ago=2),
        given(harbor, unlimited, days_ago=1, location=branch),
        given(harbor, unlimited),
    ]

    made = drafted(harbor, *chosen)

    assert [(claim.referral_id, claim.location_id, claim.lines.count()) for claim in made] == [
        (unlimited.referral_id, harbor.location.pk, 2),
        (unlimited.referral_id, branch.pk, 1),
        (other.referral_id, harbor.location.pk, 1),
    ]


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [((25, 25), [50]), ((25, 26), [25, 26]), ((20, 20, 20), [40, 20]), ((50, 1), [50, 1]), ((51, 1), [51, 1])],
)
def test_claim_has_at_most_fifty_lines_and_a_visit_stays_whole(
    harbor: World, unlimited: Authorization, sizes: tuple[int, ...], parts: list[int]
) -> None:
    chosen = [given(harbor, unlimited, days_ago=9 - place, lines=size) for place, size in enumerate(sizes)]

    assert [claim.lines.count() for claim in drafted(harbor, *chosen)] == parts


@pytest.mark.parametrize(
    ("diagnoses", "parts"),
    [
        ([CODES[:6], CODES[6:12]], [12]),
        ([CODES[:6], CODES[6:13]], [6, 7]),
        ([CODES[:12], CODES[:12]], [12]),
        ([CODES[:1], CODES[1:2], CODES[:1]], [2]),
    ],
)
def test_claim_has_at_most_twelve_diagnoses(
    harbor: World, unlimited: Authorization, diagnoses: list[list[str]], parts: list[int]
) -> None:
    chosen = [given(harbor, unlimited, days_ago=9 - place, diagnoses=tuple(one)) for place, one in enumerate(diagnoses)]

    assert [claim.diagnoses.count() for claim in drafted(harbor, *chosen)] == parts


def test_diagnoses_stand_in_the_order_of_the_visits_each_once(harbor: World, unlimited: Authorization) -> None:
    first = given(harbor, unlimited, days_ago=2, diagnoses=("F332", "F4310"))
    second = given(harbor, unlimited, days_ago=1, diagnoses=("F4310", "F411"))

    (claim,) = drafted(harbor, second, first)

    assert list(claim.diagnoses.order_by("position").values_list("code", flat=True)) == ["F332", "F4310", "F411"]


def test_visit_without_a_diagnosis_takes_the_provisional_one(harbor: World, unlimited: Authorization) -> None:
    (claim,) = drafted(harbor, given(harbor, unlimited, diagnoses=()))

    assert list(claim.diagnoses.values_list("code", flat=True)) == ["F332"]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("Optum", "the claim goes to Optum, payer id VACCN, not to VA"),
        ("Region 5", "the claim goes to TriWest, payer id TWVACCN, to its claims processor PGBA, not to VA"),
        ("Other Network", "the claim goes to Other Network, not to VA"),
        ("", "the claim goes to the network's administrator, not to VA"),
    ],
)
def test_network_referral_is_not_billed_to_va_and_says_where(harbor: World, network: str, words: str) -> None:
    authorization = world.authorization(harbor, affiliation=Affiliation.CCN)
    Referral.objects.update(network=network)
    visit = given(harbor, authorization)
    before = everything()

    with pytest.raises(NotBilledToVa, match=f"CLAIM-08 .*{words}"):
        drafted(harbor, visit)

    assert everything() == before


def test_one_network_visit_refuses_all_that_were_chosen_with_it(harbor: World, unlimited: Authorization) -> None:
    network = world.authorization(harbor, affiliation=Affiliation.CCN)
    chosen = [given(harbor, unlimited), given(harbor, network)]

    with pytest.raises(NotBilledToVa):
        drafted(harbor, *chosen)

    assert Claim.objects.count() == 0


def test_claimed_visit_is_refused_by_the_claim_that_holds_it(harbor: World, unlimited: Authorization) -> None:
    visit = given(harbor, unlimited)
    (claim,) = drafted(harbor, visit)

    with pytest.raises(VisitAlreadyClaimed, match=f"a visit of 11 Apr 2024 stands on claim {claim.control_number}"):
        drafted(harbor, given(harbor, unlimited), visit)

    assert list(Claim.objects.all()) == [claim]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([], "none of these visits is completed"),
        (["booked"], "none of these visits is completed"),
        (["foreign"], "none of these visits is completed"),
        (["never"], "none of these visits is completed"),
        (["mine", "booked"], "one of these visits is not completed"),
        (["mine", "foreign"], "one of these visits is not completed"),
        (["mine", "never"], "one of these visits is not completed"),
    ],
)
def test_only_completed_visits_of_ones_own_are_claimed(
    harbor: World, unlimited: Authorization, chosen: list[str], words: str
) -> None:
    lake = world.practice("lake")
    known = {
        "mine": given(harbor, unlimited).pk,
        "booked": world.booked(harbor, unlimited).pk,
        "foreign": given(lake, world.authorization(lake)).pk,
        "never": 10**9,
    }
    before = everything()

    with pytest.raises(NothingToClaim, match=f"CLAIM-26 {words}"):
        claims.draft(visit_ids=[known[name] for name in chosen], by=harbor.by, at=NOW)

    assert everything() == before


def test_visit_named_twice_is_claimed_once(harbor: World, unlimited: Authorization) -> None:
    visit = given(harbor, unlimited)

    (claim,) = drafted(harbor, visit, visit)

    assert claim.lines.count() == 1


def test_claim_numbers_rise_and_are_never_used_again(harbor: World, unlimited: Authorization) -> None:
    numbers = []
    for _ in range(3):
        claim = draft(harbor, unlimited)
        claims.close(claim=claim, reason="test", by=harbor.by, at=NOW)
        numbers.append(claim.control_number)

    practice = harbor.practice.pk
    assert numbers == [f"{practice}C0000001", f"{practice}C0000002", f"{practice}C0000003"]


def test_sound_claim_has_no_findings(harbor: World, unlimited: Authorization) -> None:
    assert found(harbor, draft(harbor, unlimited)) == set()


def know(claim: Claim, **facts: Any) -> None:
    veterans.change(veteran=claim.veteran, facts=facts, source=FactSource.VA, by=_by(claim), at=NOW)


def _by(claim: Claim) -> Any:
    return practices.access.acting_for(claim.practice, what="test")


def set_own(claim: Claim, name: str, value: str) -> None:
    source = {"source": "test", "verified_on": None}
    parameters.set_value(name=name, value=value, valid_from=TODAY, by=_by(claim), **source)


def authorize(claim: Claim, *codes: str) -> None:
    authorization = claim.referral.authorization
    authorization.services.update(codes=list(codes))


# What is wrong in the rows -> the rule that finds it.
FAULTS: dict[str, tuple[Callable[[Claim], object], set[str]]] = {
    "referral number": (lambda claim: Referral.objects.update(number="VA1"), {"CLAIM-01"}),
    "day after the last": (lambda claim: AuthorizationVersion.objects.update(valid_through=TODAY - DAY), {"CLAIM-02"}),
    "no member id": (lambda claim: know(claim, icn=""), {"CLAIM-03"}),
    "no diagnosis": (lambda claim: ClaimDiagnosis.objects.all().delete(), {"CLAIM-04", "CLAIM-10"}),
    "diagnosis": (lambda claim: ClaimDiagnosis.objects.update(code="9"), {"CLAIM-04"}),
    "clinician's NPI": (lambda claim: Clinician.objects.update(npi="1234567890"), {"CLAIM-05"}),
    "billing NPI": (lambda claim: Practice.objects.update(npi=""), {"CLAIM-05"}),
    "no charge": (lambda claim: ClaimLine.objects.update(charge=0), {"CLAIM-06"}),
    "total": (lambda claim: Claim.objects.update(total_charge=1), {"CLAIM-06"}),
    "no sex": (lambda claim: know(claim, sex=""), {"CLAIM-07"}),
    "no date of birth": (lambda claim: know(claim, date_of_birth=None), {"CLAIM-07"}),
    "network": (lambda claim: Referral.objects.update(affiliation="CCN"), {"CLAIM-08"}),
    "no affiliation": (lambda claim: Referral.objects.update(affiliation="UNKNOWN"), {"CLAIM-08"}),
    "no payer id": (lambda claim: set_own(claim, "payer-id", ""), {"CLAIM-08"}),
    "no tax number": (lambda claim: Practice.objects.update(tax_id=""), {"CLAIM-09"}),
    "five-digit ZIP": (lambda claim: Practice.objects.update(zip_code="97205"), {"CLAIM-09"}),
    "no code": (lambda claim: ClaimLine.objects.update(code=""), {"CLAIM-10", "CLAIM-13"}),
    "drug without NDC": (lambda claim: ClaimLine.objects.update(code="J3490"), {"CLAIM-11"}),
    "code not authorized": (lambda claim: authorize(claim, "99999"), {"CLAIM-13"}),
    "no line": (lambda claim: ClaimLine.objects.all().delete(), {"CLAIM-06", "CLAIM-15"}),
    "place of service": (lambda claim: ServiceLocation.objects.update(place_of_service="00"), {"CLAIM-18"}),
    "state of the Veteran": (lambda claim: know(claim, state="XX"), {"CLAIM-18"}),
    "replaces nothing": (lambda claim: Claim.objects.update(frequency_code="7"), {"CLAIM-20"}),
    "no claim number": (lambda claim: Claim.objects.update(control_number=""), {"CLAIM-21"}),
    "name": (lambda claim: know(claim, last_name="山田"), {"CLAIM-22"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_the_rows_is_found_by_its_rule(harbor: World, unlimited: Authorization, fault: str) -> None:
    claim = draft(harbor, unlimited)
    spoil, codes = FAULTS[fault]

    spoil(claim)

    assert found(harbor, claim) == codes


@pytest.mark.parametrize(
    ("days", "codes"), [(-1, {"CLAIM-23"}), (0, set()), (180, set()), (181, {"CLAIM-12"}), (365, {"CLAIM-12"})]
)
def test_claim_is_filed_between_its_day_and_the_limit(
    harbor: World, unlimited: Authorization, days: int, codes: set[str]
) -> None:
    claim = draft(harbor, unlimited)

    assert found(harbor, claim, at=NOW + days * DAY) == codes


def test_filing_limit_is_that_of_the_day_of_service(harbor: World, unlimited: Authorization) -> None:
    claim = draft(harbor, unlimited)
    source = {"source": "test", "verified_on": None}
    for value, valid_from in (("90", TODAY - DAY), ("10", TODAY + DAY)):
        parameters.set_value(name="filing-limit-days", value=value, valid_from=valid_from, by=harbor.by, **source)

    assert [found(harbor, claim, at=NOW + days * DAY) for days in (90, 91)] == [set(), {"CLAIM-12"}]


def test_claim_with_findings_is_blocked_by_every_one_of_them(harbor: World, unlimited: Authorization) -> None:
    claim = draft(harbor, unlimited)
    Practice.objects.update(tax_id="")
    know(claim, sex="", icn="")
    before = everything()

    with pytest.raises(FindingsBlock) as refusal:
        ready(harbor, claim)

    assert {finding.code for finding in refusal.value.findings} == {"CLAIM-03", "CLAIM-07", "CLAIM-09"}
    assert (refusal.value.code, everything()) == (refusal.value.findings[0].code, before)


def test_claim_with_findings_would_be_ready_without_the_scrub(
    harbor: World, unlimited: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "scrub", lambda *_, **__: ())
    claim = draft(harbor, unlimited)
    Practice.objects.update(tax_id="")

    ready(harbor, claim)

    assert claim.state == "READY"


def test_last_filing_day_is_judged_where_the_visit_was(harbor: World, unlimited: Authorization) -> None:
    claim = draft(harbor, unlimited)
    last_evening = NOW.replace(hour=3) + 181 * DAY  # the 180th day in Portland, the 181st in UTC

    ready(harbor, claim, at=last_evening)

    assert claim.state == "READY"


def east_of_the_first_place(harbor: World) -> Claim:
    """Return a draft of a visit in New York, where the day begins three hours before Portland, the first place."""
    facts = {"name": "East", "time_zone": "America/New_York"}
    east = practices.record_location(facts=facts | ADDRESS, by=harbor.by)
    world.cover(harbor)
    authorization = world.authorization(harbor, visits=None)
    (claim,) = drafted(harbor, given(harbor, authorization, location=east))
    return claim


def by_page(harbor: World, claim: Claim, at: datetime) -> bool:
    return not found(harbor, claim, at=at)


def by_making_ready(harbor: World, claim: Claim, at: datetime) -> bool:
    try:
        claims.make_ready(claim=claim, by=harbor.by, at=at)
    except FindingsBlock:
        return False
    return True


def by_making_all_ready(harbor: World, claim: Claim, at: datetime) -> bool:
    return claims.make_all_ready(by=harbor.by, at=at).ready == 1


def by_job(harbor: World, claim: Claim, at: datetime) -> bool:
    Claim.objects.update(state="READY", ready_at=NOW)
    with time_machine.travel(at):
        jobs.run(submissions.ask(by=harbor.by).pk)
    claim.refresh_from_db()
    return claim.state == "SENT"


@pytest.mark.parametrize("judge", [by_page, by_making_ready, by_making_all_ready, by_job])
@pytest.mark.parametrize(("hour", "filed_in_time"), [(3, True), (5, False)])  # 11 PM and 1 AM in New York
def test_filing_day_is_that_of_the_claims_place_whoever_judges(
    harbor: World, judge: Callable[[World, Claim, datetime], bool], hour: int, filed_in_time: bool
) -> None:
    claim = east_of_the_first_place(harbor)

    assert judge(harbor, claim, NOW.replace(hour=hour) + 181 * DAY) is filed_in_time


def test_all_sound_drafts_are_made_ready_in_one_deed(harbor: World, unlimited: Authorization) -> None:
    sound = [draft(harbor, unlimited), draft(harbor, unlimited)]
    blocked = draft(harbor, unlimited)
    ClaimDiagnosis.objects.filter(claim=blocked).delete()
    foreign = draft(lake := world.practice("lake"), world.authorization(lake, visits=None))

    made = claims.make_all_ready(by=harbor.by, at=NOW)

    event = AuditEvent.objects.filter(action="claim.all_made_ready").get()
    assert (made, event.changes) == (MadeReady(ready=2, blocked=1), {"claims": [one.pk for one in sound]})
    states = Claim.objects.order_by("pk").values_list("pk", "state", "revision")
    assert list(states) == [
        *((one.pk, "READY", 2) for one in sound),
        *((one.pk, "DRAFT", 1) for one in (blocked, foreign)),
    ]


def test_visit_is_taken_off_a_draft_and_may_be_undone(harbor: World, unlimited: Authorization) -> None:
    wrong, right = given(harbor, unlimited, days_ago=1, code="96366"), given(harbor, unlimited)
    (claim,) = drafted(harbor, wrong, right)
    number = claim.control_number

    claims.take_off(claim=claim, visit_id=wrong.pk, by=harbor.by)
    visits.void(visit=wrong, reason="never was", by=harbor.by, at=NOW)

    assert (claim.control_number, claim.total_charge, claim.revision) == (number, Decimal("450.00"), 2)
    assert list(claim.lines.values_list("number", "visit_id", "code")) == [(1, right.pk, "96365")]


@pytest.mark.parametrize(("which", "words"), [("last", "no other visit"), ("other", "not on this claim")])
def test_only_one_of_several_visits_is_taken_off(
    harbor: World, unlimited: Authorization, which: str, words: str
) -> None:
    last, other = given(harbor, unlimited), given(harbor, unlimited, days_ago=1)
    (claim,) = drafted(harbor, last)
    before = everything()

    with pytest.raises(NotTakenOff, match=words):
        claims.take_off(claim=claim, visit_id={"last": last, "other": other}[which].pk, by=harbor.by)

    assert everything() == before


ACTS: dict[str, Callable[[World, Claim], object]] = {
    "make_ready": lambda harbor, claim: ready(harbor, claim),
    "back_to_draft": lambda harbor, claim: claims.back_to_draft(claim=claim, by=harbor.by),
    "rebuild": lambda harbor, claim: claims.rebuild(claim=claim, by=harbor.by),
    "take_off": lambda harbor, claim: claims.take_off(claim=claim, visit_id=0, by=harbor.by),
    "close": lambda harbor, claim: claims.close(claim=claim, reason="test", by=harbor.by, at=NOW),
}
OFFERED = {
    "DRAFT": {"make_ready", "rebuild", "take_off", "close"},
    "READY": {"back_to_draft", "close"},
    "SENT": set(),
    "CLOSED": set(),
    "PAID": set(),
}


def refused_acts() -> Iterator[tuple[str, str]]:
    return ((state, act) for state, offered in OFFERED.items() for act in ACTS if act not in offered)


@pytest.mark.parametrize(("state", "act"), [*refused_acts()])
def test_act_out_of_turn_is_refused_and_changes_nothing(
    harbor: World, unlimited: Authorization, state: str, act: str
) -> None:
    claim = draft(harbor, unlimited)
    Claim.objects.update(state=state, ready_at=NOW, sent_at=NOW)
    before = everything()

    with pytest.raises(MoveNotOffered, match="CLAIM-14 the claim is"):
        ACTS[act](harbor, claim)

    assert everything() == before


@pytest.mark.parametrize(
    ("state", "act", "target"),
    [
        ("DRAFT", "make_ready", "READY"),
        ("READY", "back_to_draft", "DRAFT"),
        ("DRAFT", "rebuild", "DRAFT"),
        ("DRAFT", "close", "CLOSED"),
        ("READY", "close", "CLOSED"),
    ],
)
def test_act_moves_the_claim_and_its_revision(
    harbor: World, unlimited: Authorization, state: str, act: str, target: str
) -> None:
    claim = draft(harbor, unlimited)
    Claim.objects.update(state=state, ready_at=NOW)

    ACTS[act](harbor, claim)

    claim.refresh_from_db()
    assert (claim.state, claim.revision) == (target, 2)


def test_rebuilding_takes_what_was_corrected(harbor: World, unlimited: Authorization) -> None:
    claim = draft(harbor, unlimited)
    before = list(claim.lines.values_list("control_number", flat=True))
    charges.set_price(code="96365", amount=Decimal("500"), valid_from=TODAY, by=harbor.by)
    terms = Terms(date(2024, 3, 28), date(2024, 8, 1))
    amendments.amend(authorization=unlimited, terms=terms, reason="VA extended it", by=harbor.by, at=NOW)

    claims.rebuild(claim=claim, by=harbor.by)

    assert (claim.total_charge, claim.authorization_version, claim.revision) == (
        Decimal("500.00"),
        unlimited.current,
        2,
    )
    assert [number in before for number in claim.lines.values_list("control_number", flat=True)] == [False]


def test_claim_keeps_the_terms_it_was_built_from(harbor: World, unlimited: Authorization) -> None:
    claim = draft(harbor, unlimited)
    first = unlimited.current
    terms = Terms(date(2024, 3, 28), date(2024, 8, 1))

    amendments.amend(authorization=unlimited, terms=terms, reason="VA extended it", by=harbor.by, at=NOW)

    claim.refresh_from_db()
    assert claim.authorization_version == first


def test_closed_claim_sets_its_visits_free(harbor: World, unlimited: Authorization) -> None:
    visit = given(harbor, unlimited)
    (claim,) = drafted(harbor, visit)
    claims.close(claim=claim, reason="wrong Veteran", by=harbor.by, at=NOW)

    (again,) = drafted(harbor, visit)

    assert (claim.closed_reason, again.lines.count(), claim.lines.filter(is_live=True).count()) == (
        *("wrong Veteran", 1),
        0,
    )


def test_claims_of_others_are_not_judged(harbor: World, unlimited: Authorization) -> None:
    claim = draft(harbor, unlimited)

    assert claims.findings([claim], by=world.practice("lake").by, at=NOW) == {}


def test_code_without_a_price_is_blocked(harbor: World) -> None:
    line = StatedLine("Psychotherapy", LimitKind.UNLIMITED, None, ("90834",))
    authorization = world.authorization(harbor, lines=(line,))
    (claim,) = drafted(harbor, given(harbor, authorization, code="90834"))

    assert (claim.total_charge, found(harbor, claim)) == (0, {"CLAIM-06"})


@pytest.mark.parametrize("act", ["make_ready", "back_to_draft", "close"])
def test_lines_are_live_as_long_as_the_state_of_their_claim_is(
    harbor: World, unlimited: Authorization, act: str
) -> None:
    claim = draft(harbor, unlimited)
    if act == "back_to_draft":
        ready(harbor, claim)

    ACTS[act](harbor, claim)

    assert claim.lines.get().is_live is (claim.state in LIVE)
