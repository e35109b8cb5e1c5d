"""Scrub: what is wrong with a claim before anybody sends it, as a tuple of small rules.

Each rule looks at one claim and yields findings; nothing is changed and no row is read. The messages are for a biller:
they name the line and its day, and never the Veteran, an identifier of theirs or a diagnosis. The source of each rule
stands with its code in ``vca.domain.rules``. Two codes are judged where more than one claim is at hand: CLAIM-14 and
CLAIM-16 by the services, CLAIM-17 and CLAIM-24 by the writer of the file.

>>> Finding("CLAIM-15", "The claim has 0 lines, and must have 1 to 50.", "lines").severity
<Severity.BLOCK: 'BLOCK'>
"""

from collections.abc import Callable
from datetime import date

from billing.domain import scrub_claim, scrub_lines, scrub_people
from billing.domain.claim import ProfessionalClaim
from billing.domain.findings import Finding, Findings, ScrubContext

Rule = Callable[[ProfessionalClaim, ScrubContext], Findings]

RULES: tuple[Rule, ...] = (
    scrub_claim.referral_number,  # CLAIM-01
    scrub_lines.days_of_service,  # CLAIM-02, CLAIM-23
    scrub_people.member_id,  # CLAIM-03
    scrub_claim.diagnoses,  # CLAIM-04
    scrub_people.npis,  # CLAIM-05
    scrub_lines.charges,  # CLAIM-06
    scrub_people.veteran,  # CLAIM-07
    scrub_claim.payer,  # CLAIM-08
    scrub_people.billing_provider,  # CLAIM-09
    scrub_lines.procedures,  # CLAIM-10
    scrub_lines.diagnosis_pointers,  # CLAIM-10
    scrub_lines.drugs,  # CLAIM-11
    scrub_lines.filing_limit,  # CLAIM-12
    scrub_lines.authorized_codes,  # CLAIM-13
    scrub_lines.number_of_lines,  # CLAIM-15
    scrub_people.addresses,  # CLAIM-18
    scrub_lines.places_of_service,  # CLAIM-18
    scrub_claim.frequency,  # CLAIM-20
    scrub_claim.control_numbers,  # CLAIM-21
    scrub_people.names,  # CLAIM-22
)


def scrub(claim: ProfessionalClaim, *, today: date, filing_limit_days: int) -> tuple[Finding, ...]:
    """Return all findings, in the order of the rules; none means that the claim may be sent.

    Of a claim whose visits were corrected since, only that is said (CLAIM-25): the rest is judged when it is built
    again.
    ``filing_limit_days`` counts civil days from the day of service to the last day on which a claim is timely.
    """
    context = ScrubContext(today=today, filing_limit_days=filing_limit_days)
    rules = (scrub_claim.visits,) if claim.corrected_days else RULES
    return tuple(finding for rule in rules for finding in rule(claim, context))
