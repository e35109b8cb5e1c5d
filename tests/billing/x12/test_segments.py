from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.x12.segments import DelimiterInData, Segment, amount, phone, quantity, render, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Quillfeather", "QUILLFEATHER"),
        ("O'Neil-Smith", "O'NEIL-SMITH"),
        ("O’Neil–Smith", "O'NEIL-SMITH"),
        ("Muñoz", "MUNOZ"),
        ("Mun\u0303oz", "MUNOZ"),
        ("Łukasz Ørsted", "LUKASZ ORSTED"),
        ("ÆæŒœØøŁłĐđÐðÞþĦħẞßı", "AEAEOEOEOOLLDDDDTHTHHHSSSSI"),
        ("Weiß", "WEISS"),
        ("ﬁnch", "FINCH"),
        ("２１", "21"),
        ("＊～", ""),
        ("Rae 😀 Finch", "RAE FINCH"),
        ("\u202eR\u200ba\u00ade", "RAE"),
        ("محمد", ""),
        ("A*B:C^D~E", "A B C D E"),
        ("A\r\nB\tC\x00D\x85E", "A B C D E"),
        ("  A   B  ", "A B"),
        ("", ""),
        ("!\"&'()+,-./;?=%@[]_{}\\|<>#$", "!\"&'()+,-./;?=%@[]_{}\\|<>#$"),
    ],
)
def test_text_is_folded_to_the_letters_of_x12(value: str, written: str) -> None:
    assert text(value, 60) == written


def test_text_is_cut_to_the_width_without_a_space_at_its_end() -> None:
    assert text("Abcd efgh", 5) == "ABCD"


@given(st.text(), st.integers(min_value=1, max_value=80))
def test_text_of_anything_fits_and_is_its_own_text(value: str, width: int) -> None:
    written = text(value, width)

    assert len(written) <= width
    assert text(written, width) == written
    assert render(("NTE", "ADD", written)) == f"NTE*ADD*{written}".rstrip("*") + "~"


@pytest.mark.parametrize(
    ("dollars", "written"),
    [
        ("687.50", "687.5"),
        ("450.00", "450"),
        ("1000", "1000"),
        ("1E+3", "1000"),
        ("0.86", ".86"),
        ("0.05", ".05"),
        ("0.00", "0"),
        ("-0.00", "0"),
        ("-87.50", "-87.5"),
        ("-0.50", "-.5"),
        ("99999999.99", "99999999.99"),
    ],
)
def test_amount_has_no_needless_zero(dollars: str, written: str) -> None:
    assert amount(Decimal(dollars)) == written


@pytest.mark.parametrize(("count", "written"), [("0.860", ".86"), ("1.125", "1.125"), ("3", "3")])
def test_quantity_has_three_places(count: str, written: str) -> None:
    assert quantity(Decimal(count)) == written


def test_amount_refuses_part_of_a_cent() -> None:
    with pytest.raises(ValueError, match="more than 2 places"):
        amount(Decimal("1.005"))


def test_quantity_refuses_a_fourth_place() -> None:
    with pytest.raises(ValueError, match="more than 3 places"):
        quantity(Decimal("1.0005"))


@given(st.decimals(min_value=-99_999_999, max_value=99_999_999, places=2))
def test_amount_reads_back_as_the_same_dollars(dollars: Decimal) -> None:
    assert Decimal(amount(dollars)) == dollars


@pytest.mark.parametrize("number", ["5035550100", "(503) 555-0100", "+1 503.555.0100"])
def test_phone_is_ten_digits(number: str) -> None:
    assert phone(number) == "5035550100"


@pytest.mark.parametrize(
    ("segment", "written"),
    [
        (("NM1", "87", "2", "", ""), "NM1*87*2~"),
        (("SV1", ("HC", "96365", "", "", ""), "450"), "SV1*HC:96365*450~"),
        (("SV1", ("HC", "J3490", "", "", "", "", "KETAMINE")), "SV1*HC:J3490:::::KETAMINE~"),
        (("CLM", "A", "", ("", "")), "CLM*A~"),
    ],
)
def test_render_leaves_out_what_is_empty_at_the_end(segment: Segment, written: str) -> None:
    assert render(segment) == written


@pytest.mark.parametrize("delimiter", list("*^:~"))
def test_render_refuses_a_delimiter_in_a_value(delimiter: str) -> None:
    with pytest.raises(DelimiterInData, match=r"^SV1$"):
        render(("SV1", f"A{delimiter}B", "450"))


@pytest.mark.parametrize("delimiter", list("*^:~"))
def test_render_refuses_a_delimiter_in_a_component(delimiter: str) -> None:
    with pytest.raises(DelimiterInData, match=r"^SV1$"):
        render(("SV1", ("HC", f"A{delimiter}B"), "450"))
