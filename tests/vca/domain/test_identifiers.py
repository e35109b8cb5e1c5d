"""The identifiers, a table for all: what is taken, and as what; what is refused, and why."""

from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vca.domain.identifiers import (
    dea_number,
    edipi,
    ein,
    icd10cm,
    icn,
    ndc,
    npi,
    pasted,
    place_of_service,
    procedure_code,
    ssn,
    state_license,
    taxonomy,
    us_address,
    va_referral_number,
)
from vca.domain.identifiers.exceptions import BadCheckDigit, BadFormat, BadLength, ValidationError

KINDS = (
    *(npi, ein, icn, edipi, ssn, va_referral_number, procedure_code, icd10cm, ndc, taxonomy, us_address),
    *(place_of_service, dea_number, state_license),
)
ARABIC_DIGITS = "١٢٣٤٥٦٧٨٩٣"

TAKEN: tuple[tuple[ModuleType, str, str], ...] = (
    (npi, "1234567893", "1234567893"),
    (npi, " 123 456 7893 ", "1234567893"),
    (npi, "1003000126", "1003000126"),
    (ein, "93-0000017", "930000017"),
    (icn, "1000000001V000001", "1000000001V000001"),
    (icn, " 1000000001v000001 ", "1000000001V000001"),
    (edipi, "1005423190", "1005423190"),
    (ssn, "219-09-9999", "219099999"),
    (ssn, "899010001", "899010001"),
    (va_referral_number, "VA0000000017", "VA0000000017"),
    (va_referral_number, "va 0000 000017", "VA0000000017"),
    (va_referral_number, "\u00a0VA0000000017\n", "VA0000000017"),
    (va_referral_number, "402-123456-1", "402-123456-1"),
    (va_referral_number, "402-123456-12", "402-123456-12"),
    (va_referral_number, "402-pc-1234567", "402-PC-1234567"),
    (procedure_code, "96365", "96365"),
    (procedure_code, "j3490", "J3490"),
    (procedure_code, "0213T", "0213T"),
    (procedure_code, "0001U", "0001U"),
    (icd10cm, "F33.2", "F332"),
    (icd10cm, "g90.522", "G90522"),
    (icd10cm, "S72.001A", "S72001A"),
    (icd10cm, "C4A.0", "C4A0"),
    (icd10cm, "F32.A", "F32A"),
    (icd10cm, "I10", "I10"),
    (icd10cm, "I10.", "I10"),
    (icd10cm, "Z3A.01", "Z3A01"),
    (procedure_code, "0001A", "0001A"),
    (dea_number, "ab-1234563", "AB1234563"),
    (dea_number, "F91234563", "F91234563"),
    (state_license, "md 12345", "MD12345"),
    (state_license, "036.123456", "036.123456"),
    (ndc, "NDC: 42023-114-10", "42023011410"),
    (ndc, "NDC 42023\u2011114\u201310", "42023011410"),
    (va_referral_number, "402\u2013123456\u221212", "402-123456-12"),
    (va_referral_number, "\ufeffVA00\u00ad00000017\u200b", "VA0000000017"),
    (va_referral_number, "\uff36\uff21\uff10000000017", "VA0000000017"),
    (npi, "\U0001d7cf234567893", "1234567893"),
    (us_address, "97103\u20130012", "971030012"),
    (ndc, "0409-2051-05", "00409205105"),
    (ndc, "42023-114-10", "42023011410"),
    (ndc, "67457-1810-0", "67457181000"),
    (ndc, "42023-0114-10", "42023011410"),
    (ndc, "42023011410", "42023011410"),
    (taxonomy, "207L00000X", "207L00000X"),
    (taxonomy, "261qm0855x", "261QM0855X"),
    (us_address, "97103", "97103"),
    (us_address, "97103-0012", "971030012"),
    (us_address, "00501", "00501"),
    (place_of_service, "11", "11"),
    (place_of_service, " 02 ", "02"),
)

