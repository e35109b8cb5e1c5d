"""Claims of a loaded practice: what was completed some days ago is billed, an authorization on one claim or on two."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from benchmarks.bulk import written
from benchmarks.courses import Size
from billing.domain.states import ClaimState
from billing.models import Claim, ClaimDiagnosis, ClaimLine
from referrals.domain.states import VisitState
from tests.world import World

BILLED_AFTER = 3  # days


def bill(place: World, services: Sequence[Any], size: Size, now: datetime) -> None:
    """Bill what was completed some days ago; the newest claims are drafts, then come ready ones."""
    groups = _billed(services, size.claims, place.location.civil_day(now) - timedelta(days=BILLED_AFTER))
    claims = written(_claim(place, group, number, size.claims) for number, group in enumerate(groups, start=1))
    written(ClaimDiagnosis(practice=place.practice, claim=one, position=1, code="F332") for one in claims)
    written(
        ClaimLine(
            practice=place.practice,
            claim=claim,
            number=number,
            control_number=f"{claim.control_number}-1-{number:02d}",
            visit=service.visit,
            visit_service=service,
            service_date=service.visit.on,
            code=service.code,
            units=1,
            charge=150,
            clinician=place.clinician,
        )
        for claim, group in zip(claims, groups, strict=True)
        for number, service in enumerate(group, start=1)
    )


def _billed(services: Sequence[Any], claims: int, until: date) -> list[list[Any]]:
    """Return the services of each claim, the earliest first: an authorization has one claim or two."""
    of: dict[int, list[Any]] = {}
    for service in services:
        if service.visit.state == VisitState.COMPLETED and service.visit.on < until:
            of.setdefault(service.visit.authorization_id, []).append(service)
    whole = sorted(of.values(), key=len, reverse=True)[:claims]
    halves = claims - len(whole)
    groups = [part for group in whole[:halves] for part in (group[::2], group[1::2])] + whole[halves:]
    return sorted(groups, key=lambda group: (group[-1].visit.on, group[-1].pk))


def _claim(place: World, group: Sequence[Any], number: int, count: int) -> Claim:
    visit, at = group[0].visit, group[-1].visit.completed_at + timedelta(days=BILLED_AFTER)
    return Claim(
        practice=place.practice,
        referral_id=visit.authorization.referral_id,
        authorization_version_id=visit.authorization.current_id,
        veteran_id=visit.veteran_id,
        location=place.location,
        state=_claim_state(count - number),
        control_number=f"{place.practice.pk}C{number:07d}",
        total_charge=150 * len(group),
        first_day=min(service.visit.on for service in group),
        created_at=at,
        ready_at=at,
        sent_at=at,
    )


def _claim_state(newer: int) -> ClaimState:
    """Return the state of the claim that has so many newer ones."""
    bounds = ((40, ClaimState.DRAFT), (80, ClaimState.READY), (400, ClaimState.SENT))
    return next((state for most, state in bounds if newer < most), ClaimState.PAID)
