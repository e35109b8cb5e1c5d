"""Each rule of the scrub, with claims that break it and claims on the near side of the line."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.claim import Address, Drug, MemberIdKind, Payer, PayerRoute, ProfessionalClaim
from billing.domain.findings import ScrubContext
from billing.domain.scrub import RULES, scrub
from tests.billing import claims
from vca.domain.periods import Period
from vca.domain.rules import CATALOGUE, Severity

LIMIT = 180


def found(claim: ProfessionalClaim, *, today: date = claims.TODAY) -> list[tuple[str, str, str]]:
    findings = scrub(claim, today=today, filing_limit_days=LIMIT)
    return [(finding.code, finding.field, finding.message) for finding in findings]


def with_line(**changes: Any) -> ProfessionalClaim:
    """Return a claim of a good first line and a second one with those changes."""
    return claims.claim(lines=(claims.line(1), claims.line(2, **changes)))


def with_drug_line(**changes: Any) -> ProfessionalClaim:
    return claims.claim(lines=(claims.line(1), claims.drug_line(2, **changes)))


def with_veteran(**changes: Any) -> ProfessionalClaim:
    return claims.claim(subscriber=claims.subscriber(**changes))


def with_veteran_at(**changes: Any) -> ProfessionalClaim:
    return with_veteran(address=replace(claims.VETERAN.address, **changes))


def with_clinic(**changes: Any) -> ProfessionalClaim:
    return claims.claim(billing_provider=replace(claims.CLINIC, **changes))


def with_clinic_at(**changes: Any) -> ProfessionalClaim:
    return with_clinic(address=replace(claims.CLINIC.address, **changes))


def with_facility(**changes: Any) -> ProfessionalClaim:
    return claims.claim(facility=replace(claims.INFUSION_SUITE, **changes))


PLAIN_FORM = "It is not in the plain form that is sent: capitals, no spaces, dots or hyphens."
CHECK_DIGIT = "Its check digit does not fit, so at least one digit is wrong."
BAD_NPI = "1400000134"

BROKEN: tuple[tuple[ProfessionalClaim, str, str, str], ...] = (
    (claims.claim(referral_number=""), "CLAIM-01", "referral_number",
     "The VA referral number cannot be sent. It is missing."),
    (claims.claim(referral_number="VA00000O0017"), "CLAIM-01", "referral_number",
     "The VA referral number cannot be sent. It has the letter O where VA prints a zero."),
    (claims.claim(referral_number="va 0000000017"), "CLAIM-01", "referral_number",
     f"The VA referral number cannot be sent. {PLAIN_FORM}"),
    (with_line(service_date=date(2026, 8, 31)), "CLAIM-02", "lines.2.service_date",
     "Line 2 of 31 Aug 2026 is before the first authorized day, 1 Sep 2026."),
    (claims.claim(authorized=Period(None, date(2026, 11, 2)), lines=(claims.line(),)), "CLAIM-02",
     "lines.1.service_date", "Line 1 of 3 Nov 2026 is after the last authorized day, 2 Nov 2026."),
    (with_veteran(member_id="1000000001V00001"), "CLAIM-03", "subscriber.member_id",
     "The Veteran's ICN cannot be sent. It is too short or too long."),
    (with_veteran(member_id_kind=MemberIdKind.EDIPI), "CLAIM-03", "subscriber.member_id",
     "The Veteran's EDIPI cannot be sent. It has a character that is not a digit."),
    (with_veteran(member_id="000121234", member_id_kind=MemberIdKind.SSN), "CLAIM-03", "subscriber.member_id",
     "The Veteran's SSN cannot be sent. It is a number that Social Security never assigns."),
    (claims.claim(diagnoses=("F332", "F43.10")), "CLAIM-04", "diagnoses.2",
     f"Diagnosis 2 is not an ICD-10-CM code. {PLAIN_FORM}"),
    (claims.claim(diagnoses=("F332", "29633")), "CLAIM-04", "diagnoses.2",
     "Diagnosis 2 is not an ICD-10-CM code. It is not a letter, a digit and one to five letters or digits."),
    (claims.claim(diagnoses=("F332", "F332")), "CLAIM-04", "diagnoses.2", "Diagnosis 2 is on the claim twice."),
    (claims.claim(diagnoses=tuple(f"F4{n}" for n in range(10, 23))), "CLAIM-04", "diagnoses",
     "The claim has 13 diagnoses, and must have 1 to 12."),
    (with_clinic(npi=BAD_NPI), "CLAIM-05", "billing_provider.npi",
     f"The NPI of the billing provider cannot be sent. {CHECK_DIGIT}"),
    (claims.claim(referring=replace(claims.REFERRER, npi="")), "CLAIM-05", "referring.npi",
     "The NPI of the referring clinician cannot be sent. It is missing."),
    (with_facility(npi="140000013"), "CLAIM-05", "facility.npi",
     "The NPI of the place of service cannot be sent. It is too short or too long."),
    (with_line(rendering=replace(claims.THERAPIST, npi=BAD_NPI)), "CLAIM-05", "lines.2.rendering.npi",
     f"The NPI of the clinician of line 2 of 3 Nov 2026 cannot be sent. {CHECK_DIGIT}"),
    (claims.claim(total_charge=Decimal("687.49")), "CLAIM-06", "total_charge",
     "The total charge is 687.49, and the lines add up to 687.50."),
    (with_line(charge=Decimal("0.00")), "CLAIM-06", "lines.2.charge",
     "Line 2 of 3 Nov 2026 has no charge in dollars and cents above zero."),
    (with_line(charge=Decimal("-1.00")), "CLAIM-06", "lines.2.charge",
     "Line 2 of 3 Nov 2026 has no charge in dollars and cents above zero."),
    (with_line(charge=Decimal("1.005")), "CLAIM-06", "lines.2.charge",
     "Line 2 of 3 Nov 2026 has no charge in dollars and cents above zero."),
    (with_line(charge=Decimal("100000000.00")), "CLAIM-06", "lines.2.charge",
     "Line 2 of 3 Nov 2026 has no charge in dollars and cents above zero."),
    (with_veteran_at(street=" "), "CLAIM-07", "subscriber.address.street", "The Veteran's street is missing."),
    (with_veteran_at(city=""), "CLAIM-07", "subscriber.address.city", "The Veteran's city is missing."),
    (with_veteran_at(city="A"), "CLAIM-07", "subscriber.address.city", "The Veteran's city is missing."),
    (with_veteran(birth_date=None), "CLAIM-07", "subscriber.birth_date", "The Veteran's date of birth is missing."),
    (with_veteran(birth_date=date(2026, 11, 24)), "CLAIM-07", "subscriber.birth_date",
     "The Veteran's date of birth cannot be right."),
    (with_veteran(birth_date=date(1899, 12, 31)), "CLAIM-07", "subscriber.birth_date",
     "The Veteran's date of birth cannot be right."),
    (with_veteran(sex=""), "CLAIM-07", "subscriber.sex", "The Veteran's sex is missing: F, M, or U for unknown."),
    (claims.claim(payer_route=PayerRoute.NETWORK), "CLAIM-08", "payer_route",
     "The referral belongs to the network: its administrator is billed, through its own channel."),
    (claims.claim(payer_route=PayerRoute.UNKNOWN), "CLAIM-08", "payer_route",
     "The referral has no affiliation on file, so it is not known who pays."),
    (claims.claim(payer=Payer("", "12115")), "CLAIM-08", "payer.name", "The payer's name is missing."),
    (claims.claim(payer=Payer("VA", "")), "CLAIM-08", "payer.payer_id", "The payer's electronic payer id is missing."),
    (with_clinic(name=""), "CLAIM-09", "billing_provider.name", "The billing provider's name is missing."),
    (with_clinic_at(street=""), "CLAIM-09", "billing_provider.address.street",
     "The billing provider's street is missing."),
    (with_clinic_at(city=""), "CLAIM-09", "billing_provider.address.city", "The billing provider's city is missing."),
    (with_clinic_at(street="P.O. Box 88"), "CLAIM-09", "billing_provider.address.street",
     "The billing provider's address is a post office box, and must be a street."),
    (with_clinic_at(zip_code="97103"), "CLAIM-09", "billing_provider.address.zip_code",
     "The billing provider's ZIP code cannot be sent. It needs all nine digits."),
    (with_clinic(tax_id="93000017"), "CLAIM-09", "billing_provider.tax_id",
     "The billing provider's tax number cannot be sent. It is too short or too long."),
    (with_clinic(taxonomy=""), "CLAIM-09", "billing_provider.taxonomy",
     "The billing provider's taxonomy code cannot be sent. It is missing."),
    (with_line(code="9636"), "CLAIM-10", "lines.2.code",
     "Line 2 of 3 Nov 2026 has no CPT or HCPCS code that can be sent. It is too short or too long."),
    (with_line(modifiers=("25", "9")), "CLAIM-10", "lines.2.modifiers",
     "Line 2 of 3 Nov 2026 has more than 4 modifiers, or one that is not two letters or digits."),
    (with_line(modifiers=("25", "59", "GT", "95", "GQ")), "CLAIM-10", "lines.2.modifiers",
     "Line 2 of 3 Nov 2026 has more than 4 modifiers, or one that is not two letters or digits."),
    (with_line(units=0), "CLAIM-10", "lines.2.units", "Line 2 of 3 Nov 2026 has no units above zero."),
    (with_line(units=-1), "CLAIM-10", "lines.2.units", "Line 2 of 3 Nov 2026 has no units above zero."),
    (with_line(diagnosis_pointers=()), "CLAIM-10", "lines.2.diagnosis_pointers",
     "Line 2 of 3 Nov 2026 does not point to 1 to 4 different diagnoses."),
    (with_line(diagnosis_pointers=(1, 1)), "CLAIM-10", "lines.2.diagnosis_pointers",
     "Line 2 of 3 Nov 2026 does not point to 1 to 4 different diagnoses."),
    (with_line(diagnosis_pointers=(1, 3)), "CLAIM-10", "lines.2.diagnosis_pointers",
     "Line 2 of 3 Nov 2026 points to a diagnosis that the claim does not have."),
    (with_line(diagnosis_pointers=(0,)), "CLAIM-10", "lines.2.diagnosis_pointers",
     "Line 2 of 3 Nov 2026 points to a diagnosis that the claim does not have."),
    (with_drug_line(description=""), "CLAIM-11", "lines.2.description",
     "Line 2 of 3 Nov 2026 bills a drug under an unclassified code and does not name it."),
    (with_drug_line(drug=None), "CLAIM-11", "lines.2.drug",
     "Line 2 of 3 Nov 2026 bills a drug under an unclassified code without its NDC."),
    (with_drug_line(drug=replace(claims.KETAMINE, ndc="42023-114-10")), "CLAIM-11", "lines.2.drug.ndc",
     f"The NDC of line 2 of 3 Nov 2026 cannot be sent. {PLAIN_FORM}"),
    (with_drug_line(drug=replace(claims.KETAMINE, unit="MG")), "CLAIM-11", "lines.2.drug.unit",
     "The drug of line 2 of 3 Nov 2026 is not measured in F2, GR, ME, ML or UN."),
    (with_drug_line(drug=replace(claims.KETAMINE, quantity=Decimal(0))), "CLAIM-11", "lines.2.drug.quantity",
     "The drug of line 2 of 3 Nov 2026 has no quantity above zero with three places at most."),
    (with_drug_line(drug=replace(claims.KETAMINE, quantity=Decimal("0.8601"))), "CLAIM-11", "lines.2.drug.quantity",
     "The drug of line 2 of 3 Nov 2026 has no quantity above zero with three places at most."),
    (replace(with_line(service_date=claims.TODAY - timedelta(days=181)), authorized=Period(None, None)), "CLAIM-12",
     "lines.2.service_date", "Line 2 of 26 May 2026 had to be filed by 22 Nov 2026."),
    (with_line(code="96366", authorized_codes=frozenset({"96365", "J3490"})), "CLAIM-13", "lines.2.code",
     "Line 2 of 3 Nov 2026 bills 96366, which VA's authorization does not list for that service."),
    (claims.claim(lines=()), "CLAIM-15", "lines", "The claim has 0 lines, and must have 1 to 50."),
    (claims.claim(lines=tuple(claims.line(n) for n in range(1, 52))), "CLAIM-15", "lines",
     "The claim has 51 lines, and must have 1 to 50."),
    (with_veteran_at(state="XX"), "CLAIM-18", "subscriber.address.state", "The state of the Veteran does not exist."),
    (with_clinic_at(state="or"), "CLAIM-18", "billing_provider.address.state",
     "The state of the billing provider does not exist."),
    (with_veteran_at(zip_code="9714"), "CLAIM-18", "subscriber.address.zip_code",
     "The ZIP code of the Veteran cannot be sent. It is too short or too long."),
    (with_facility(address=Address("40 Ferry Lane", "Seaside", "OR", "97138")), "CLAIM-18", "facility.address.zip_code",
     "The ZIP code of the place of service cannot be sent. It needs all nine digits."),
    (with_facility(address=Address("", "Seaside", "OR", "971380040")), "CLAIM-18", "facility.address.street",
     "The street of the place of service is missing."),
    (with_clinic(pay_to=Address("PO Box 88", "Astoria", "OR", "97103")), "CLAIM-18", "billing_provider.pay_to.zip_code",
     "The ZIP code of the pay-to address cannot be sent. It needs all nine digits."),
    (claims.claim(place_of_service="29"), "CLAIM-18", "place_of_service",
     "The claim's place of service cannot be sent. No place of service has that code."),
    (with_line(place_of_service=""), "CLAIM-18", "lines.2.place_of_service",
     "The place of service of line 2 of 3 Nov 2026 cannot be sent. It is missing."),
    (claims.claim(frequency_code="5"), "CLAIM-20", "frequency_code", "The frequency code is not 1, 7 or 8."),
    (claims.claim(frequency_code="7"), "CLAIM-20", "original_claim_number",
     "The claim replaces or voids an earlier one, and VA's number of that one is missing."),
    (claims.claim(frequency_code="8"), "CLAIM-20", "original_claim_number",
     "The claim replaces or voids an earlier one, and VA's number of that one is missing."),
    (claims.claim(original_claim_number="2026310000012345"), "CLAIM-20", "original_claim_number",
     "The claim is an original, and yet it names an earlier claim."),
    (claims.claim(control_number="GPR-00001-00001"), "CLAIM-21", "control_number",
     "The claim's control number is not 1 to 14 capital letters, digits and hyphens."),
    (claims.claim(control_number="gpr-1"), "CLAIM-21", "control_number",
     "The claim's control number is not 1 to 14 capital letters, digits and hyphens."),
    (with_line(control_number=""), "CLAIM-21", "lines.2.control_number",
     "The control number of line 2 of 3 Nov 2026 is not 1 to 30 capital letters, digits and hyphens."),
    (with_line(control_number="L0001"), "CLAIM-21", "lines.2.control_number",
     "The control number of line 2 of 3 Nov 2026 is that of another line too."),
    (with_veteran(last_name="محمد"), "CLAIM-22", "subscriber.last_name",
     "The Veteran's last name is missing, or has no Latin letter."),
    (with_facility(name="😀"), "CLAIM-22", "facility.name",
     "The name of the place of service is missing, or has no Latin letter."),
    (claims.claim(referring=replace(claims.REFERRER, last_name="")), "CLAIM-22", "referring.last_name",
     "The last name of the referring clinician is missing, or has no Latin letter."),
    (with_line(rendering=replace(claims.THERAPIST, last_name="山田")), "CLAIM-22", "lines.2.rendering.last_name",
     "The last name of the clinician of line 2 of 3 Nov 2026 is missing, or has no Latin letter."),
    (with_line(service_date=date(2026, 11, 24)), "CLAIM-23", "lines.2.service_date",
     "Line 2 of 24 Nov 2026 lies in the future."),
)  # fmt: skip

# on the near side of the line, by the rule that would be wrong to speak
SOUND: tuple[tuple[str, ProfessionalClaim], ...] = (
    ("CLAIM-01", claims.claim(referral_number="402-123456-1")),
    ("CLAIM-01", claims.claim(referral_number="402-PC-1234567")),
    ("CLAIM-02", claims.claim(authorized=Period(claims.VISIT_DAY, claims.VISIT_DAY))),
    ("CLAIM-02", claims.claim(authorized=Period(None, None))),
    ("CLAIM-03", with_veteran(member_id="1005423190", member_id_kind=MemberIdKind.EDIPI)),
    ("CLAIM-03", with_veteran(member_id="219099999", member_id_kind=MemberIdKind.SSN)),
    ("CLAIM-04", claims.claim(diagnoses=tuple(f"F4{n}" for n in range(10, 22)))),
    ("CLAIM-04", claims.claim(diagnoses=("F332",), lines=(claims.line(diagnosis_pointers=(1,)),))),
    ("CLAIM-05", with_facility(npi=claims.npi_of(40_000_050))),
    ("CLAIM-05", claims.claim(referring=None)),
    ("CLAIM-06", with_line(charge=Decimal("0.01"))),
    ("CLAIM-06", with_line(charge=Decimal("99999999.99"))),
    ("CLAIM-07", with_veteran(birth_date=date(1900, 1, 1), sex="U")),
    ("CLAIM-07", with_veteran(birth_date=claims.TODAY, sex="M")),
    ("CLAIM-07", with_veteran_at(city="Ai")),
    ("CLAIM-08", claims.claim(payer=Payer("Department of Veterans Affairs", "VAXYZ"))),
    ("CLAIM-09", with_clinic(pay_to=Address("PO Box 88", "Astoria", "OR", "971030088"))),
    ("CLAIM-09", with_clinic_at(street="12 Boxwood Lane")),
    ("CLAIM-10", with_line(modifiers=("25", "59", "GT", "95"), diagnosis_pointers=(2,), units=8)),
    ("CLAIM-10", claims.claim(diagnoses=("F332", "F4310", "G8921", "Z590"),
                              lines=(claims.line(diagnosis_pointers=(4, 3, 2, 1)),))),
    ("CLAIM-11", with_drug_line(drug=Drug("00409205105", "UN", Decimal("0.001")))),
    *(("CLAIM-11", with_drug_line(drug=replace(claims.KETAMINE, unit=unit))) for unit in ("F2", "GR", "ME", "ML")),
    ("CLAIM-11", with_drug_line(drug=replace(claims.KETAMINE, quantity=Decimal("99999999.999")))),
    ("CLAIM-11", with_line(code="J0013", drug=None)),
    ("CLAIM-12", claims.claim(lines=(claims.line(service_date=claims.TODAY - timedelta(days=LIMIT)),),
                              authorized=Period(None, None))),
    ("CLAIM-13", with_line(code="96366", authorized_codes=frozenset({"96366"}))),
    ("CLAIM-13", claims.claim(lines=(claims.line(1, authorized_codes=frozenset({"96365"})),
                                     claims.line(2, code="90834")))),
    ("CLAIM-15", claims.claim(lines=tuple(claims.line(n) for n in range(1, 51)))),
    ("CLAIM-18", with_veteran_at(state="AE", zip_code="096310001")),
    ("CLAIM-18", claims.claim(place_of_service="12", facility=replace(
        claims.INFUSION_SUITE, address=Address("7 Lantern Court", "Warrenton", "OR", "97146")))),
    ("CLAIM-20", claims.claim(frequency_code="7", original_claim_number="2026310000012345")),
    ("CLAIM-20", claims.claim(frequency_code="8", original_claim_number="2026310000012345")),
    ("CLAIM-21", claims.claim(control_number="GPR-0000000001")),
    ("CLAIM-22", with_veteran(last_name="Łuczak-Müller", first_name="محمد")),
    ("CLAIM-23", with_line(service_date=claims.TODAY)),
)  # fmt: skip

CODES = {f"CLAIM-{n:02}" for n in (*range(1, 14), 15, 18, 20, 21, 22, 23)}


def test_a_whole_claim_has_no_finding() -> None:
    assert found(claims.claim()) == []


@pytest.mark.parametrize(("claim", "code", "field", "message"), BROKEN, ids=[f"{b[1]} {b[2]}" for b in BROKEN])
def test_a_broken_claim_has_that_one_finding(claim: ProfessionalClaim, code: str, field: str, message: str) -> None:
    assert found(claim) == [(code, field, message)]


@pytest.mark.parametrize(("code", "claim"), SOUND, ids=[code for code, _ in SOUND])
def test_a_claim_on_the_near_side_of_the_line_has_none(code: str, claim: ProfessionalClaim) -> None:
    assert found(claim) == []


@pytest.mark.parametrize("claim", [b[0] for b in BROKEN], ids=[f"{b[1]} {b[2]}" for b in BROKEN])
def test_without_its_rule_a_broken_claim_would_pass(claim: ProfessionalClaim) -> None:
    context = ScrubContext(today=claims.TODAY, filing_limit_days=LIMIT)

    speaking = [rule for rule in RULES if list(rule(claim, context))]

    assert len(speaking) == 1


def test_every_code_has_a_broken_and_a_sound_claim() -> None:
    assert {code for _, code, _, _ in BROKEN} == CODES
    assert {code for code, _ in SOUND} == CODES


def test_every_code_blocks() -> None:
    assert {CATALOGUE[code].severity for code in CODES} == {Severity.BLOCK}


@pytest.mark.parametrize("claim", [b[0] for b in BROKEN], ids=[f"{b[1]} {b[2]}" for b in BROKEN])
def test_no_message_tells_who_the_veteran_is(claim: ProfessionalClaim) -> None:
    veteran = claim.subscriber
    private = [veteran.last_name, veteran.first_name, veteran.member_id, claim.referral_number, *claim.diagnoses]

    messages = " ".join(message for _, _, message in found(claim))

    assert [value for value in private if value and value in messages] == []


def test_a_claim_without_a_diagnosis_has_nothing_to_point_to() -> None:
    assert [code for code, _, _ in found(claims.claim(diagnoses=(), lines=(claims.line(),)))] == [
        "CLAIM-04",
        "CLAIM-10",
    ]


def test_findings_come_in_the_order_of_the_rules() -> None:
    several = claims.claim(referral_number="", frequency_code="5", total_charge=Decimal(1))

    assert [code for code, _, _ in found(several)] == ["CLAIM-01", "CLAIM-06", "CLAIM-20"]


def test_a_clinician_of_several_lines_is_named_once() -> None:
    doubtful = replace(claims.THERAPIST, npi=BAD_NPI)
    lines = (claims.line(1), claims.line(2, rendering=doubtful), claims.line(3, rendering=doubtful))

    assert [field for _, field, _ in found(claims.claim(lines=lines))] == ["lines.2.rendering.npi"]


@pytest.mark.parametrize(("days_later", "codes"), [(180, []), (181, ["CLAIM-12"])])
def test_the_last_filing_day_is_the_day_of_service_and_the_limit(days_later: int, codes: list[str]) -> None:
    claim = claims.claim(lines=(claims.line(),))

    findings = found(claim, today=claims.VISIT_DAY + timedelta(days=days_later))

    assert [code for code, _, _ in findings] == codes


@given(member_id=st.text(), referral_number=st.text(), code=st.text(), zip_code=st.text(), diagnosis=st.text())
def test_no_text_makes_the_scrub_fail(
    member_id: str, referral_number: str, code: str, zip_code: str, diagnosis: str
) -> None:
    veteran = claims.subscriber(member_id=member_id, address=replace(claims.VETERAN.address, zip_code=zip_code))
    line = claims.line(code=code, diagnosis_pointers=(1,))

    claim = claims.claim(subscriber=veteran, referral_number=referral_number, lines=(line,), diagnoses=(diagnosis,))

    assert {code for code, _, _ in found(claim)} <= CODES


def test_claim_of_a_corrected_visit_is_built_again_before_anything_else_is_said() -> None:
    outdated = claims.claim(corrected_days=(date(2026, 11, 3), date(2026, 11, 5)), referral_number="", total_charge=0)

    found = scrub(outdated, today=claims.TODAY, filing_limit_days=180)

    assert [(one.code, one.message) for one in found] == [
        ("CLAIM-25", "The visit of 3 Nov 2026 was corrected after this draft was made. Build it again."),
        ("CLAIM-25", "The visit of 5 Nov 2026 was corrected after this draft was made. Build it again."),
    ]
