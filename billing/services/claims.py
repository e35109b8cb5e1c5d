"""Claims: draft from completed visits, scrub, make ready, take back, close."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import F

from billing import queries
from billing.domain.findings import Finding
from billing.domain.scrub import scrub
from billing.domain.states import CLAIM_MOVES, ClaimState
from billing.models import Claim, ClaimDiagnosis, ClaimLine, ControlNumbers
from billing.services.assembly import Assembled, assemble
from referrals import queries as referral_queries
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import Affiliation
from vca.core import audit
from vca.core.access import Actor
from vca.core.services import parameters
from vca.domain.errors import RuleError
from vca.domain.money import usd
from vca.domain.rules import Severity

MOST_LINES = 50
MOST_DIAGNOSES = 12


class NotBilledToVa(RuleError):
    """The referral's affiliation sends its claims elsewhere."""

    code = "CLAIM-08"


class VisitAlreadyClaimed(RuleError):
    """A visit stands on a live claim already."""

    code = "CLAIM-16"


class NothingToClaim(RuleError):
    """None of the visits is completed, or none was chosen."""

    code = "CLAIM-17"


class MoveNotOffered(RuleError):
    """The claim is not in a state from which that act may start."""

    code = "CLAIM-14"


class FindingsBlock(RuleError):
    """The scrub found something that VA would refuse; ``findings`` holds all of it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.code = findings[0].code  # type: ignore[misc]  # the rule is that of the first finding
        self.findings = tuple(findings)
        super().__init__(findings[0].message, field=findings[0].field)


def draft(*, visit_ids: Sequence[int], by: Actor, at: datetime) -> list[Claim]:
    """Draft claims from completed visits: one per authorization and location, more when the lines exceed fifty.

    Raises NothingToClaim, VisitAlreadyClaimed, NotBilledToVa.
    """
    with transaction.atomic():
        referral_queries.lock_visits(visit_ids)
        visits = list(
            referral_queries.completed_visits(by, visit_ids).order_by(
                "authorization_id", "location_id", "starts_at", "pk"
            )
        )
        if not visits or len(visits) < len(set(visit_ids)):
            raise NothingToClaim(_not_completed(len(visits)))
        _refuse_claimed(visit_ids)
        groups = groupby(visits, key=lambda visit: (visit.authorization_id, visit.location_id))
        drafted = [claim for _, group in groups for claim in _draft_group(list(group), by=by, at=at)]
    return drafted


def _not_completed(found: int) -> str:
    """Say the same of a visit that was undone meanwhile, of another practice's, and of one that never was."""
    return "one of these visits is not completed" if found else "none of these visits is completed"


def _refuse_claimed(visit_ids: Sequence[int]) -> None:
    taken = ClaimLine.objects.filter(is_live=True, visit_id__in=visit_ids).select_related("claim").first()
    if taken:
        raise VisitAlreadyClaimed(
            f"a visit of {taken.service_date:%d %b %Y} stands on claim {taken.claim.control_number}"
        )


def _draft_group(visits: list[Any], *, by: Actor, at: datetime) -> Iterable[Claim]:
    referral = visits[0].authorization.referral
    affiliation = Affiliation(referral.affiliation)
    if not bills_va(affiliation):
        raise NotBilledToVa(where_to_bill(affiliation, network=referral.network))
    for part in _parts(visits):
        yield _draft_one(part, by=by, at=at)


def _parts(visits: list[Any]) -> Iterable[list[Any]]:
    """Split visits so that no claim passes fifty lines or twelve diagnoses; a visit stays whole."""
    part: list[Any] = []
    for visit in visits:
        grown = [*part, visit]
        lines = sum(len(one.services.all()) for one in grown)
        if part and (lines > MOST_LINES or len(_diagnoses(grown)) > MOST_DIAGNOSES):
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


def _draft_one(visits: list[Any], *, by: Actor, at: datetime) -> Claim:
    first = visits[0]
    claim = Claim.objects.create(
        practice_id=first.practice_id,
        referral=first.authorization.referral,
        authorization_version=first.authorization.terms,
        veteran_id=first.veteran_id,
        location=first.location,
        control_number=_next_claim_number(first.practice_id),
        created_at=at,
        created_by_id=by.user_id,
    )
    _fill(claim, visits, by=by)
    audit.record(by=by, action="claim.drafted", subject=claim, changes={"visits": [visit.pk for visit in visits]})
    return claim


def _fill(claim: Claim, visits: list[Any], *, by: Actor) -> None:
    services = [(visit, service) for visit in visits for service in visit.services.all()]
    prices = _prices({(service.code, visit.on) for visit, service in services}, by)
    lines = [
        _line(claim, number, visit, service, prices[service.code, visit.on])
        for number, (visit, service) in enumerate(services, start=1)
    ]
    ClaimLine.objects.bulk_create(lines)
    ClaimDiagnosis.objects.bulk_create(
        ClaimDiagnosis(practice_id=claim.practice_id, claim=claim, position=position, code=code)
        for position, code in enumerate(_diagnoses(visits), start=1)
    )
    claim.total_charge = usd(sum((line.charge for line in lines), Decimal(0)))
    claim.save(update_fields=["total_charge"])


