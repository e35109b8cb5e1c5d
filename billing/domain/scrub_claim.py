"""Scrub rules on the head of a claim: referral, payer, diagnoses, frequency and control numbers."""

import re

from billing.domain.claim import PayerRoute, ProfessionalClaim
from billing.domain.findings import Finding, Findings, ScrubContext, fault, name_of, writable
from vca.domain.identifiers import icd10cm, va_referral_number
from vca.domain.wording import say_day

DIAGNOSES = 12  # HI and box 21 hold as many
ORIGINAL, REPLACEMENT, VOID = "1", "7", "8"

_CLAIM_CONTROL_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,13}")
_LINE_CONTROL_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,29}")
_ELSEWHERE = {
    PayerRoute.NETWORK: "The referral belongs to the network: its administrator is billed, through its own channel.",
    PayerRoute.UNKNOWN: "The referral has no affiliation on file, so it is not known who pays.",
}


def visits(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-25: what is sent is what was given, as it was last corrected."""
    for day in claim.corrected_days:
        message = f"The visit of {say_day(day)} was corrected after this draft was made. Build it again."
        yield Finding("CLAIM-25", message, "visits")


def referral_number(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-01: without the number VA denies whatever is not an emergency."""
    if reason := fault(va_referral_number.validate, claim.referral_number):
        yield Finding("CLAIM-01", f"The VA referral number cannot be sent. {reason}", "referral_number")


def diagnoses(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-04: one to twelve, each once, each in the shape of ICD-10-CM and without its dot."""
    count = len(claim.diagnoses)
    if not 1 <= count <= DIAGNOSES:
        yield Finding("CLAIM-04", f"The claim has {count} diagnoses, and must have 1 to {DIAGNOSES}.", "diagnoses")
    for place, code in enumerate(claim.diagnoses, start=1):
        if reason := fault(icd10cm.validate, code):
            yield Finding("CLAIM-04", f"Diagnosis {place} is not an ICD-10-CM code. {reason}", f"diagnoses.{place}")
        if code in claim.diagnoses[: place - 1]:
            yield Finding("CLAIM-04", f"Diagnosis {place} is on the claim twice.", f"diagnoses.{place}")


def payer(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-08: only what VA itself pays takes this road."""
    if claim.payer_route in _ELSEWHERE:
        yield Finding("CLAIM-08", _ELSEWHERE[claim.payer_route], "payer_route")
    if not writable(claim.payer.name):
        yield Finding("CLAIM-08", "The payer's name is missing.", "payer.name")
    if not writable(claim.payer.payer_id):
        yield Finding("CLAIM-08", "The payer's electronic payer id is missing.", "payer.payer_id")


def frequency(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-20: a replacement or void names what it replaces or voids, and an original names nothing."""
    if claim.frequency_code not in (ORIGINAL, REPLACEMENT, VOID):
        yield Finding("CLAIM-20", "The frequency code is not 1, 7 or 8.", "frequency_code")
    if claim.frequency_code in (REPLACEMENT, VOID) and not writable(claim.original_claim_number):
        message = "The claim replaces or voids an earlier one, and VA's number of that one is missing."
        yield Finding("CLAIM-20", message, "original_claim_number")
    if claim.frequency_code == ORIGINAL and claim.original_claim_number:
        message = "The claim is an original, and yet it names an earlier claim."
        yield Finding("CLAIM-20", message, "original_claim_number")


def control_numbers(claim: ProfessionalClaim, context: ScrubContext) -> Findings:
    """CLAIM-21: CLM01 as short as box 26, REF*6R once in the claim; capitals, since a payer may send back no others."""
    if not _CLAIM_CONTROL_NUMBER.fullmatch(claim.control_number):
        message = "The claim's control number is not 1 to 14 capital letters, digits and hyphens."
        yield Finding("CLAIM-21", message, "control_number")
    seen: set[str] = set()
    for line in claim.lines:
        if not _LINE_CONTROL_NUMBER.fullmatch(line.control_number):
            message = f"The control number of {name_of(line)} is not 1 to 30 capital letters, digits and hyphens."
            yield Finding("CLAIM-21", message, f"lines.{line.number}.control_number")
        if line.control_number in seen:
            message = f"The control number of {name_of(line)} is that of another line too."
            yield Finding("CLAIM-21", message, f"lines.{line.number}.control_number")
        seen.add(line.control_number)