REFUSED: tuple[tuple[ModuleType, str, type[ValidationError]], ...] = (
    (npi, "", BadLength),
    (npi, "123456789", BadLength),
    (npi, "12345678933", BadLength),
    (npi, "123456789X", BadFormat),
    (npi, ARABIC_DIGITS, BadFormat),
    (npi, "1234567894", BadCheckDigit),
    (npi, "1243567893", BadCheckDigit),
    (ein, "9300000", BadLength),
    (ein, "93000001O", BadFormat),
    (icn, "1000000001V00001", BadLength),
    (icn, "10000000010000001", BadFormat),
    (icn, "100000000OV000001", BadFormat),
    (edipi, "100542319", BadLength),
    (edipi, "100542319A", BadFormat),
    (ssn, "21909999", BadLength),
    (ssn, "000-12-3456", BadFormat),
    (ssn, "666-12-3456", BadFormat),
    (ssn, "900-12-3456", BadFormat),
    (ssn, "219-00-9999", BadFormat),
    (ssn, "219-09-0000", BadFormat),
    (va_referral_number, "", BadLength),
    (va_referral_number, "VA000000017", BadLength),
    (va_referral_number, "VA00000000017", BadLength),
    (va_referral_number, "402-12345-1", BadLength),
    (va_referral_number, "402-PC-123456", BadLength),
    (va_referral_number, "VA00000O0017", BadFormat),
    (va_referral_number, "4O2-123456-1", BadFormat),
    (va_referral_number, "AUTH VA0000000017", BadFormat),
    (va_referral_number, "#VA0000000017", BadFormat),
    (va_referral_number, "VA0000000017 REV", BadFormat),
    (va_referral_number, f"VA{ARABIC_DIGITS}", BadFormat),
    (procedure_code, "9636", BadLength),
    (procedure_code, "96365-25", BadLength),
    (procedure_code, "JJ490", BadFormat),
    (procedure_code, "9636-", BadFormat),
    (icd10cm, "F3", BadLength),
    (icd10cm, "F3.32", BadFormat),
    (icd10cm, "F33..2", BadFormat),
    (icd10cm, "F3C.2", BadFormat),
    (procedure_code, "9636B", BadFormat),
    (procedure_code, "O9636", BadFormat),
    (procedure_code, "\u017f0001", BadFormat),
    (dea_number, "AB123456", BadLength),
    (dea_number, "1B1234563", BadFormat),
    (dea_number, "AB123456O", BadFormat),
    (dea_number, "AB1234562", BadCheckDigit),
    (state_license, "A", BadLength),
    (state_license, "1" * 21, BadLength),
    (state_license, "none", BadFormat),
    (state_license, "-12345", BadFormat),
    (state_license, "12_345", BadFormat),
    (ndc, "00000-0000-00", BadFormat),
    (va_referral_number, "VA000000017\u00b2", BadFormat),
    (icd10cm, "S72.001AB", BadLength),
    (icd10cm, "296.33", BadFormat),
    (icd10cm, "FF3.2", BadFormat),
    (icd10cm, "F33-2", BadFormat),
    (ndc, "", BadLength),
    (ndc, "4202311410", BadLength),
    (ndc, "420230114100", BadLength),
    (ndc, "4202-311410", BadFormat),
    (ndc, "42O23-114-10", BadFormat),
    (taxonomy, "207L00000", BadLength),
    (taxonomy, "207L000000", BadFormat),
    (us_address, "9710", BadLength),
    (us_address, "971030", BadLength),
    (us_address, "971O3", BadFormat),
    (us_address, "00000", BadFormat),
    (place_of_service, "1", BadLength),
    (place_of_service, "29", BadFormat),
    (place_of_service, "ZZ", BadFormat),
)


@pytest.mark.parametrize(("kind", "text", "cleaned"), TAKEN)
def test_validate_returns_the_cleaned_number(kind: ModuleType, text: str, cleaned: str) -> None:
    assert kind.validate(text) == cleaned
    assert kind.is_valid(text)


@pytest.mark.parametrize(("kind", "text", "why"), REFUSED)
def test_validate_refuses_what_cannot_be_one(kind: ModuleType, text: str, why: type[ValidationError]) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.validate(text)

    assert type(refused.value) is why
    assert not kind.is_valid(text)


@pytest.mark.parametrize(("kind", "text", "why"), [row for row in REFUSED if row[1]])
def test_a_refusal_does_not_repeat_the_number(kind: ModuleType, text: str, why: type[ValidationError]) -> None:
    with pytest.raises(why) as refused:
        kind.validate(text)

    assert text not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
@given(text=st.text())
def test_any_text_is_taken_once_and_for_all_or_refused_by_name(kind: ModuleType, text: str) -> None:
    if kind.is_valid(text):
        cleaned = kind.validate(text)
        assert kind.validate(cleaned) == cleaned
        assert cleaned.isascii()


@pytest.mark.parametrize("place", range(10))
def test_npi_with_any_one_digit_changed_is_refused(place: int) -> None:
    right = "1234567893"
    wrong = [right[:place] + digit + right[place + 1 :] for digit in "0123456789" if digit != right[place]]

    assert [npi.is_valid(number) for number in wrong] == [False] * 9


@given(st.text(alphabet="0123456789", min_size=9, max_size=9))
def test_npi_has_one_right_check_digit(nine: str) -> None:
    assert [digit for digit in "0123456789" if npi.is_valid(nine + digit)] == [npi.calc_check_digit(nine)]


@given(st.text(alphabet="0123456789", min_size=6, max_size=6))
def test_dea_number_has_one_right_check_digit(six: str) -> None:
    right = [digit for digit in "0123456789" if dea_number.is_valid(f"BS{six}{digit}")]

    assert right == [dea_number.calc_check_digit(six)]


@given(st.text(alphabet="0123456789", min_size=9, max_size=9), st.integers(0, 7))
def test_npi_with_two_neighbours_exchanged_is_refused(nine: str, place: int) -> None:
    right = nine + npi.calc_check_digit(nine)
    pair = right[place : place + 2]
    wrong = right[:place] + pair[::-1] + right[place + 2 :]

    # Luhn's one weakness: 09 and 90
    assert npi.is_valid(wrong) == (pair[0] == pair[1] or pair in ("09", "90"))


