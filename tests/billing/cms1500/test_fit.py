"""That a text without room is found and never cut."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.cms1500.boxes import plain, sheets
from billing.cms1500.fit import DoesNotFit, misfits
from billing.cms1500.form import FIELDS
from billing.cms1500.grid import placed
from billing.domain.claim import Address, Payer, ProfessionalClaim
from billing.domain.findings import Finding
from tests.billing import claims
from vca.domain.rules import Severity

SIGNED_ON = date(2026, 11, 23)
MAILED = Payer("VA", "12115", Address("PO Box 9", "Tampa", "FL", "336300780"))
NEST = claims.VETERAN.address


def fitting(**changes: object) -> ProfessionalClaim:
    """Return a claim that fits, with those changes."""
    clinic = replace(claims.CLINIC, name="Gull Point Recovery Clinic")
    return claims.claim(**{"billing_provider": clinic, "payer": MAILED} | changes)


def found(claim: ProfessionalClaim) -> tuple[Finding, ...]:
    return misfits(claim, sheets(claim, signed_on=SIGNED_ON))


def test_a_claim_that_fits_has_no_finding() -> None:
    assert found(fitting()) == ()


TOO_LONG = [
    ({"billing_provider": replace(claims.CLINIC, name="N" * 30)}, ["33.name"]),
    (
        {"billing_provider": replace(claims.CLINIC, name="N", phone="", address=replace(NEST, street="S" * 30))},
        ["33.street"],
    ),
    ({"facility": replace(claims.INFUSION_SUITE, name="N" * 27)}, ["32.name"]),
    ({"facility": replace(claims.INFUSION_SUITE, address=replace(NEST, city="C" * 18))}, ["32.city"]),
    ({"subscriber": claims.subscriber(last_name="N" * 19)}, ["2"]),
    ({"subscriber": claims.subscriber(last_name="N" * 20)}, ["2", "4"]),
    ({"subscriber": claims.subscriber(address=replace(NEST, street="S" * 29))}, ["5.street"]),
    ({"subscriber": claims.subscriber(address=replace(NEST, street_2="S" * 15))}, ["5.street", "7.street"]),
    ({"subscriber": claims.subscriber(address=replace(NEST, city="C" * 24))}, ["7.city"]),
    ({"referring": replace(claims.REFERRER, last_name="N" * 20)}, ["17.name"]),
    ({"original_claim_number": "9" * 19, "frequency_code": "7"}, ["22.original"]),
    ({"referral_number": "9" * 30}, ["23"]),
    ({"control_number": "9" * 15}, ["26"]),
    ({"payer": replace(MAILED, name="N" * 32)}, ["carrier.1", "11c"]),
    ({"lines": (claims.line(charge=Decimal("100000.00")),)}, ["24F.1"]),
    ({"lines": (claims.line(units=1000),)}, ["24G.1"]),
    ({"lines": (claims.line(modifiers=("25", "95", "GT", "59", "76")),)}, ["24D.1.modifier.5"]),
    ({"lines": (claims.drug_line(1, description="D" * 39),)}, ["24.1.supplement"]),
    ({"diagnoses": tuple(f"F33{n:X}" for n in range(13))}, ["21.M"]),
    ({"lines": tuple(claims.line(n, charge=Decimal("99999.99")) for n in range(1, 7))}, []),
]


@pytest.mark.parametrize(("changes", "boxes"), TOO_LONG)
def test_a_text_without_room_is_found_by_its_box(changes: dict[str, object], boxes: list[str]) -> None:
    assert [(one.code, one.field) for one in found(fitting(**changes))] == [("PAPER-01", box) for box in boxes]


@pytest.mark.parametrize(("name", "findings"), [("N" * 29, 0), ("N" * 30, 1)])
def test_a_box_is_filled_to_its_last_character(name: str, findings: int) -> None:
    assert len(found(fitting(billing_provider=replace(claims.CLINIC, name=name)))) == findings


def test_a_finding_counts_characters_and_does_not_repeat_them() -> None:
    (one,) = found(fitting(subscriber=claims.subscriber(last_name="Quillfeather-Oso-Xy")))
    assert one == Finding("PAPER-01", "Box 2 holds 28 characters for the Veteran's name, and there are 29.", "2")
    assert one.severity is Severity.BLOCK


def test_a_finding_on_a_service_counts_its_line_in_the_claim() -> None:
    lines = tuple(claims.line(n, charge=Decimal("100000.00" if n in (2, 8) else "10.00")) for n in range(1, 9))
    said = [one.message for one in found(fitting(lines=lines)) if one.field.startswith("24")]
    assert said == [f"Box 24F, line {n}, holds 8 characters for the charge, and there are 9." for n in (2, 8)]


def test_a_text_of_every_sheet_is_found_once() -> None:
    seven = tuple(claims.line(n) for n in range(1, 8))
    assert [one.field for one in found(fitting(lines=seven, referral_number="9" * 30))] == ["23"]


def test_a_payer_without_address_is_a_warning() -> None:
    (one,) = found(fitting(payer=Payer("VA", "12115")))
    assert (one.code, one.field, one.severity) == ("PAPER-02", "payer.address", Severity.WARN)


@pytest.mark.parametrize("changes", [{"referral_number": "9" * 30}, {"diagnoses": ("F332",) * 13}])
def test_a_sheet_without_room_is_not_placed(changes: dict[str, object]) -> None:
    (sheet,) = sheets(fitting(**changes), signed_on=SIGNED_ON)
    with pytest.raises(DoesNotFit):
        list(placed(sheet))


@given(last=st.text(max_size=40), first=st.text(max_size=20), street=st.text(max_size=60), city=st.text(max_size=40))
def test_whatever_is_placed_is_whole_and_ascii(last: str, first: str, street: str, city: str) -> None:
    veteran = claims.subscriber(
        last_name=last, first_name=first, middle_name="", address=replace(NEST, street=street, city=city)
    )
    claim = fitting(subscriber=veteran)
    (sheet,) = sheets(claim, signed_on=SIGNED_ON)

    kept = {key: sheet.get(key, "") for key in ("2", "5.street", "5.city")}
    name = ", ".join(part for part in (plain(last), plain(first)) if part)
    assert kept == {"2": name, "5.street": plain(street), "5.city": plain(city)}
    assert {one.field for one in misfits(claim, [sheet])} == {
        key for key, text in sheet.items() if len(text) > FIELDS[key].width
    }
    assert all(text.isascii() and text.isprintable() for text in sheet.values())
