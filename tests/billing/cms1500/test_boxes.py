"""What a claim says in each box, against texts written out by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.cms1500.boxes import Sheet, dollars, full_name, phone, plain, sheets, supplement
from billing.domain.claim import Address, Drug, Payer, ProfessionalClaim, ServiceLine
from billing.domain.paper import SHIPPED, PaperRules, Totals
from tests.billing import claims

SIGNED_ON = date(2026, 11, 23)
WHOLE_SHEET = {
    "trial": "TEST DATA - NOT A CLAIM",
    "carrier.1": "VA",
    "1.other": "X",
    "1a": "1000000001V000001",
    "2": "QUILLFEATHER, AVERY, R",
    **{"3.month": "04", "3.day": "12", "3.year": "1979", "3.F": "X"},
    "4": "QUILLFEATHER, AVERY, R",
    "6.self": "X",
    **{"5.street": "7 LANTERN COURT", "5.city": "WARRENTON", "5.state": "OR", "5.zip": "97146"},
    **{"7.street": "7 LANTERN COURT", "7.city": "WARRENTON", "7.state": "OR", "7.zip": "97146"},
    **{"10a.no": "X", "10b.no": "X", "10c.no": "X"},
    **{"11c": "VA", "11d.no": "X", "12": "SIGNATURE ON FILE", "13": "SIGNATURE ON FILE"},
    **{"17.role": "DN", "17.name": "ILSE BRANDT", "17b": "1400000133", "20.no": "X"},
    **{"21.indicator": "0", "21.A": "F332", "21.B": "F4310", "23": "VA0000000017"},
    **{"24I.1.kind": "ZZ", "24J.1.other": "207L00000X", "24J.1.npi": "1400000117"},
    **{"24A.1.from.month": "11", "24A.1.from.day": "03", "24A.1.from.year": "26"},
    **{"24A.1.to.month": "11", "24A.1.to.day": "03", "24A.1.to.year": "26"},
    **{"24B.1": "11", "24D.1.code": "96365", "24E.1": "AB", "24F.1": "450 00", "24G.1": "1"},
    "24.2.supplement": "ZZKETAMINE HCL 50 MG/ML INJ   N442023011410   ML.86",
    **{"24I.2.kind": "ZZ", "24J.2.other": "207L00000X", "24J.2.npi": "1400000117"},
    **{"24A.2.from.month": "11", "24A.2.from.day": "03", "24A.2.from.year": "26"},
    **{"24A.2.to.month": "11", "24A.2.to.day": "03", "24A.2.to.year": "26"},
    **{"24B.2": "11", "24D.2.code": "J3490", "24E.2": "AB", "24F.2": "87 50", "24G.2": "1"},
    **{"25": "930000017", "25.ein": "X", "26": "GPR-00001", "27.yes": "X", "28": "537 50"},
    **{"31": "SIGNATURE ON FILE", "31.month": "11", "31.day": "23", "31.year": "26"},
    **{"32.name": "GULL POINT INFUSION SUITE", "32.street": "40 FERRY LANE", "32.city": "SEASIDE OR 97138-0040"},
    **{"33.area": "503", "33.phone": "555-0100", "33.name": "GULL POINT RECOVERY CLINIC LLC"},
    **{"33.street": "12 HERON ROW FLOOR 2", "33.city": "ASTORIA OR 97103-0012"},
    **{"33a": "1400000018", "33b.kind": "ZZ", "33b.number": "261QM0855X"},
}


BORN = {"3.month": "04", "3.day": "12", "3.year": "1979"}
HOME = {"5.street": "7 LANTERN COURT", "5.city": "WARRENTON", "5.state": "OR", "5.zip": "97146"}
PHONE = {"5.area": "503", "5.phone": "555-0199"}


def printed(claim: ProfessionalClaim, rules: PaperRules = SHIPPED) -> tuple[Sheet, ...]:
    return sheets(claim, signed_on=SIGNED_ON, rules=rules)


def sheet(**changes: object) -> Sheet:
    """Return the only sheet of a claim with those changes."""
    (only,) = printed(claims.claim(**changes))
    return only


def only(said: Sheet, *boxes: str) -> Sheet:
    """Return what a sheet says in these boxes."""
    return {key: text for key, text in said.items() if key.partition(".")[0] in boxes}


def services(count: int) -> tuple[ServiceLine, ...]:
    """Return so many services of ten dollars, the last of five."""
    return tuple(claims.line(n, charge=Decimal("10.00" if n < count else "5.25")) for n in range(1, count + 1))


def test_a_claim_of_an_infusion_and_its_drug_fills_these_boxes() -> None:
    assert sheet(lines=(claims.line(1), claims.drug_line(2))) == WHOLE_SHEET


@pytest.mark.parametrize(
    ("changes", "boxes", "said"),
    [
        ({"subscriber": claims.subscriber(sex="M")}, ["3"], BORN | {"3.M": "X"}),
        ({"subscriber": claims.subscriber(sex="U")}, ["3"], BORN),
        ({"subscriber": claims.subscriber(birth_date=None)}, ["3"], {"3.F": "X"}),
        ({"subscriber": claims.subscriber(phone="+1 (503) 555-0199")}, ["5"], HOME | PHONE),
        ({"referring": None}, ["17", "17b"], {}),
        ({"referring": claims.THERAPIST}, ["17"], {"17.role": "DN", "17.name": "WES J TANAKA"}),
        (
            {"frequency_code": "7", "original_claim_number": "2026310000012345"},
            ["22"],
            {"22.code": "7", "22.original": "2026310000012345"},
        ),
        ({"frequency_code": "8", "original_claim_number": "ab1"}, ["22"], {"22.code": "8", "22.original": "AB1"}),
        ({"place_of_service": "12"}, ["32", "32a"], {}),
        ({"facility": replace(claims.INFUSION_SUITE, npi="1400000018")}, ["32a"], {"32a": "1400000018"}),
        ({"test_data": False}, ["trial"], {}),
    ],
)
def test_box_follows_the_claim(changes: dict[str, object], boxes: list[str], said: Sheet) -> None:
    assert only(sheet(**changes), *boxes) == said


def test_twelve_diagnoses_go_from_a_to_l_row_by_row() -> None:
    twelve = tuple(f"F33{n:X}" for n in range(12))
    said = only(sheet(diagnoses=twelve, lines=(claims.line(diagnosis_pointers=(12, 1, 5, 9)),)), "21", "24E")
    assert said == {
        "21.indicator": "0",
        **{f"21.{letter}": code for letter, code in zip("ABCDEFGHIJKL", twelve, strict=True)},
        "24E.1": "LAEI",
    }


def test_four_modifiers_have_four_places() -> None:
    said = sheet(lines=(claims.line(modifiers=("25", "95", "GT", "59")),))
    assert {key: text for key, text in said.items() if "modifier" in key} == {
        "24D.1.modifier.1": "25",
        "24D.1.modifier.2": "95",
        "24D.1.modifier.3": "GT",
        "24D.1.modifier.4": "59",
    }


def test_each_line_names_its_own_clinician() -> None:
    said = sheet(lines=(claims.line(1), claims.line(2, rendering=claims.THERAPIST)))
    assert only(said, "24J") == {
        **{"24J.1.other": "207L00000X", "24J.1.npi": "1400000117"},
        **{"24J.2.other": "103TC0700X", "24J.2.npi": "1400000125"},
    }


def test_a_clinician_without_taxonomy_leaves_the_shaded_half_empty() -> None:
    said = sheet(lines=(claims.line(rendering=claims.REFERRER),))
    assert only(said, "24I", "24J") == {"24J.1.npi": "1400000133"}


def test_the_carrier_block_holds_the_address_without_a_gap() -> None:
    address = Address("PO Box 9", "Tampa", "FL", "336300780")
    said = sheet(payer=Payer("VA Claims Office", "12115", address))
    assert only(said, "carrier") == {
        "carrier.1": "VA CLAIMS OFFICE",
        "carrier.2": "PO BOX 9",
        "carrier.3": "TAMPA FL 33630-0780",
    }


def test_a_practice_may_write_its_name_shorter_on_paper() -> None:
    (said,) = printed(claims.claim(), PaperRules(billing_name="Gull Point Recovery"))
    assert said["33.name"] == "GULL POINT RECOVERY"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ["5 25"]),
        (6, ["55 25"]),
        (7, ["60 00", "5 25"]),
        (12, ["60 00", "55 25"]),
        (13, ["60 00", "60 00", "5 25"]),
        (50, ["60 00"] * 8 + ["15 25"]),
    ],
)
def test_six_services_go_on_a_sheet_and_each_sheet_has_its_sum(count: int, expected: list[str]) -> None:
    assert [one["28"] for one in printed(claims.claim(lines=services(count)))] == expected


def test_the_sum_may_stand_on_the_last_sheet_alone() -> None:
    found = printed(claims.claim(lines=services(13)), PaperRules(totals=Totals.LAST_SHEET))
    assert [one["28"] for one in found] == ["CONTINUED", "CONTINUED", "125 25"]


def test_further_sheets_repeat_all_but_the_services() -> None:
    first, second = printed(claims.claim(lines=services(7)))
    around = {key: text for key, text in first.items() if not key.startswith(("24", "28"))}
    assert {key: text for key, text in second.items() if not key.startswith(("24", "28"))} == around
    assert {key.split(".")[1] for key in second if key.startswith("24")} == {"1"}


@pytest.mark.parametrize(
    ("description", "drug", "spaces", "said"),
    [
        ("", None, 3, ""),
        ("", claims.KETAMINE, 3, "N442023011410   ML.86"),
        ("", claims.KETAMINE, 1, "N442023011410 ML.86"),
        ("Ketamine, 0.5 mg/mL", None, 3, "ZZKETAMINE 0.5 MG/ML"),
        ("", Drug("00143950910", "UN", Decimal("10.000")), 3, "N400143950910   UN10"),
        ("", Drug("00143950910", "ML", Decimal("12.50")), 3, "N400143950910   ML12.5"),
    ],
)
def test_the_shaded_half_names_drug_and_ndc(description: str, drug: Drug | None, spaces: int, said: str) -> None:
    assert supplement(description, drug, PaperRules(spaces_after_ndc=spaces)) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("O'Neil-Smith", "ONEIL-SMITH"),
        ("O’Neil", "ONEIL"),
        ("Peña  Núñez", "PENA NUNEZ"),
        ("Łukasz Æsir", "LUKASZ AESIR"),
        ("12 1/2 Heron Rd., Apt. #4", "12 1/2 HERON RD APT 4"),
        ("Brown & Sons, P.C.", "BROWN SONS PC"),
        ("0.9% saline 50 mg/mL.", "0.9% SALINE 50 MG/ML"),
        ("a\x00b\n\tc\N{RIGHT-TO-LEFT OVERRIDE}d", "A B CD"),
        ("山田", ""),
        ("  ", ""),
    ],
)
def test_words_are_written_in_plain_capitals(written: str, said: str) -> None:
    assert plain(written) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "QUILLFEATHER, AVERY, R"),
        ({"middle_name": ""}, "QUILLFEATHER, AVERY"),
        ({"middle_name": "Rowan"}, "QUILLFEATHER, AVERY, R"),
        ({"suffix": "Jr."}, "QUILLFEATHER JR, AVERY, R"),
        ({"first_name": "", "middle_name": ""}, "QUILLFEATHER"),
    ],
)
def test_name_is_last_first_and_initial(changes: dict[str, str], said: str) -> None:
    assert full_name(claims.subscriber(**changes)) == said


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("5035550100", ("503", "555-0100")),
        ("1-503-555-0100", ("503", "555-0100")),
        ("555-0100", ("", "")),
        ("", ("", "")),
    ],
)
def test_phone_is_area_code_and_number(number: str, parts: tuple[str, str]) -> None:
    assert phone(number) == parts


@pytest.mark.parametrize(
    ("amount", "said"),
    [("0", "0 00"), ("450", "450 00"), ("87.5", "87 50"), ("0.05", "0 05"), ("99999.99", "99999 99")],
)
def test_money_has_a_space_for_its_point(amount: str, said: str) -> None:
    assert dollars(Decimal(amount)) == said


def test_the_total_is_that_of_the_lines_and_not_of_the_books() -> None:
    wrong = replace(claims.claim(), total_charge=Decimal("1.00"))
    assert printed(wrong)[0]["28"] == "687 50"


@pytest.mark.parametrize(
    ("city", "said"),
    [
        ("Twelve Sands", "TWELVE SANDS OR 97138-0040"),
        ("Thirteen Cape", "THIRTEEN CAPE OR 97138"),
        ("San Luis Obispo", "SAN LUIS OBISPO OR 97138"),
        ("Seventeen Letters", "SEVENTEEN LETTERS OR 97138"),
    ],
)
def test_zip_code_of_box_32_has_nine_digits_where_they_fit(city: str, said: str) -> None:
    place = replace(claims.INFUSION_SUITE, address=replace(claims.INFUSION_SUITE.address, city=city))
    assert sheet(facility=place)["32.city"] == said


@pytest.mark.parametrize(
    ("city", "said"),
    [("San Luis Obispo", "SAN LUIS OBISPO OR 97103-0012"), ("Sixteen Letters.", "SIXTEEN LETTERS OR 97103-0012")],
)
def test_zip_code_of_box_33_has_more_room(city: str, said: str) -> None:
    clinic = replace(claims.CLINIC, address=replace(claims.CLINIC.address, city=city))
    assert sheet(billing_provider=clinic)["33.city"] == said


def test_zip_code_of_box_33_is_cut_to_five_digits_before_a_claim_is_refused() -> None:
    clinic = replace(claims.CLINIC, address=replace(claims.CLINIC.address, city="Eighteen Letters X"))
    assert sheet(billing_provider=clinic)["33.city"] == "EIGHTEEN LETTERS X OR 97103"
