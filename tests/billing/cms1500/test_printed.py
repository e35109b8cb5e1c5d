"""The printed form read back: each text stands in its box, whichever way it is printed and however many there are."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cms1500.blank import TITLES
from billing.cms1500.boxes import Sheet, sheets
from billing.cms1500.form import FIELDS
from billing.domain.claim import Address, Payer, ProfessionalClaim
from billing.domain.paper import Shift
from billing.services.printing import print_sheets
from tests.billing import claims
from tests.billing.cms1500 import reading

SIGNED_ON = date(2026, 11, 23)
CLINIC = replace(claims.CLINIC, name="Gull Point Recovery Clinic")
MAILED = Payer("VA", "12115", Address("PO Box 9", "Tampa", "FL", "336300780", "Claims office"))
FULL_LINE = claims.drug_line(
    1,
    modifiers=("25", "95", "GT", "59"),
    diagnosis_pointers=(12, 1, 5, 9),
    charge=Decimal("99999.99"),
    units=999,
)


def claim(**changes: object) -> ProfessionalClaim:
    """Return a claim that fits the form, with those changes."""
    return claims.claim(**{"billing_provider": CLINIC, "payer": MAILED} | changes)


def said(*printed: ProfessionalClaim) -> list[Sheet]:
    return [sheet for one in printed for sheet in sheets(one, signed_on=SIGNED_ON)]


FULLEST = claim(
    lines=(FULL_LINE, *(replace(FULL_LINE, number=n) for n in range(2, 7))),
    diagnoses=tuple(f"F33{n:X}XXX" for n in range(12)),
    frequency_code="7",
    original_claim_number="2026310000012345AB",
    subscriber=claims.subscriber(phone="5035550199", sex="M", suffix="Jr."),
    facility=replace(claims.INFUSION_SUITE, npi=claims.CLINIC.npi),
)
EVERY_CELL = {key: "W" * field.width for key, field in FIELDS.items()}


@pytest.mark.parametrize(
    "printed",
    [
        claim(),
        FULLEST,
        claim(lines=tuple(claims.line(n) for n in range(1, 51))),
        claim(referring=None, place_of_service="12", test_data=False),
    ],
    ids=["an infusion", "everything at once", "fifty lines", "at home"],
)
@pytest.mark.parametrize("with_form", [True, False])
def test_what_is_read_back_is_what_the_claim_says(printed: ProfessionalClaim, with_form: bool) -> None:
    found = said(printed)
    content = print_sheets(found, with_form=with_form)
    assert reading.cells(content) == [reading.expected(sheet) for sheet in found]


def test_every_cell_of_every_box_is_where_it_should_be() -> None:
    assert reading.cells(print_sheets([EVERY_CELL])) == [reading.expected(EVERY_CELL)]


def test_a_text_in_another_box_is_noticed() -> None:
    moved = EVERY_CELL | {"2": "W" * 27}
    assert reading.cells(print_sheets([moved])) != [reading.expected(EVERY_CELL)]


TEXT = st.text(st.sampled_from("ABCXYZ019 -/%.,'()\\"), max_size=28)


@settings(max_examples=60)
@given(sheet=st.dictionaries(st.sampled_from(["1a", "4", "11c", "23", "17.name", "33.name", "28", "24F.3"]), TEXT))
def test_any_text_is_read_back_character_by_character(sheet: Sheet) -> None:
    cut = {key: text[: FIELDS[key].width].strip() for key, text in sheet.items()}
    assert reading.cells(print_sheets([cut])) == [reading.expected(cut)]


def test_a_sheet_is_moved_for_a_printer() -> None:
    here, there = (print_sheets(said(claim()), with_form=False, shift=shift) for shift in (Shift(), Shift(4, -6)))
    for one, other in zip(reading.characters(here), reading.characters(there), strict=True):
        assert other == (*one[:2], pytest.approx(one[2] + 4, abs=0.01), pytest.approx(one[3] + 6, abs=0.01))


def test_the_drawing_names_its_boxes_in_red_and_says_that_it_is_a_copy() -> None:
    content = print_sheets(said(claim()))
    drawn = "".join(character for character, font, *_ in reading.characters(content) if font != reading.TEXT_FONT)
    words = {"1a. INSURED'S I.D. NUMBER", "23. PRIOR AUTHORIZATION NUMBER", "file copy", "NPI"}
    assert {word for word in words if word.replace(" ", "") in drawn.replace(" ", "").replace("\r\n", "")} == words
    assert len(TITLES) > 80


def test_pre_printed_paper_gets_no_drawing() -> None:
    content = print_sheets(said(claim()), with_form=False)
    fonts = {font for character, font, *_ in reading.characters(content) if not character.isspace()}
    assert fonts == {reading.TEXT_FONT}


def test_a_thousand_claims_share_one_form_and_stay_small() -> None:
    batch = said(*(claim(control_number=f"GPR-{n:05}") for n in range(1000)))
    content = print_sheets(batch)
    assert content.count(b"/Subtype /Form") == 1
    assert len(content) < 1_400 * len(batch)
    assert reading.cells(content, 0, 511, 999) == [reading.expected(batch[n]) for n in (0, 511, 999)]


def test_the_same_claims_are_the_same_bytes() -> None:
    once, again = (print_sheets(said(claim(), FULLEST)) for _ in range(2))
    assert once == again
    assert print_sheets(said(FULLEST, claim())) != once


def test_a_strict_reader_takes_the_file_and_finds_nobody_in_its_properties() -> None:
    reader = pypdf.PdfReader(BytesIO(print_sheets(said(claim(), FULLEST))), strict=True)
    assert len(reader.pages) == 2
    assert reader.metadata == {"/Title": "CMS-1500 (02/12)"}
    assert {"/JavaScript", "/OpenAction", "/AA", "/Names"} & reader.root_object.keys() == set()
