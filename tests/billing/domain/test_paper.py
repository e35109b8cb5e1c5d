"""What a practice may set for claims on paper."""

import pytest

from billing.domain.claim import Address
from billing.domain.paper import Shift, read_address, read_shift, read_spaces
from vca.core.vocabulary import parameter

NAMES = ["paper-mail-address", "paper-billing-name", "paper-totals", "paper-ndc-spaces", "paper-shift"]


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_value_can_be_read(name: str) -> None:
    shipped = parameter(name)
    assert shipped.read(shipped.value) is not None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("PO Box 9, Anytown, FL, 336300780", Address("PO Box 9", "Anytown", "FL", "336300780")),
        ("PO Box 9,Anytown,FL,33630", Address("PO Box 9", "Anytown", "FL", "33630")),
    ],
)
def test_address_is_read_from_its_four_parts(text: str, address: Address | None) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["PO Box 9", "PO Box 9, Anytown, FL", ", Anytown, FL, 33630", "PO Box 9, Anytown, XX, 33630", "a, b, FL, 3363"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - several kinds, one for each part
        read_address(text)


def test_shift_is_right_and_down() -> None:
    assert read_shift("-3,4") == Shift(right=-3, down=4)


@pytest.mark.parametrize("text", ["", "3", "1,2,3", "a,b", "1.5,0", "73,0", "0,-73"])
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_shift(text)


@pytest.mark.parametrize("text", ["0", "4", "", "three"])
def test_what_is_no_count_of_spaces_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        read_spaces(text)
