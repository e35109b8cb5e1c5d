"""Models -> ProfessionalClaim: the only place where the two shapes meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing import queries
from billing.domain.claim import (
    Address,
    BillingProvider,
    Clinician,
    Drug,
    Facility,
    MemberIdKind,
    Payer,
    PayerRoute,
    ProfessionalClaim,
    ServiceLine,
    Subscriber,
)
from billing.domain.scrub_lines import UNCLASSIFIED_DRUGS
from billing.models import Claim, ClaimLine
from referrals.domain.routing import bills_va
from referrals.domain.states import Affiliation
from referrals.models import Referral, VeteranFacts
from vca.core import models as core
from vca.core.access import Actor
from vca.core.services import parameters


@dataclass(frozen=True, slots=True)
class Assembled:
    """A claim as the rules and formats read it, with the row and revision that it was built from.

    ``filed_on`` is the day of submission: it chooses the payer, and the filing limit is judged by it.
    """

    claim_id: int
    revision: int
    filed_on: date
    document: ProfessionalClaim


def assemble(claim_ids: Sequence[int], *, by: Actor, at: datetime) -> list[Assembled]:
    """Return the claims with all that a payer is told, as if they were filed at that moment."""
    rows = queries.whole_claims(by, claim_ids)
    days = {row.pk: filed_on(row, at=at) for row in rows}
    payers = _payers(by, set(days.values()))
    return [Assembled(row.pk, row.revision, days[row.pk], _claim(row, payers[days[row.pk]])) for row in rows]


def filed_on(claim: Claim, *, at: datetime) -> date:
    """Return the civil day on which a claim is filed at that moment: the day at its location, whoever asks."""
    return claim.location.civil_day(at)


def _payers(by: Actor, days: set[date]) -> dict[date, Payer]:
    names = parameters.values("payer-name", practice_id=by.practice_id, days=days)
    ids = parameters.values("payer-id", practice_id=by.practice_id, days=days)
    return {day: Payer(names[day], ids[day]) for day in days}


def _claim(row: Claim, payer: Payer) -> ProfessionalClaim:
    diagnoses = tuple(diagnosis.code for diagnosis in row.diagnoses.all())
    lines = list(row.lines.all())
    place = row.location.place_of_service
    return ProfessionalClaim(
        control_number=row.control_number,
        frequency_code=row.frequency_code,
        original_claim_number=row.original_claim_number,
        referral_number=row.referral.number,
        place_of_service=place,
        total_charge=row.total_charge,
        diagnoses=diagnoses,
        billing_provider=_billing_provider(row.practice),
        subscriber=_subscriber(row.veteran.facts),
        payer=payer,
        facility=_facility(row.location),
        referring=_referring(row.referral),
        lines=tuple(_line(line, place, len(diagnoses)) for line in lines),
        authorized=row.authorization_version.period,
        payer_route=route(Affiliation(row.referral.affiliation)),
        test_data=row.practice.test_data,
        corrected_days=tuple(sorted({line.service_date for line in lines if line.visit_service_id is None})),
    )


def _address(row: Any) -> Address:
    return Address(row.street, row.city, row.state, row.zip_code, row.street_2)


def _billing_provider(practice: core.Practice) -> BillingProvider:
    name = practice.legal_name or practice.name
    address = _address(practice)
    return BillingProvider(name, practice.npi, practice.tax_id, practice.taxonomy, practice.billing_phone, address)


def _subscriber(facts: VeteranFacts) -> Subscriber:
    member_id, kind = _member_id(facts)
    return Subscriber(
        last_name=facts.last_name,
        first_name=facts.first_name,
        middle_name=facts.middle_name,
        suffix=facts.suffix,
        member_id=member_id,
        member_id_kind=kind,
        birth_date=facts.date_of_birth,
        sex=facts.sex,
        address=_address(facts),
        phone=facts.phone,
    )


def _member_id(facts: VeteranFacts) -> tuple[str, MemberIdKind]:
    """The ICN, else EDIPI, else Social Security number: the best that is on file."""
    known = ((facts.icn, MemberIdKind.ICN), (facts.edipi, MemberIdKind.EDIPI), (facts.ssn, MemberIdKind.SSN))
    return next(((number, kind) for number, kind in known if number), ("", MemberIdKind.ICN))


def _facility(location: core.ServiceLocation) -> Facility:
    return Facility(location.name, _address(location), location.npi)


def _referring(referral: Referral) -> Clinician | None:
    if not (referral.referring_name and referral.referring_npi):
        return None
    last, _, first = referral.referring_name.partition(",")
    return Clinician(last.strip(), first.strip(), referral.referring_npi)


def _line(row: ClaimLine, place: str, diagnoses: int) -> ServiceLine:
    clinician = row.clinician
    drug = Drug(row.ndc, row.ndc_unit, row.ndc_quantity) if row.ndc and row.ndc_quantity else None
    return ServiceLine(
        number=row.number,
        control_number=row.control_number,
        service_date=row.service_date,
        code=row.code,
        modifiers=tuple(part for part in row.modifiers.split(",") if part),
        description=row.drug_name if row.code in UNCLASSIFIED_DRUGS else "",
        charge=row.charge,
        units=row.units,
        place_of_service=place,
        diagnosis_pointers=tuple(range(1, min(diagnoses, 4) + 1)),
        rendering=Clinician(clinician.last_name, clinician.first_name, clinician.npi, clinician.taxonomy),
        drug=drug,
        authorized_codes=frozenset(row.codes or ()),
    )


def route(affiliation: Affiliation) -> PayerRoute:
    """Return where the claims of a referral with that affiliation go."""
    if affiliation == Affiliation.UNKNOWN:
        return PayerRoute.UNKNOWN
    return PayerRoute.VA_DIRECT if bills_va(affiliation) else PayerRoute.NETWORK
