"""837P: claims for professional services as VA's clearinghouse takes them, a function for each loop.

Source: ASC X12N 005010X222A1, in the order of the guide; for the referral number, VA's provider bulletins of September
2019 and February 2020. The Veteran is always subscriber and patient in one (SBR02 18), so there is no loop 2000C, and
VA is the only payer, so there is no loop 2320. What is written here has passed ``billing.domain.scrub``.

>>> from decimal import Decimal
>>> list(loop_2410(Drug("42023011410", "ML", Decimal("0.80"))))
[('LIN', '', 'N4', '42023011410'), ('CTP', '', '', '', '.8', 'ML')]
>>> list(loop_2410(None))
[]
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count

from billing.domain.claim import (
    Address,
    BillingProvider,
    Clinician,
    Drug,
    Envelope,
    Payer,
    ProfessionalClaim,
    Receiver,
    ServiceLine,
    Submitter,
    Subscriber,
    Usage,
)
from billing.x12.interchange import TransactionKind, interchange
from billing.x12.segments import Segment, amount, phone, quantity, text
from vca.domain.errors import RuleError
from vca.domain.identifiers.place_of_service import HOME

KIND = TransactionKind("HC", "837", "005010X222A1")
CLAIMS_PER_TRANSACTION = 5_000  # the guide's recommended limit of CLM segments in one ST

Segments = Iterator[Segment]


class NothingToSend(RuleError):
    """A file without a claim is not written."""

    code = "CLAIM-17"


class TrialClaimInProduction(RuleError):
    """A claim made for trying out would be worked by the payer as a real one."""

    code = "CLAIM-24"


def write_837p(claims: Sequence[ProfessionalClaim], *, envelope: Envelope) -> bytes:
    """Return the file with those claims, in their order within each billing provider.

    Further transactions follow after each 5,000 claims; BHT03 of the second is ``batch_id``-2, and so on.
    Raises NothingToSend, TrialClaimInProduction, and what ``interchange`` raises.
    """
    if not claims:
        raise NothingToSend
    if envelope.usage is Usage.PRODUCTION and any(claim.test_data for claim in claims):
        raise TrialClaimInProduction
    starts = range(0, len(claims), CLAIMS_PER_TRANSACTION)
    batches = (claims[start : start + CLAIMS_PER_TRANSACTION] for start in starts)
    bodies = (transaction(batch, place, envelope=envelope) for place, batch in enumerate(batches, start=1))
    return interchange(bodies, kind=KIND, envelope=envelope)


def transaction(claims: Sequence[ProfessionalClaim], place: int, *, envelope: Envelope) -> Segments:
    """Yield what stands between ST and SE of the transaction at that place in the file, from one."""
    yield beginning(envelope, place)
    yield from loop_1000a(envelope.submitter)
    yield from loop_1000b(envelope.receiver)
    levels = count(1)
    for provider, claims_of_provider in _by_billing_provider(claims).items():
        parent = next(levels)
        yield from loop_2000a(provider, parent)
        yield from loop_2010aa(provider)
        yield from loop_2010ab(provider.pay_to)
        for claim in claims_of_provider:
            yield from loop_2000b(next(levels), parent)
            yield from loop_2010ba(claim.subscriber)
            yield from loop_2010bb(claim.payer)
            yield from claim_loops(claim)


def claim_loops(claim: ProfessionalClaim) -> Segments:
    """Yield loops 2300 to 2420A of one claim."""
    yield from loop_2300(claim)
    yield from loop_2310a(claim.referring)
    yield from loop_2310b(claim)
    yield from loop_2310c(claim)
    for line in claim.lines:
        yield from loop_2400(line, claim)
        yield from loop_2410(line.drug)
        yield from loop_2420a(line, claim)


def _by_billing_provider(claims: Sequence[ProfessionalClaim]) -> dict[BillingProvider, list[ProfessionalClaim]]:
    groups: dict[BillingProvider, list[ProfessionalClaim]] = {}
    for claim in claims:
        groups.setdefault(claim.billing_provider, []).append(claim)
    return groups


def beginning(envelope: Envelope, place: int) -> Segment:
    """Beginning of hierarchical transaction: 00 original, CH chargeable."""
    batch_id = text(envelope.batch_id, 44) + (f"-{place}" if place > 1 else "")
    created_at = envelope.created_at
    return ("BHT", "0019", "00", batch_id, f"{created_at:%Y%m%d}", f"{created_at:%H%M}", "CH")


def loop_1000a(submitter: Submitter) -> Segments:
    """Submitter."""
    yield ("NM1", "41", "2", text(submitter.name, 60), "", "", "", "", "46", submitter.submitter_id)
    yield ("PER", "IC", text(submitter.contact, 60), "TE", phone(submitter.phone))


def loop_1000b(receiver: Receiver) -> Segments:
    """Receiver."""
    yield ("NM1", "40", "2", text(receiver.name, 60), "", "", "", "", "46", receiver.receiver_id)


def loop_2000a(provider: BillingProvider, level: int) -> Segments:
    """Billing provider level; with the taxonomy, on which the payer's decision may depend."""
    yield ("HL", str(level), "", "20", "1")
    yield ("PRV", "BI", "PXC", text(provider.taxonomy, 10))


