"""Rows become the one frozen claim that rules and formats read."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.domain.claim import Clinician, Drug, MemberIdKind, PayerRoute, ProfessionalClaim
from billing.models import Claim, ClaimDiagnosis, ClaimLine
from billing.services import assembly, claims
from referrals.models import FactSource, Referral
from referrals.services import veterans
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.models import Practice
from vca.core.services import parameters

pytestmark = pytest.mark.both


@pytest.fixture
def claim(harbor: World) -> Claim:
    visit = world.completed(harbor, world.authorization(harbor))
    return claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)[0]


def assembled(harbor: World, claim: Claim, *, days: int = 0) -> ProfessionalClaim:
    (one,) = assembly.assemble([claim.pk], by=harbor.by, at=NOW + timedelta(days=days))
    assert (one.claim_id, one.revision) == (claim.pk, claim.revision)
    return one.document


def test_claim_says_what_its_rows_say(harbor: World, claim: Claim) -> None:
    document = assembled(harbor, claim)

    (line,) = document.lines
    assert (document.control_number, document.referral_number, document.total_charge, document.diagnoses) == (
        *(claim.control_number, claim.referral.number),
        *(Decimal("450.00"), ("F332",)),
    )
    assert (line.code, line.charge, line.units, line.service_date, line.diagnosis_pointers) == (
        *("96365", Decimal("450.00"), 1),
        *(TODAY, (1,)),
    )
    assert (document.authorized, document.test_data) == (claim.authorization_version.period, True)
    assert line.rendering == Clinician("Render", "Ada", world.NPIS[1], "207L00000X")


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({}, MemberIdKind.ICN),
        ({"icn": "", "edipi": "1234567890", "ssn": "900010002"}, MemberIdKind.EDIPI),
        ({"icn": "", "ssn": "900010002"}, MemberIdKind.SSN),
        ({"icn": ""}, MemberIdKind.ICN),
    ],
)
def test_veteran_is_named_by_the_best_number_on_file(
    harbor: World, claim: Claim, facts: dict[str, str], member: MemberIdKind
) -> None:
    veterans.change(veteran=claim.veteran, facts=facts, source=FactSource.VA, by=harbor.by, at=NOW)

    subscriber = assembled(harbor, claim).subscriber

    numbers = {MemberIdKind.EDIPI: "1234567890", MemberIdKind.SSN: "900010002", MemberIdKind.ICN: facts.get("icn")}
    expected = claim.veteran.facts.icn if not facts else numbers[member]
    assert (subscriber.member_id_kind, subscriber.member_id) == (member, expected)


@pytest.mark.parametrize(
    ("affiliation", "route"),
    [
        ("VCA", PayerRoute.VA_DIRECT),
        ("OTHER_VA", PayerRoute.VA_DIRECT),
        ("CCN", PayerRoute.NETWORK),
        ("UNKNOWN", PayerRoute.UNKNOWN),
    ],
)
def test_affiliation_names_the_payer(harbor: World, claim: Claim, affiliation: str, route: PayerRoute) -> None:
    Referral.objects.update(affiliation=affiliation)

    assert assembled(harbor, claim).payer_route == route


@pytest.mark.parametrize(
    ("facts", "referring"),
    [
        ({}, None),
        ({"referring_name": "Brandt, Ilse"}, None),
        ({"referring_npi": world.NPIS[2]}, None),
        (
            {"referring_name": "Brandt, Ilse", "referring_npi": world.NPIS[2]},
            Clinician("Brandt", "Ilse", world.NPIS[2]),
        ),
        ({"referring_name": "Brandt", "referring_npi": world.NPIS[2]}, Clinician("Brandt", "", world.NPIS[2])),
    ],
)
def test_referring_provider_is_named_when_name_and_npi_are_known(
    harbor: World, claim: Claim, facts: dict[str, str], referring: Clinician | None
) -> None:
    Referral.objects.update(**facts) if facts else None

    assert assembled(harbor, claim).referring == referring


@pytest.mark.parametrize(
    ("facts", "drug"),
    [
        ({}, None),
        (
            {"ndc": "42023011410", "ndc_unit": "ML", "ndc_quantity": Decimal("0.8")},
            Drug("42023011410", "ML", Decimal("0.800")),
        ),
        ({"ndc": "42023011410", "ndc_unit": "ML", "ndc_quantity": None}, None),
    ],
)
def test_drug_is_named_when_it_is_whole(harbor: World, claim: Claim, facts: dict[str, Any], drug: Drug | None) -> None:
    ClaimLine.objects.update(modifiers="25,GT", **facts)

    (line,) = assembled(harbor, claim).lines

    assert (line.drug, line.modifiers) == (drug, ("25", "GT"))


def test_line_points_at_four_diagnoses_at_most(harbor: World, claim: Claim) -> None:
    for position, code in enumerate(("F4310", "F411", "F419", "Z000", "Z001"), start=2):
        ClaimDiagnosis.objects.create(practice=harbor.practice, claim=claim, position=position, code=code)

    document = assembled(harbor, claim)

    assert (len(document.diagnoses), document.lines[0].diagnosis_pointers) == (6, (1, 2, 3, 4))


def test_payer_is_that_of_the_day_of_submission(harbor: World, claim: Claim) -> None:
    source = {"source": "letter", "verified_on": None}
    tomorrow = TODAY + timedelta(days=1)
    parameters.set_value(name="payer-id", value="VACCN", valid_from=tomorrow, by=harbor.by, **source)

    assert [assembled(harbor, claim, days=days).payer.payer_id for days in (0, 1)] == ["12115", "VACCN"]


@pytest.mark.parametrize(
    ("legal_name", "billed_as"), [("Harbor Clinic LLC", "Harbor Clinic LLC"), ("", "Harbor Clinic")]
)
def test_practice_bills_under_its_legal_name(harbor: World, claim: Claim, legal_name: str, billed_as: str) -> None:
    Practice.objects.update(legal_name=legal_name)

    assert assembled(harbor, claim).billing_provider.name == billed_as


def test_claim_of_another_practice_is_not_assembled(harbor: World, claim: Claim) -> None:
    assert assembly.assemble([claim.pk], by=world.practice("lake").by, at=NOW) == []


def test_assembling_many_asks_no_more_questions_than_assembling_few(
    harbor: World, claim: Claim, django_assert_max_num_queries: Any
) -> None:
    authorization = world.authorization(harbor)
    ids = [claim.pk]
    for day in range(4):
        visit = world.completed(harbor, authorization, at=NOW - timedelta(days=day))
        ids.append(claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)[0].pk)

    with django_assert_max_num_queries(6):
        assembly.assemble(ids, by=harbor.by, at=NOW)