def _prices(wanted: set[tuple[str, date]], by: Actor) -> dict[tuple[str, date], Decimal]:
    """Return the price of each code on its day; no price known stays zero here, and CLAIM-06 blocks the claim."""
    found = queries.prices_in_force(by, wanted)
    return {pair: found[pair].amount if pair in found else Decimal(0) for pair in wanted}


def _line(claim: Claim, number: int, visit: Any, service: Any, price: Decimal) -> ClaimLine:
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
        charge=usd(price * service.units),
        clinician=service.clinician,
        drug_name=service.drug_name,
        ndc=service.ndc,
        ndc_unit=service.ndc_unit,
        ndc_quantity=service.ndc_quantity,
    )


def _next_claim_number(practice_id: int) -> str:
    """Return the next CLM01, at most 14 characters, so that it fits CMS-1500 box 26 too."""
    ControlNumbers.objects.get_or_create(practice_id=practice_id)
    ControlNumbers.objects.filter(pk=practice_id).update(claim=F("claim") + 1)
    number = ControlNumbers.objects.values_list("claim", flat=True).get(pk=practice_id)
    return f"{practice_id}C{number:07d}"


def rebuild(*, claim: Claim, by: Actor) -> Claim:
    """Build a draft again from its visits, after something was corrected. Raises MoveNotOffered."""
    with transaction.atomic():
        row = Claim.objects.select_for_update().get(pk=claim.pk)
        if row.state != ClaimState.DRAFT:
            raise MoveNotOffered(f"the claim is {row.get_state_display().lower()}, only a draft is built again")
        visit_ids = sorted(set(row.lines.values_list("visit_id", flat=True)))
        referral_queries.lock_visits(visit_ids)
        row.lines.all().delete()
        row.diagnoses.all().delete()
        visits = list(referral_queries.completed_visits(by, visit_ids).order_by("starts_at", "pk"))
        row.revision += 1
        row.authorization_version = visits[0].authorization.terms if visits else row.authorization_version
        row.save(update_fields=["revision", "authorization_version"])
        _fill(row, visits, by=by)
        audit.record(by=by, action="claim.rebuilt", subject=row, changes={"revision": row.revision})
    claim.refresh_from_db()
    return claim


def findings(claims: Sequence[Claim], *, by: Actor, today: date) -> dict[int, tuple[Finding, ...]]:
    """Return what the scrub finds on each claim, by claim id."""
    return scrub_all(assemble([claim.pk for claim in claims], by=by, on=today), by=by, today=today)


def scrub_all(assembled: Sequence[Assembled], *, by: Actor, today: date) -> dict[int, tuple[Finding, ...]]:
    """Return by claim id the findings on claims, each under the filing limit of its earliest day of service."""
    earliest = [min((line.service_date for line in one.document.lines), default=today) for one in assembled]
    limits = parameters.values("filing-limit-days", practice_id=by.practice_id, days=earliest)
    return {
        one.claim_id: scrub(one.document, today=today, filing_limit_days=int(limits[day]))
        for one, day in zip(assembled, earliest, strict=True)
    }


def make_ready(*, claim: Claim, by: Actor, at: datetime) -> None:
    """Let the claim go into the next file. Raises FindingsBlock, which holds every finding; MoveNotOffered."""
    with transaction.atomic():
        row = Claim.objects.select_for_update().get(pk=claim.pk)
        today = row.location.civil_day(at)
        found = findings([row], by=by, today=today).get(row.pk, ())
        blocking = [finding for finding in found if finding.severity == Severity.BLOCK]
        if blocking and row.state == ClaimState.DRAFT:
            raise FindingsBlock(blocking)
        _move(claim, "make_ready", ready_at=at)
        audit.record(by=by, action="claim.made_ready", subject=claim)


def back_to_draft(*, claim: Claim, by: Actor) -> None:
    """Take a claim out of the next file. Raises MoveNotOffered."""
    with transaction.atomic():
        _move(claim, "back_to_draft", ready_at=None)
        audit.record(by=by, action="claim.back_to_draft", subject=claim)


def hold_back(*, claim_id: int, revision: int, by: Actor) -> bool:
    """Take a claim that the scrub has come to block out of the file; tell whether it was still as it was judged."""
    with transaction.atomic():
        sources, target = CLAIM_MOVES.table["back_to_draft"]
        judged = Claim.objects.filter(pk=claim_id, revision=revision, state__in=sources)
        moved = judged.update(state=target, revision=F("revision") + 1, ready_at=None)
        if moved:
            audit.record(by=by, action="claim.back_to_draft", subject=Claim.objects.get(pk=claim_id))
    return bool(moved)


def close(*, claim: Claim, reason: str, by: Actor, at: datetime) -> None:
    """Close a claim that will not be sent; its visits may be claimed again, the Veteran is never billed."""
    with transaction.atomic():
        _move(claim, "close", closed_at=at, closed_reason=reason)
        ClaimLine.objects.filter(claim=claim).update(is_live=False)
        audit.record(by=by, action="claim.closed", subject=claim)


def _move(claim: Claim, act: str, **changes: Any) -> None:
    sources, target = CLAIM_MOVES.table[act]
    rows = Claim.objects.filter(pk=claim.pk, state__in=sources)
    moved = rows.update(state=target, revision=F("revision") + 1, **changes)
    claim.refresh_from_db()
    if not moved:
        raise MoveNotOffered(f"the claim is {claim.get_state_display().lower()}")
