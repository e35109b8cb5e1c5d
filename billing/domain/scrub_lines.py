"""Scrub rules on the service lines: days, charges, codes, pointers, drugs and places."""

from decimal import Decimal

from billing.domain import timely_filing
from billing.domain.claim import Drug, ProfessionalClaim, ServiceLine
from billing.domain.findings import Finding, Findings, ScrubContext, fault, name_of, writable
from vca.domain.identifiers import ndc, place_of_service, procedure_code
from vca.domain.identifiers.procedure_code import MODIFIERS
from vca.domain.money import usd
from vca.domain.wording import say_day

LINES = 50  # of a claim; a printed form holds six
POINTERS = 4  # of a line
HIGHEST_CHARGE = Decimal("99999999.99")  # ten digits
HIGHEST_QUANTITY = Decimal("99999999.999")
DRUG_UNITS = frozenset({"F2", "GR", "ME", "ML", "UN"})

# codes that say "a drug" without saying which; CMS, HCPCS level II, sections C and J
_UNCLASSIFIED = "C9399 J1599 J3490 J3535 J3590 J7199 J7599 J7699 J7799 J7999 J8498 J8499 J8597 J8999 J9999"
UNCLASSIFIED_DRUGS = frozenset(_UNCLASSIFIED.split())


def days_of_service(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-02 and CLAIM-23: inside the authorization, both ends included, and not in the future."""
    first, last = claim.authorized.valid_from, claim.authorized.valid_through
    for line in claim.lines:
        field = f"lines.{line.number}.service_date"
        if first is not None and claim.authorized.starts_after(line.service_date):
            message = f"{_the(line)} is before the first authorized day, {say_day(first)}."
            yield Finding("CLAIM-02", message, field)
        if last is not None and claim.authorized.ended_before(line.service_date):
            message = f"{_the(line)} is after the last authorized day, {say_day(last)}."
            yield Finding("CLAIM-02", message, field)
        if line.service_date > context.today:
            yield Finding("CLAIM-23", f"{_the(line)} lies in the future.", field)


def charges(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-06: dollars and cents above zero, and the claim's total their sum."""
    for line in claim.lines:
        if not 0 < line.charge <= HIGHEST_CHARGE or line.charge != usd(line.charge):
            message = f"{_the(line)} has no charge in dollars and cents above zero."
            yield Finding("CLAIM-06", message, f"lines.{line.number}.charge")
    added = sum((line.charge for line in claim.lines), start=Decimal())
    if claim.total_charge != added:
        message = f"The total charge is {claim.total_charge}, and the lines add up to {added}."
        yield Finding("CLAIM-06", message, "total_charge")


def procedures(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-10: code, modifiers and units."""
    for line in claim.lines:
        if reason := fault(procedure_code.validate, line.code):
            message = f"{_the(line)} has no CPT or HCPCS code that can be sent. {reason}"
            yield Finding("CLAIM-10", message, f"lines.{line.number}.code")
        if len(line.modifiers) > MODIFIERS or not all(map(procedure_code.is_modifier, line.modifiers)):
            message = f"{_the(line)} has more than {MODIFIERS} modifiers, or one that is not two letters or digits."
            yield Finding("CLAIM-10", message, f"lines.{line.number}.modifiers")
        if line.units < 1:
            yield Finding("CLAIM-10", f"{_the(line)} has no units above zero.", f"lines.{line.number}.units")


def diagnosis_pointers(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-10: one to four pointers, each once, each to a diagnosis that the claim has."""
    places = range(1, len(claim.diagnoses) + 1)
    for line in claim.lines:
        pointers, field = line.diagnosis_pointers, f"lines.{line.number}.diagnosis_pointers"
        if not 1 <= len(pointers) <= POINTERS or len(set(pointers)) < len(pointers):
            message = f"{_the(line)} does not point to 1 to {POINTERS} different diagnoses."
            yield Finding("CLAIM-10", message, field)
        if any(pointer not in places for pointer in pointers):
            yield Finding("CLAIM-10", f"{_the(line)} points to a diagnosis that the claim does not have.", field)


def drugs(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-11: an unclassified code needs name and NDC; whatever NDC is sent needs its unit and quantity."""
    for line in claim.lines:
        unclassified = line.code in UNCLASSIFIED_DRUGS
        if unclassified and not writable(line.description):
            message = f"{_the(line)} bills a drug under an unclassified code and does not name it."
            yield Finding("CLAIM-11", message, f"lines.{line.number}.description")
        if unclassified and line.drug is None:
            message = f"{_the(line)} bills a drug under an unclassified code without its NDC."
            yield Finding("CLAIM-11", message, f"lines.{line.number}.drug")
        if line.drug is not None:
            yield from _drug(line.drug, line)


def _drug(drug: Drug, line: ServiceLine) -> Findings:
    if reason := fault(ndc.validate, drug.ndc):
        yield Finding(
            "CLAIM-11", f"The NDC of {name_of(line)} cannot be sent. {reason}", f"lines.{line.number}.drug.ndc"
        )
    if drug.unit not in DRUG_UNITS:
        message = f"The drug of {name_of(line)} is not measured in F2, GR, ME, ML or UN."
        yield Finding("CLAIM-11", message, f"lines.{line.number}.drug.unit")
    if not 0 < drug.quantity <= HIGHEST_QUANTITY or drug.quantity != round(drug.quantity, 3):
        message = f"The drug of {name_of(line)} has no quantity above zero with three places at most."
        yield Finding("CLAIM-11", message, f"lines.{line.number}.drug.quantity")


def filing_limit(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-12: counted for each line from its own day."""
    for line in claim.lines:
        last_day = timely_filing.last_day(line.service_date, limit_days=context.filing_limit_days)
        if last_day < context.today:
            message = f"{_the(line)} had to be filed by {say_day(last_day)}."
            yield Finding("CLAIM-12", message, f"lines.{line.number}.service_date")


def authorized_codes(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-13: each service line of the authorization has its own list; one that VA left empty allows every code."""
    for line in claim.lines:
        if line.authorized_codes and line.code not in line.authorized_codes:
            message = f"{_the(line)} bills {line.code}, which VA's authorization does not list for that service."
            yield Finding("CLAIM-13", message, f"lines.{line.number}.code")


def number_of_lines(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-15: one to fifty."""
    count = len(claim.lines)
    if not 1 <= count <= LINES:
        yield Finding("CLAIM-15", f"The claim has {count} lines, and must have 1 to {LINES}.", "lines")


def places_of_service(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-18: the claim's place, and that of each line."""
    if reason := fault(place_of_service.validate, claim.place_of_service):
        message = f"The claim's place of service cannot be sent. {reason}"
        yield Finding("CLAIM-18", message, "place_of_service")
    for line in claim.lines:
        if reason := fault(place_of_service.validate, line.place_of_service):
            message = f"The place of service of {name_of(line)} cannot be sent. {reason}"
            yield Finding("CLAIM-18", message, f"lines.{line.number}.place_of_service")


def _the(line: ServiceLine) -> str:
    return f"L{name_of(line)[1:]}"