@given(st.text(alphabet="123456789", min_size=10, max_size=10), st.sampled_from([(4, 4, 2), (5, 3, 2), (5, 4, 1)]))
def test_ndc_of_ten_digits_gets_its_zero_in_the_short_part(ten: str, lengths: tuple[int, int, int]) -> None:
    labeler, product, _ = lengths
    parts = (ten[:labeler], ten[labeler : labeler + product], ten[labeler + product :])

    eleven = ndc.validate("-".join(parts))

    assert (eleven[:5], eleven[5:9], eleven[9:]) == (parts[0].zfill(5), parts[1].zfill(4), parts[2].zfill(2))


UNSEEN = (" ", "\t", "\n", "\u00a0", "\u2009", "\u3000", "\u00ad", "\u200b", "\u2060", "\ufeff", "\u200e", "\u202a")
DASHES = ("-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\ufe63", "\uff0d")


@given(
    row=st.sampled_from([row for row in TAKEN if row[0] is not ndc or "-" in row[1]]),
    unseen=st.sampled_from(UNSEEN),
    place=st.integers(0, 20),
    dash=st.sampled_from(DASHES),
)
def test_what_a_pdf_adds_changes_nothing(row: tuple[ModuleType, str, str], unseen: str, place: int, dash: str) -> None:
    kind, text, cleaned = row
    copied = (text[:place] + unseen + text[place:]).replace("-", dash)

    assert kind.validate(copied) == cleaned


@pytest.mark.parametrize("act", [pasted.clean, pasted.capitals])
def test_plain_text_is_cleaned_as_text_with_a_mark_in_it(act: Callable[[str], str]) -> None:
    plain = [f"a{chr(code)}b" for code in range(128)]
    assert [act(text) for text in plain] == [act(f"{text}\u200b") for text in plain]


@pytest.mark.parametrize(("kind", "text", "why"), REFUSED)
def test_a_refusal_says_what_to_do(kind: ModuleType, text: str, why: type[ValidationError]) -> None:
    with pytest.raises(why) as refused:
        kind.validate(text)

    assert refused.value.act
    assert refused.value.advice == f"{refused.value} {refused.value.act}"


def test_referral_number_with_the_letter_o_says_so() -> None:
    with pytest.raises(BadFormat, match="the letter O where VA prints a zero"):
        va_referral_number.validate("VAO000000017")


def test_ten_digits_of_an_ndc_ask_for_the_hyphens() -> None:
    with pytest.raises(BadLength, match="need their hyphens"):
        ndc.validate("4202311410")


@pytest.mark.parametrize(("zip_code", "sentence"), [("97103", "all nine digits"), ("9710", "too short or too long")])
def test_full_zip_refuses_five_digits(zip_code: str, sentence: str) -> None:
    with pytest.raises(BadLength, match=sentence):
        us_address.validate_full(zip_code)


def test_full_zip_returns_nine_digits() -> None:
    assert us_address.validate_full("97103-0012") == "971030012"


@pytest.mark.parametrize(
    ("street", "is_box"),
    [
        ("PO Box 12", True),
        ("P.O. BOX 12", True),
        ("p o box 12", True),
        ("Post Office Box 12", True),
        ("12 Boxwood Lane", False),
        ("40 Poe Boxer Street", False),
        ("POBox 12", True),
    ],
)
def test_post_office_boxes_are_told_from_streets(street: str, is_box: bool) -> None:
    assert us_address.is_po_box(street) == is_box


def test_states_are_fifty_with_the_district_the_islands_and_the_military() -> None:
    assert len(us_address.STATES) == 50 + 1 + 8 + 3
    assert all(len(state) == 2 for state in us_address.STATES)


@pytest.mark.parametrize(("state", "is_one"), [("OR", True), ("AE", True), ("or", False), ("ON", False), ("", False)])
def test_state_codes_are_capitals_of_the_united_states(state: str, is_one: bool) -> None:
    assert us_address.is_state(state) == is_one


def test_places_of_service_are_those_of_the_code_set() -> None:
    published = """
        01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34 41 42
        49 50 51 52 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99
    """

    assert sorted(place_of_service.CODES) == published.split()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("", ""), ("25", "25"), ("gt, 25", "GT,25"), ("25:GT:95:93", "25,GT,95,93"), ("25 25", "25")],
)
def test_modifiers_are_cleaned(text: str, cleaned: str) -> None:
    assert procedure_code.validate_modifiers(text) == cleaned


@pytest.mark.parametrize(("text", "why"), [("2", BadFormat), ("25,-", BadFormat), ("25 GT 95 93 XU", BadLength)])
def test_modifiers_are_refused(text: str, why: type[ValidationError]) -> None:
    with pytest.raises(why):
        procedure_code.validate_modifiers(text)


def test_modifiers_have_two_letters_or_digits() -> None:
    taken = [
        modifier for modifier in ("25", "GT", "1P", "gt", "2", "255", "2-", "") if procedure_code.is_modifier(modifier)
    ]

    assert taken == ["25", "GT", "1P"]
