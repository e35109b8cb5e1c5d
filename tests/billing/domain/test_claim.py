from datetime import datetime

import pytest

from tests.billing import claims


def test_a_claim_refuses_lines_out_of_order() -> None:
    with pytest.raises(ValueError, match="numbered 1, 2, 3"):
        claims.claim(lines=(claims.line(1), claims.line(3)))


def test_a_claim_shows_its_control_number_alone() -> None:
    assert repr(claims.claim()) == "ProfessionalClaim(GPR-00001)"


def test_a_veteran_does_not_show_in_a_traceback() -> None:
    assert claims.VETERAN.last_name not in repr(claims.VETERAN)
    assert claims.VETERAN.member_id not in repr(claims.VETERAN)


def test_an_envelope_refuses_a_moment_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        claims.envelope(created_at=datetime(2026, 11, 23, 9, 30))  # noqa: DTZ001


@pytest.mark.parametrize("field", ["interchange_control_number", "group_control_number"])
@pytest.mark.parametrize("number", [0, -1, 1_000_000_000])
def test_an_envelope_refuses_a_control_number_of_another_width(field: str, number: int) -> None:
    with pytest.raises(ValueError, match="one to nine digits"):
        claims.envelope(**{field: number})


@pytest.mark.parametrize("number", [1, 999_999_999])
def test_an_envelope_takes_one_to_nine_digits(number: int) -> None:
    assert claims.envelope(interchange_control_number=number).interchange_control_number == number
