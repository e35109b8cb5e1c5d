"""How the lines and diagnoses of a claim are built from visits, and which visits go on one claim."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import F

from billing import queries
from billing.domain.scrub_claim import DIAGNOSES
from billing.domain.scrub_lines import LINES
from billing.models import Charge, Claim, ClaimDiagnosis, ClaimLine, ControlNumbers
from vca.core.access import Actor
from vca.domain.money import usd


def parts(visits: list[Any]) -> Iterable[list[Any]]:
    """Split visits so that no claim passes fifty lines or twelve diagnoses; a visit stays whole."""
    part: list[Any] = []
    for visit in visits:
        grown = [*part, visit]
        lines = sum(len(one.services.all()) for one in grown)
        if part and (lines > LINES or len(_diagnoses(grown)) > DIAGNOSES):
            yield part
            grown = [visit]
        part = grown
    yield part


def _diagnoses(visits: Iterable[Any]) -> list[str]:
    """Return the diagnoses of the visits in their order, each once; without any, the referral's provisional one."""
    visits = list(visits)
    found = list(dict.fromkeys(code for visit in visits for code in visit.diagnoses))
    provisional = visits[0].authorization.referral.provisional_diagnosis
    return found or [provisional] * bool(provisional)


def fill(claim: Claim, visits: list[Any], *, by: Actor) -> None:
    """Write the lines, the diagnoses, the first day and the total charge of a claim that has none yet."""
    services = [(visit, service) for visit in visits for service in visit.services.all()]
    prices = queries.prices_in_force(by, {(service.code, visit.on) for visit, service in services})
    lines = [
        _line(claim, number, visit, service, prices.get((service.code, visit.on)))
        for number, (visit, service) in enumerate(services, start=1)
    ]
    ClaimLine.objects.bulk_create(lines)
    ClaimDiagnosis.objects.bulk_create(
        ClaimDiagnosis(practice_id=claim.practice_id, claim=claim, position=position, code=code)
        for position, code in enumerate(_diagnoses(visits), start=1)
    )
    claim.total_charge = usd(sum((line.charge for line in lines), Decimal(0)))
    claim.first_day = min((line.service_date for line in lines), default=claim.first_day)
    claim.save(update_fields=["total_charge", "first_day"])


def _line(claim: Claim, number: int, visit: Any, service: Any, price: Charge | None) -> ClaimLine:
    return ClaimLine(
        practice_id=claim.practice_id,
        claim=claim,
        number=number,
        control_number=f"{claim.control_number}-{claim.revision}-{number:02d}",
        visit=visit,
        visit_service=service,
        service_date=visit.on,
        code=service.code,
        modifiers=service.modifiers,
        units=service.units,
        charge=price.of(service.units) if price else usd(0),  # CLAIM-06 then blocks the claim
        clinician=service.clinician,
        drug_name=service.drug_name,
        ndc=service.ndc,
        ndc_unit=service.ndc_unit,
        ndc_quantity=service.ndc_quantity,
    )


def next_claim_number(practice_id: int) -> str:
    """Return the next CLM01, at most 14 characters, so that it fits CMS-1500 box 26 too."""
    ControlNumbers.objects.get_or_create(practice_id=practice_id)
    ControlNumbers.objects.filter(pk=practice_id).update(claim=F("claim") + 1)
    number = ControlNumbers.objects.values_list("claim", flat=True).get(pk=practice_id)
    return f"{practice_id}C{number:07d}"
