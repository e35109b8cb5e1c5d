"""Text that tries to be more than text: it stays inside its element, whatever it is and wherever it stands."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.domain.claim import Address, Clinician, Envelope, ProfessionalClaim
from billing.domain.findings import writable
from billing.x12 import claim_837p, segments
from billing.x12.claim_837p import write_837p
from billing.x12.segments import DelimiterInData, Segment, render, text
from tests.billing import claims
from tests.billing.x12.reading import segments_of

EVIL = "SMITH*JR:A^B~NM1*85*2*EVIL~\r\n\x00"

# every text of this claim is filled in, so that each can be made hostile
CLAIM = claims.claim(
    frequency_code="7",
    original_claim_number="2026310000012345",
    facility=replace(claims.INFUSION_SUITE, npi=claims.npi_of(40_000_050)),
    billing_provider=replace(claims.CLINIC, pay_to=Address("PO Box 88", "Astoria", "OR", "971030088", "Rear")),
    referring=replace(claims.REFERRER, taxonomy="207L00000X", middle_name="K"),
    subscriber=claims.subscriber(suffix="Jr.", phone="5035550111"),
    lines=(
        claims.drug_line(1, modifiers=("25", "59")),
        claims.line(2, rendering=Clinician("Tanaka", "Wes", claims.npi_of(40_000_012), "103TC0700X", "J")),
    ),
)
ENVELOPE = claims.envelope()
REFUSED = {  # what names a mailbox is refused instead: test_interchange
    "envelope.submitter.submitter_id",
    "envelope.receiver.receiver_id",
    "envelope.sender_qualifier",
    "envelope.receiver_qualifier",
}
BASELINE = segments_of(write_837p([CLAIM], envelope=ENVELOPE))


def hostile_copies(value: Any, path: str, evil: str = EVIL) -> Iterator[tuple[str, Any]]:
    """Yield a copy of the value for each text in it, with that text made hostile."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str) and value:
        yield path, evil
    if isinstance(value, tuple):
        for place, part in enumerate(value):
            for where, copy in hostile_copies(part, f"{path}.{place}", evil):
                yield where, (*value[:place], copy, *value[place + 1 :])
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for where, copy in hostile_copies(getattr(value, field.name), f"{path}.{field.name}", evil):
                yield where, replace(value, **{field.name: copy})


@pytest.mark.parametrize("claim", [pytest.param(claim, id=where) for where, claim in hostile_copies(CLAIM, "claim")])
def test_no_text_of_a_claim_changes_the_segments(claim: ProfessionalClaim) -> None:
    read = segments_of(write_837p([claim], envelope=ENVELOPE))

    assert [segment[0] for segment in read] == [segment[0] for segment in BASELINE]
    assert [len(segment) for segment in read] == [len(segment) for segment in BASELINE]


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(envelope, id=where)
        for where, envelope in hostile_copies(ENVELOPE, "envelope")
        if where not in REFUSED
    ],
)
def test_no_text_of_an_envelope_changes_the_segments(envelope: Envelope) -> None:
    read = segments_of(write_837p([CLAIM], envelope=envelope))

    assert [len(segment) for segment in read] == [len(segment) for segment in BASELINE]


