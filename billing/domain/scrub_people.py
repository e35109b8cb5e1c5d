"""Scrub rules on who and where: the Veteran, the practice, the clinicians, and their addresses."""

from collections.abc import Iterator
from datetime import date

from billing.domain.claim import Address, MemberIdKind, ProfessionalClaim
from billing.domain.findings import Finding, Findings, ScrubContext, fault, name_of, writable
from vca.domain.identifiers import edipi, ein, icn, npi, place_of_service, ssn, taxonomy, us_address

FIRST_BIRTH_DATE = date(1900, 1, 1)  # an earlier one is a slip of the hand

_MEMBER_IDS = {MemberIdKind.ICN: icn.validate, MemberIdKind.EDIPI: edipi.validate, MemberIdKind.SSN: ssn.validate}


def member_id(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-03: a number of the kind that it says it is."""
    kind = claim.subscriber.member_id_kind
    if reason := fault(_MEMBER_IDS[kind], claim.subscriber.member_id):
        yield Finding("CLAIM-03", f"The Veteran's {kind} cannot be sent. {reason}", "subscriber.member_id")


def npis(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-05: every NPI of the claim; a clinician of several lines is named with the first."""
    for whose, number, field in _npis(claim):
        if reason := fault(npi.validate, number):
            yield Finding("CLAIM-05", f"The NPI of {whose} cannot be sent. {reason}", field)


def _npis(claim: ProfessionalClaim) -> Iterator[tuple[str, str, str]]:
    yield "the billing provider", claim.billing_provider.npi, "billing_provider.npi"
    if claim.referring is not None:
        yield "the referring clinician", claim.referring.npi, "referring.npi"
    if claim.facility.npi:
        yield "the place of service", claim.facility.npi, "facility.npi"
    seen: set[str] = set()
    for line in claim.lines:
        if line.rendering.npi not in seen:
            yield f"the clinician of {name_of(line)}", line.rendering.npi, f"lines.{line.number}.rendering.npi"
        seen.add(line.rendering.npi)


def veteran(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-07: the Veteran is patient and subscriber in one, so N3, N4 and DMG are always sent."""
    subscriber = claim.subscriber
    for gap in _gaps(subscriber.address):
        yield Finding("CLAIM-07", f"The Veteran's {gap} is missing.", f"subscriber.address.{gap}")
    if subscriber.birth_date is None:
        yield Finding("CLAIM-07", "The Veteran's date of birth is missing.", "subscriber.birth_date")
    elif not FIRST_BIRTH_DATE <= subscriber.birth_date <= context.today:
        yield Finding("CLAIM-07", "The Veteran's date of birth cannot be right.", "subscriber.birth_date")
    if subscriber.sex not in ("F", "M", "U"):
        yield Finding("CLAIM-07", "The Veteran's sex is missing: F, M, or U for unknown.", "subscriber.sex")


def billing_provider(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-09: name, street, nine-digit ZIP, tax number and taxonomy of the practice."""
    provider = claim.billing_provider
    if not writable(provider.name):
        yield Finding("CLAIM-09", "The billing provider's name is missing.", "billing_provider.name")
    for gap in _gaps(provider.address):
        yield Finding("CLAIM-09", f"The billing provider's {gap} is missing.", f"billing_provider.address.{gap}")
    if us_address.is_po_box(provider.address.street):
        message = "The billing provider's address is a post office box, and must be a street."
        yield Finding("CLAIM-09", message, "billing_provider.address.street")
    if reason := fault(us_address.validate_full, provider.address.zip_code):
        message = f"The billing provider's ZIP code cannot be sent. {reason}"
        yield Finding("CLAIM-09", message, "billing_provider.address.zip_code")
    if reason := fault(ein.validate, provider.tax_id):
        message = f"The billing provider's tax number cannot be sent. {reason}"
        yield Finding("CLAIM-09", message, "billing_provider.tax_id")
    if reason := fault(taxonomy.validate, provider.taxonomy):
        message = f"The billing provider's taxonomy code cannot be sent. {reason}"
        yield Finding("CLAIM-09", message, "billing_provider.taxonomy")


def addresses(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-18: states and ZIP codes; all nine digits where the pay-to address or the place of service is sent."""
    for whose, address, field in _addresses(claim):
        if not us_address.is_state(address.state):
            yield Finding("CLAIM-18", f"The state of {whose} does not exist.", f"{field}.state")
    if reason := fault(us_address.validate, claim.subscriber.address.zip_code):
        message = f"The ZIP code of the Veteran cannot be sent. {reason}"
        yield Finding("CLAIM-18", message, "subscriber.address.zip_code")
    for whose, address, field in _further_addresses(claim):
        if reason := fault(us_address.validate_full, address.zip_code):
            yield Finding("CLAIM-18", f"The ZIP code of {whose} cannot be sent. {reason}", f"{field}.zip_code")
        for gap in _gaps(address):
            yield Finding("CLAIM-18", f"The {gap} of {whose} is missing.", f"{field}.{gap}")


def _addresses(claim: ProfessionalClaim) -> Iterator[tuple[str, Address, str]]:
    yield "the Veteran", claim.subscriber.address, "subscriber.address"
    yield "the billing provider", claim.billing_provider.address, "billing_provider.address"
    yield from _further_addresses(claim)


def _further_addresses(claim: ProfessionalClaim) -> Iterator[tuple[str, Address, str]]:
    provider, facility = claim.billing_provider, claim.facility
    if provider.pay_to is not None:
        yield "the pay-to address", provider.pay_to, "billing_provider.pay_to"
    if claim.place_of_service != place_of_service.HOME and facility.address != provider.address:
        yield "the place of service", facility.address, "facility.address"


def names(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-22: a last name that is left empty by the character set would be refused by every reader."""
    if not writable(claim.subscriber.last_name):
        message = "The Veteran's last name is missing, or has no Latin letter."
        yield Finding("CLAIM-22", message, "subscriber.last_name")
    if not writable(claim.facility.name):
        message = "The name of the place of service is missing, or has no Latin letter."
        yield Finding("CLAIM-22", message, "facility.name")
    if claim.referring is not None and not writable(claim.referring.last_name):
        message = "The last name of the referring clinician is missing, or has no Latin letter."
        yield Finding("CLAIM-22", message, "referring.last_name")
    for line in claim.lines:
        if not writable(line.rendering.last_name):
            message = f"The last name of the clinician of {name_of(line)} is missing, or has no Latin letter."
            yield Finding("CLAIM-22", message, f"lines.{line.number}.rendering.last_name")


def _gaps(address: Address) -> Iterator[str]:
    if not writable(address.street):
        yield "street"
    if not writable(address.city) or len(address.city.strip()) < 2:  # N401 has two characters at least
        yield "city"