def loop_2010aa(provider: BillingProvider) -> Segments:
    """Billing provider: always an organisation here, under its EIN."""
    yield _organisation("85", provider.name, provider.npi)
    yield from _place(provider.address)
    yield ("REF", "EI", text(provider.tax_id, 9))


def loop_2010ab(pay_to: Address | None) -> Segments:
    """Pay-to address, where it differs from the billing address."""
    if pay_to is not None:
        yield ("NM1", "87", "2")
        yield from _place(pay_to)


def loop_2000b(level: int, parent: int) -> Segments:
    """Subscriber level, without a patient below it. VA: the only payer (P), self (18), filing code VA."""
    yield ("HL", str(level), str(parent), "22", "0")
    yield ("SBR", "P", "18", "", "", "", "", "", "", "VA")


def loop_2010ba(veteran: Subscriber) -> Segments:
    """Subscriber, with address, birth and sex because the subscriber is the patient."""
    yield (
        "NM1",
        "IL",
        "1",
        text(veteran.last_name, 60),
        text(veteran.first_name, 35),
        text(veteran.middle_name, 25),
        "",
        text(veteran.suffix, 10),
        "MI",
        text(veteran.member_id, 80),
    )
    yield from _place(veteran.address)
    yield ("DMG", "D8", _d8(veteran.birth_date), text(veteran.sex, 1))


def loop_2010bb(payer: Payer) -> Segments:
    """Payer."""
    yield ("NM1", "PR", "2", text(payer.name, 60), "", "", "", "", "PI", text(payer.payer_id, 80))


def loop_2300(claim: ProfessionalClaim) -> Segments:
    """Claim: assigned (A), signature and release on file (Y), the referral number in REF*G1 and nowhere else."""
    place = (text(claim.place_of_service, 2), "B", text(claim.frequency_code, 1))
    number = text(claim.control_number, 20)
    yield ("CLM", number, amount(claim.total_charge), "", "", place, "Y", "A", "Y", "Y")
    if claim.referral_number:
        yield ("REF", "G1", text(claim.referral_number, 50))
    if claim.original_claim_number:
        yield ("REF", "F8", text(claim.original_claim_number, 50))
    principal, *others = claim.diagnoses
    yield ("HI", ("ABK", text(principal, 7)), *(("ABF", text(code, 7)) for code in others))


def loop_2310a(referring: Clinician | None) -> Segments:
    """Referring clinician, where VA named one."""
    if referring is not None:
        yield _person("DN", referring)


def loop_2310b(claim: ProfessionalClaim) -> Segments:
    """Rendering clinician of the first line and so of the claim; left out where that is the billing provider."""
    rendering = claim.lines[0].rendering
    if rendering.npi != claim.billing_provider.npi:
        yield from _rendering(rendering)


def loop_2310c(claim: ProfessionalClaim) -> Segments:
    """Service facility, where the place is neither the billing address nor the Veteran's home."""
    facility = claim.facility
    if claim.place_of_service != HOME and facility.address != claim.billing_provider.address:
        yield _organisation("77", facility.name, facility.npi)
        yield from _place(facility.address)


def loop_2400(line: ServiceLine, claim: ProfessionalClaim) -> Segments:
    """Service line. REF*6R is on each: the 835 brings it back, and payments are posted by it."""
    modifiers = [text(modifier, 2) for modifier in line.modifiers] + [""] * (4 - len(line.modifiers))
    procedure = ("HC", text(line.code, 5), *modifiers, text(line.description, 80))
    place = "" if line.place_of_service == claim.place_of_service else text(line.place_of_service, 2)
    pointers = tuple(map(str, line.diagnosis_pointers))
    yield ("LX", str(line.number))
    yield ("SV1", procedure, amount(line.charge), "UN", str(line.units), place, "", pointers)
    yield ("DTP", "472", "D8", _d8(line.service_date))
    yield ("REF", "6R", text(line.control_number, 30))


def loop_2410(drug: Drug | None) -> Segments:
    """Drug: NDC (N4), and how much of it in its own unit."""
    if drug is not None:
        yield ("LIN", "", "N4", text(drug.ndc, 11))
        yield ("CTP", "", "", "", quantity(drug.quantity), text(drug.unit, 2))


def loop_2420a(line: ServiceLine, claim: ProfessionalClaim) -> Segments:
    """Rendering clinician of the line, where it is another than the claim's."""
    if line.rendering != claim.lines[0].rendering:
        yield from _rendering(line.rendering)


def _rendering(clinician: Clinician) -> Segments:
    yield _person("82", clinician)
    if clinician.taxonomy:
        yield ("PRV", "PE", "PXC", text(clinician.taxonomy, 10))


def _person(role: str, clinician: Clinician) -> Segment:
    names = (text(clinician.last_name, 60), text(clinician.first_name, 35), text(clinician.middle_name, 25))
    return ("NM1", role, "1", *names, "", "", *_npi(clinician.npi))


def _organisation(role: str, name: str, npi: str) -> Segment:
    return ("NM1", role, "2", text(name, 60), "", "", "", "", *_npi(npi))


def _npi(npi: str) -> tuple[str, ...]:
    return ("XX", text(npi, 10)) if npi else ()


def _place(address: Address) -> Segments:
    yield ("N3", text(address.street, 55), text(address.street_2, 55))
    yield ("N4", text(address.city, 30), text(address.state, 2), text(address.zip_code, 9))


def _d8(day: date | None) -> str:
    return "" if day is None else day.isoformat().replace("-", "")