def lengthened(value: Any) -> Any:
    """Return the value with every text in it made 300 letters long."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return "X" * 300
    if isinstance(value, tuple):
        return tuple(map(lengthened, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: lengthened(getattr(value, field.name)) for field in fields(value)})
    return value


def widths(segments: Iterable[Segment]) -> list[str]:
    """Return each segment with its long elements as their lengths."""
    cut = [re.sub(r"X{3,}", lambda run: str(len(run[0])), render(segment)) for segment in segments]
    return [line.removesuffix("~") for line in cut]


def test_every_text_of_a_claim_is_cut_to_the_width_of_the_guide() -> None:
    line = replace(lengthened(CLAIM.lines[0]), place_of_service="Y" * 300)
    claim = replace(lengthened(CLAIM), lines=(line,), billing_provider=CLAIM.billing_provider)

    assert widths(claim_837p.claim_loops(claim)) == [
        "CLM*20*537.5***XX:B:X*Y*A*Y*Y",
        *("REF*G1*50", "REF*F8*50"),
        "HI*ABK:7*ABF:7",
        "NM1*DN*1*60*35*25***XX*10",
        *("NM1*82*1*60*35*25***XX*10", "PRV*PE*PXC*10"),
        *("NM1*77*2*60*****XX*10", "N3*55*55", "N4*30*XX*9"),
        *("LX*1", "SV1*HC:5:XX:XX:::80*87.5*UN*1*YY**1:2", "DTP*472*D8*20261103", "REF*6R*30"),
        *("LIN**N4*11", "CTP****.86*XX"),
    ]


def test_every_text_above_a_claim_is_cut_to_the_width_of_the_guide() -> None:
    claim, envelope = lengthened(CLAIM), lengthened(ENVELOPE)
    envelope = replace(envelope, submitter=replace(envelope.submitter, submitter_id="ID", phone="1" * 300))
    envelope = replace(envelope, receiver=replace(envelope.receiver, receiver_id="ID"))

    assert widths(claim_837p.transaction([claim], 2, envelope=envelope))[:20] == [
        "BHT*0019*00*44-2*20261123*0930*CH",
        *("NM1*41*2*60*****46*ID", "PER*IC*60*TE*1111111111", "NM1*40*2*60*****46*ID"),
        *("HL*1**20*1", "PRV*BI*PXC*10"),
        *("NM1*85*2*60*****XX*10", "N3*55*55", "N4*30*XX*9", "REF*EI*9"),
        *("NM1*87*2", "N3*55*55", "N4*30*XX*9"),
        *("HL*2*1*22*0", "SBR*P*18*******VA"),
        "NM1*IL*1*60*35*25**10*MI*80",
        *("N3*55*55", "N4*30*XX*9", "DMG*D8*19790412*X"),
        "NM1*PR*2*60*****PI*80",
    ]


@settings(max_examples=300, deadline=None)
@given(last_name=st.text(), first_name=st.text(), street=st.text(), description=st.text())
@example(EVIL, EVIL, EVIL, EVIL)
@example("~", "*", "^", ":")
@example("＊～：＾", "\u202eabc", "é" * 300, "\ud7ff")
def test_whatever_is_typed_reads_back_as_its_cleaned_text(
    last_name: str, first_name: str, street: str, description: str
) -> None:
    veteran = replace(CLAIM.subscriber, last_name=last_name, first_name=first_name)
    veteran = replace(veteran, address=replace(veteran.address, street=street, street_2=description))
    line = replace(CLAIM.lines[0], description=description)

    claim = replace(CLAIM, subscriber=veteran, lines=(line, CLAIM.lines[1]))
    read = segments_of(write_837p([claim], envelope=ENVELOPE))

    assert [segment[0] for segment in read] == [segment[0] for segment in BASELINE]
    where = next(place for place, segment in enumerate(read) if segment[:2] == ["NM1", "IL"])
    assert read[where][3:5] == [text(last_name, 60), text(first_name, 35)]
    assert read[where + 1] == f"N3*{text(street, 55)}*{text(description, 55)}".rstrip("*").split("*")
    sv1 = next(segment for segment in read if segment[0] == "SV1")
    assert ":".join(sv1[1].split(":")[:7]) == f"HC:J3490:25:59:::{text(description, 80)}".rstrip(":")


@given(st.text())
def test_a_name_that_the_scrub_takes_is_never_written_empty(name: str) -> None:
    assert text(name, 60) or not writable(name)


def uncleaned(value: str, width: int) -> str:
    return value


def test_with_cleaning_off_the_guard_stops_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_837p, "text", uncleaned)

    with pytest.raises(DelimiterInData, match=r"^NM1$"):
        write_837p([claims.claim(subscriber=claims.subscriber(last_name=EVIL))], envelope=ENVELOPE)


def test_with_cleaning_and_guard_off_a_name_becomes_two_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_837p, "text", uncleaned)
    monkeypatch.setattr(segments, "_DELIMITERS", re.compile(r"(?!)"))
    evil = replace(CLAIM, subscriber=replace(CLAIM.subscriber, last_name="SMITH*JR~NM1*85*2*EVIL"))

    read = segments_of(write_837p([evil], envelope=ENVELOPE))

    assert len(read) == len(BASELINE) + 1
