"""The 837P of whole claims, against text written out by hand from the guide's table of loops."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from billing.domain.claim import Address, Clinician, ProfessionalClaim, ServiceLine, Usage
from billing.x12 import claim_837p
from billing.x12.claim_837p import NothingToSend, TrialClaimInProduction, write_837p
from tests.billing import claims
from tests.billing.x12.reading import named

WHOLE_FILE = """\
ISA*00*          *00*          *ZZ*GULLPT01       *ZZ*EXCLEAR        *261123*0930*^*00501*000000007*0*T*:~
GS*HC*GULLPT01*EXCLEAR*20261123*0930*3*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00*B000000007*20261123*0930*CH~
NM1*41*2*GULL POINT RECOVERY CLINIC LLC*****46*GULLPT01~
PER*IC*BILLING OFFICE*TE*5035550100~
NM1*40*2*EXAMPLE CLEARINGHOUSE*****46*EXCLEAR~
HL*1**20*1~
PRV*BI*PXC*261QM0855X~
NM1*85*2*GULL POINT RECOVERY CLINIC LLC*****XX*1400000018~
N3*12 HERON ROW*FLOOR 2~
N4*ASTORIA*OR*971030012~
REF*EI*930000017~
HL*2*1*22*0~
SBR*P*18*******VA~
NM1*IL*1*QUILLFEATHER*AVERY*R***MI*1000000001V000001~
N3*7 LANTERN COURT~
N4*WARRENTON*OR*97146~
DMG*D8*19790412*F~
NM1*PR*2*VA*****PI*12115~
CLM*GPR-00001*687.5***11:B:1*Y*A*Y*Y~
REF*G1*VA0000000017~
HI*ABK:F332*ABF:F4310~
NM1*DN*1*BRANDT*ILSE****XX*1400000133~
NM1*82*1*OKAFOR-LIND*MAREN****XX*1400000117~
PRV*PE*PXC*207L00000X~
NM1*77*2*GULL POINT INFUSION SUITE~
N3*40 FERRY LANE~
N4*SEASIDE*OR*971380040~
LX*1~
SV1*HC:96365*450*UN*1***1:2~
DTP*472*D8*20261103~
REF*6R*L0001~
LX*2~
SV1*HC:96366*150*UN*1***1:2~
DTP*472*D8*20261103~
REF*6R*L0002~
LX*3~
SV1*HC:J3490:::::KETAMINE HCL 50 MG/ML INJ*87.5*UN*1***1:2~
DTP*472*D8*20261103~
REF*6R*L0003~
LIN**N4*42023011410~
CTP****.86*ML~
SE*42*0001~
GE*1*3~
IEA*1*000000007~
"""


def written(*sent: ProfessionalClaim) -> bytes:
    return write_837p(sent, envelope=claims.envelope())


def loops(lines: Sequence[ServiceLine], **changes: object) -> list[str]:
    """Return the names of the segments from CLM to the last line of one claim, with their first element."""
    segments = claim_837p.claim_loops(claims.claim(lines=tuple(lines), **changes))
    return [f"{segment[0]}*{segment[1]}" for segment in segments]


def test_a_claim_of_an_infusion_is_written_in_the_order_of_the_guide() -> None:
    assert written(claims.claim()).decode("ascii") == WHOLE_FILE


def test_several_veterans_hang_under_one_billing_provider() -> None:
    file = written(*(claims.claim(control_number=f"GPR-{n}") for n in range(3)))

    assert named(file, "HL") == [
        ["HL", "1", "", "20", "1"],
        ["HL", "2", "1", "22", "0"],
        ["HL", "3", "1", "22", "0"],
        ["HL", "4", "1", "22", "0"],
    ]


def test_another_billing_provider_opens_a_level_of_its_own() -> None:
    other = replace(claims.CLINIC, name="Tern Bay Clinic", npi=claims.npi_of(40_000_099))
    first, second = claims.claim(control_number="A"), claims.claim(control_number="B", billing_provider=other)

    file = written(first, second, replace(first, control_number="C"))

    assert [level[1:4] for level in named(file, "HL")] == [
        ["1", "", "20"],
        ["2", "1", "22"],
        ["3", "1", "22"],
        ["4", "", "20"],
        ["5", "4", "22"],
    ]
    assert [claim[1] for claim in named(file, "CLM")] == ["A", "C", "B"]


def test_one_clinician_of_all_lines_stands_on_the_claim_alone() -> None:
    assert loops([claims.line(1), claims.line(2)]) == [
        *("CLM*GPR-00001", "REF*G1", "HI*('ABK', 'F332')", "NM1*DN"),
        *("NM1*82", "PRV*PE", "NM1*77", "N3*40 FERRY LANE", "N4*SEASIDE"),
        *("LX*1", "SV1*('HC', '96365', '', '', '', '', '')", "DTP*472", "REF*6R"),
        *("LX*2", "SV1*('HC', '96365', '', '', '', '', '')", "DTP*472", "REF*6R"),
    ]


def test_another_clinician_stands_on_their_own_line() -> None:
    therapy = claims.line(2, code="90834", rendering=claims.THERAPIST)

    assert loops([claims.line(1), therapy, claims.line(3)])[9:] == [
        *("LX*1", "SV1*('HC', '96365', '', '', '', '', '')", "DTP*472", "REF*6R"),
        *("LX*2", "SV1*('HC', '90834', '', '', '', '', '')", "DTP*472", "REF*6R", "NM1*82", "PRV*PE"),
        *("LX*3", "SV1*('HC', '96365', '', '', '', '', '')", "DTP*472", "REF*6R"),
    ]


def test_a_clinician_who_is_the_billing_provider_is_not_named_again() -> None:
    alone = Clinician("Okafor-Lind", "Maren", claims.CLINIC.npi, "207L00000X")

    assert [name for name in loops([claims.line(rendering=alone)]) if name == "NM1*82"] == []


def test_a_clinician_without_taxonomy_has_no_prv() -> None:
    plain = replace(claims.INFUSIONIST, taxonomy="")

    assert [name for name in loops([claims.line(rendering=plain)]) if name == "PRV*PE"] == []


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({}, ["NM1*77"]),
        ({"facility": replace(claims.INFUSION_SUITE, address=claims.CLINIC.address)}, []),
        ({"place_of_service": "12"}, []),
    ],
    ids=["elsewhere", "at the billing address", "at home"],
)
def test_the_facility_is_sent_only_where_it_is_elsewhere(changes: dict[str, object], sent: list[str]) -> None:
    assert [name for name in loops([claims.line()], **changes) if name == "NM1*77"] == sent


def test_a_facility_with_an_npi_names_it() -> None:
    suite = replace(claims.INFUSION_SUITE, npi=claims.npi_of(40_000_050))

    facility = named(written(claims.claim(facility=suite)), "NM1")[-1]

    assert facility == ["NM1", "77", "2", "GULL POINT INFUSION SUITE", "", "", "", "", "XX", suite.npi]


def test_a_claim_without_referring_clinician_has_no_loop_2310a() -> None:
    assert [name for name in loops([claims.line()], referring=None) if name == "NM1*DN"] == []


@pytest.mark.parametrize("frequency_code", ["7", "8"])
def test_a_replacement_or_void_names_the_claim_of_the_payer_after_the_referral(frequency_code: str) -> None:
    again = claims.claim(frequency_code=frequency_code, original_claim_number="2026310000012345")

    file = written(again)

    assert named(file, "CLM")[0][5] == f"11:B:{frequency_code}"
    assert named(file, "REF")[1:3] == [["REF", "G1", "VA0000000017"], ["REF", "F8", "2026310000012345"]]


def test_twelve_diagnoses_stand_in_one_segment_under_icd_10_qualifiers() -> None:
    twelve = (*(f"F33{n}" for n in range(10)), "G8921", "Z590")

    assert named(written(claims.claim(diagnoses=twelve)), "HI") == [
        ["HI", "ABK:F330", *(f"ABF:{code}" for code in twelve[1:])]
    ]


def test_a_line_writes_modifiers_units_and_another_place() -> None:
    line = claims.line(modifiers=("25", "95"), units=3, charge=Decimal("99.10"), place_of_service="10")

    sv1 = named(written(claims.claim(lines=(line,))), "SV1")

    assert sv1 == [["SV1", "HC:96365:25:95", "99.1", "UN", "3", "10", "", "1:2"]]


def test_the_pay_to_address_follows_the_billing_provider() -> None:
    box = Address("PO Box 88", "Astoria", "OR", "971030088")

    file = written(claims.claim(billing_provider=replace(claims.CLINIC, pay_to=box)))

    assert named(file, "NM1")[3] == ["NM1", "87", "2"]
    assert named(file, "N3")[1] == ["N3", "PO BOX 88"]


def test_middle_name_and_suffix_have_their_places() -> None:
    file = written(claims.claim(subscriber=claims.subscriber(suffix="Jr.")))

    assert named(file, "NM1")[3][3:8] == ["QUILLFEATHER", "AVERY", "R", "", "JR."]


def test_more_than_5000_claims_go_on_in_a_further_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_837p, "CLAIMS_PER_TRANSACTION", 2)

    file = written(*(claims.claim(control_number=f"GPR-{n}") for n in range(5)))

    assert [start[2] for start in named(file, "ST")] == ["0001", "0002", "0003"]
    assert [beginning[3] for beginning in named(file, "BHT")] == ["B000000007", "B000000007-2", "B000000007-3"]
    assert [level[1] for level in named(file, "HL")] == ["1", "2", "3", "1", "2", "3", "1", "2"]
    assert named(file, "GE") == [["GE", "3", "3"]]


def test_a_transaction_holds_5000_claims() -> None:
    assert claim_837p.CLAIMS_PER_TRANSACTION == 5_000


def test_a_file_without_a_claim_is_refused() -> None:
    with pytest.raises(NothingToSend, match="CLAIM-17"):
        written()


def test_one_trial_claim_keeps_a_whole_file_out_of_production() -> None:
    real, trial = claims.claim(test_data=False), claims.claim(test_data=True)

    with pytest.raises(TrialClaimInProduction, match="CLAIM-24"):
        write_837p([real, trial], envelope=claims.envelope(usage=Usage.PRODUCTION))


def test_real_claims_go_to_production_and_to_a_test() -> None:
    real = claims.claim(test_data=False)

    files = [write_837p([real], envelope=claims.envelope(usage=usage)) for usage in Usage]

    assert [named(file, "ISA")[0][15] for file in files] == ["T", "P"]
