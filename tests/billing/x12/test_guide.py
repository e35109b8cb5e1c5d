"""Whole files against the maps of the guide in pyx12, which shares no line with our writer."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.domain.claim import Address, Drug, MemberIdKind, ProfessionalClaim, ServiceLine
from billing.domain.scrub import scrub
from billing.x12.claim_837p import write_837p
from tests.billing import claims
from tests.billing.x12.reading import complaints, named

NAMES = (
    "O'Neil-Smith",
    "O’Neil–Smith",
    "Muñoz de la Peña",
    "Łuczak",
    "Rae 😀 Finch",
    "\u202eحداد Haddad",
    "Doe~NM1*85*2*EVIL~",
    "A:B^C",
    "van der Berg, III",
    "X" * 300,
    "Ng",
    "Nul\x00Line\r\nFeed",
)
TWELVE = (*(f"F33{n}" for n in range(10)), "G8921", "Z590")
ELSEWHERE = replace(claims.CLINIC, name="Tern Bay Clinic & Co.", npi=claims.npi_of(40_000_099))
WITH_PAY_TO = replace(claims.CLINIC, pay_to=Address("PO Box 88", "Astoria", "OR", "971030088"))
FIFTY = tuple(claims.line(n, control_number=f"L50-{n}") for n in range(1, 51))
TWO_CLINICIANS = (
    claims.line(1),
    claims.line(2, code="90838", rendering=claims.THERAPIST, modifiers=("25", "95", "GT", "59")),
    claims.drug_line(3, drug=Drug("00409205105", "ML", Decimal("1.125"))),
)
OVER_DAYS = tuple(
    claims.line(n, service_date=claims.VISIT_DAY + timedelta(days=n), units=n, charge=Decimal(n) + Decimal("0.05"))
    for n in range(1, 8)
)
VARIATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"lines": TWO_CLINICIANS},
    {"diagnoses": TWELVE, "lines": (claims.line(diagnosis_pointers=(12, 1, 7, 3)),)},
    {"referring": None, "facility": replace(claims.INFUSION_SUITE, address=claims.CLINIC.address)},
    {"frequency_code": "7", "original_claim_number": "2026310000012345"},
    {"frequency_code": "8", "original_claim_number": "2026310000012346", "referral_number": "402-123456-1"},
    {"billing_provider": ELSEWHERE, "lines": OVER_DAYS},
    {"billing_provider": WITH_PAY_TO, "referral_number": "402-PC-1234567"},
    {"place_of_service": "12", "lines": (claims.line(place_of_service="12"),)},
    {"facility": replace(claims.INFUSION_SUITE, npi=claims.npi_of(40_000_050)), "lines": FIFTY},
    {"lines": (claims.line(place_of_service="10"), claims.line(2, control_number="L2", place_of_service="02"))},
    {"payer": replace(claims.claim().payer, name="U.S. Department of Veterans Affairs")},
)
MEMBERS: tuple[dict[str, Any], ...] = (
    {},
    {"member_id": "1005423190", "member_id_kind": MemberIdKind.EDIPI, "sex": "U"},
    {"member_id": "219099999", "member_id_kind": MemberIdKind.SSN, "suffix": "Jr.", "middle_name": ""},
    {"first_name": "", "sex": "M", "address": Address("1 Пристань Quay", "São Tomé", "AE", "096310001", "Unit #4")},
    {"first_name": "محمد"},
)


def varied(number: int) -> ProfessionalClaim:
    """Return the claim of that number: each name meets each variation within 60."""
    veteran = claims.subscriber(last_name=NAMES[number % 12], **MEMBERS[number % 5])
    return claims.claim(
        control_number=f"GPR-{number:05}", subscriber=veteran, **VARIATIONS[(number + number // 12) % 12]
    )


@pytest.fixture(scope="module")
def batch() -> tuple[ProfessionalClaim, ...]:
    return tuple(map(varied, range(60)))


def test_sixty_varied_claims_are_accepted(batch: tuple[ProfessionalClaim, ...]) -> None:
    file = write_837p(batch, envelope=claims.envelope())

    assert complaints(file) == []
    assert len(named(file, "CLM")) == 60


def test_sixty_varied_claims_pass_the_scrub(batch: tuple[ProfessionalClaim, ...]) -> None:
    findings = [scrub(claim, today=claims.TODAY, filing_limit_days=180) for claim in batch]

    assert findings == [()] * 60


def test_several_transactions_in_a_file_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.x12.claim_837p.CLAIMS_PER_TRANSACTION", 2)

    file = write_837p([claims.claim(control_number=f"GPR-{n}") for n in range(5)], envelope=claims.envelope())

    assert complaints(file) == []


@given(
    charge=st.decimals(allow_nan=False, allow_infinity=False),
    quantity=st.decimals(allow_nan=False, allow_infinity=False),
    units=st.integers(min_value=-(10**9), max_value=10**9),
    pointers=st.lists(st.integers(min_value=-1, max_value=13), max_size=5),
)
@example(charge=Decimal("99999999.99"), quantity=Decimal("99999999.999"), units=1, pointers=[2, 1])
def test_whatever_passes_the_scrub_can_be_written(
    charge: Decimal, quantity: Decimal, units: int, pointers: list[int]
) -> None:
    drug = Drug("42023011410", "ML", quantity)
    line = claims.drug_line(charge=charge, units=units, drug=drug, diagnosis_pointers=tuple(pointers))
    claim = claims.claim(lines=(line,))

    if not scrub(claim, today=claims.TODAY, filing_limit_days=180):
        sv1 = named(write_837p([claim], envelope=claims.envelope()), "SV1")[0]
        assert (Decimal(sv1[2]), sv1[4]) == (charge, str(units))


@pytest.mark.parametrize(
    "fault",
    [
        {"subscriber": claims.subscriber(sex="X")},
        {"subscriber": claims.subscriber(last_name="محمد")},
        {"diagnoses": (*TWELVE, "R4589")},
        {"lines": tuple(claims.line(n) for n in range(1, 52))},
        {"place_of_service": "ZZ"},
    ],
    ids=["sex", "a name without a Latin letter", "13 diagnoses", "51 lines", "place of service"],
)
def test_the_validator_is_awake(fault: dict[str, Any]) -> None:
    assert complaints(write_837p([claims.claim(**fault)], envelope=claims.envelope())) != []


def twisted(line: ServiceLine, **changes: Any) -> dict[str, Any]:
    return {"lines": (replace(line, **changes),)}


# what the guide or VA forbids and pyx12 lets pass, with the rule of ours that does not
UNSEEN: dict[str, tuple[dict[str, Any], str]] = {
    "NPI check digit": ({"referring": replace(claims.REFERRER, npi="1400000134")}, "CLAIM-05"),
    "NPI length": ({"referring": replace(claims.REFERRER, npi="140000013")}, "CLAIM-05"),
    "diagnosis with its dot": ({"diagnoses": ("F33.2", "F4310")}, "CLAIM-04"),
    "diagnosis that is none": ({"diagnoses": ("FALSE", "F4310")}, "CLAIM-04"),
    "frequency": ({"frequency_code": "5"}, "CLAIM-20"),
    "ZIP of the billing provider": (
        {"billing_provider": replace(claims.CLINIC, address=replace(claims.CLINIC.address, zip_code="97103"))},
        "CLAIM-09",
    ),
    "ZIP of the facility": (
        {"facility": replace(claims.INFUSION_SUITE, address=Address("40 Ferry Lane", "Seaside", "OR", "97138"))},
        "CLAIM-18",
    ),
    "pointer past the diagnoses": (twisted(claims.line(), diagnosis_pointers=(1, 3)), "CLAIM-10"),
    "replacement of nothing": ({"frequency_code": "7"}, "CLAIM-20"),
    "void of nothing": ({"frequency_code": "8"}, "CLAIM-20"),
    "control number over 20": ({"control_number": "GPR-00001-00001-00001"}, "CLAIM-21"),
    "state of another country": (
        {"subscriber": claims.subscriber(address=replace(claims.VETERAN.address, state="ON"))},
        "CLAIM-18",
    ),
    "total": ({"total_charge": Decimal("687.49")}, "CLAIM-06"),
    "units below zero": (twisted(claims.line(), units=-1), "CLAIM-10"),
    "no birth date and sex": ({"subscriber": claims.subscriber(birth_date=None, sex="")}, "CLAIM-07"),
}


@pytest.mark.parametrize(("fault", "code"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_the_validator_does_not_see_the_scrub_does(fault: dict[str, Any], code: str) -> None:
    findings = scrub(claims.claim(**fault), today=claims.TODAY, filing_limit_days=180)

    assert {finding.code for finding in findings} == {code}


def test_the_validator_alone_would_let_those_faults_pass() -> None:
    sent = [claims.claim(**fault) for name, (fault, _) in UNSEEN.items() if name != "no birth date and sex"]

    assert complaints(write_837p(sent, envelope=claims.envelope())) == []


def test_the_qualifier_of_icd_9_cannot_be_written(batch: tuple[ProfessionalClaim, ...]) -> None:
    file = write_837p(batch, envelope=claims.envelope())

    qualifiers = {code.split(":")[0] for diagnoses in named(file, "HI") for code in diagnoses[1:]}

    assert qualifiers == {"ABK", "ABF"}


def test_birth_and_sex_are_written_for_every_veteran(batch: tuple[ProfessionalClaim, ...]) -> None:
    file = write_837p(batch, envelope=claims.envelope())

    assert [len(demographics) for demographics in named(file, "DMG")] == [4] * 60
