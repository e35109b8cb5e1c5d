"""Questions about claims, charges and submissions: functions that take and return querysets."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum

from billing.domain.states import ClaimState
from billing.models import Charge, Claim, ClaimDiagnosis, ClaimLine, Submission
from referrals import queries as referral_queries
from vca.core import access
from vca.core.access import Actor

BILLED = (ClaimState.SENT, ClaimState.ACCEPTED, ClaimState.PAID, ClaimState.PARTIALLY_PAID, ClaimState.DENIED)
PAID = (ClaimState.PAID, ClaimState.PARTIALLY_PAID)


def claims(by: Actor) -> QuerySet[Claim]:
    """Return the practice's claims with what a list shows."""
    rows = access.scope(Claim.objects.all(), by)
    return rows.select_related("referral", "veteran__current", "location", "authorization_version")


def whole_claims(by: Actor, claim_ids: Sequence[int]) -> QuerySet[Claim]:
    """Return claims with lines and diagnoses, in the order of their numbers."""
    lines = ClaimLine.objects.select_related("clinician", "visit_service__service").order_by("number")
    diagnoses = ClaimDiagnosis.objects.order_by("position")
    rows = claims(by).filter(pk__in=claim_ids).select_related("authorization_version", "practice")
    return rows.prefetch_related(Prefetch("lines", lines), Prefetch("diagnoses", diagnoses)).order_by("pk")


def ready_ids(by: Actor) -> list[int]:
    """Return the ids of the claims that wait to be written to a file."""
    rows = access.scope(Claim.objects.filter(state=ClaimState.READY), by)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def unbilled_visits(by: Actor) -> QuerySet:
    """Return completed visits of which no service stands on a live claim."""
    live = access.scope(ClaimLine.objects.filter(is_live=True, visit=OuterRef("pk")), by)
    return referral_queries.completed_visits(by).filter(~Exists(live))


def visits_to_bill(by: Actor, *, most: int) -> QuerySet:
    """Return at most so many unbilled visits; which they are is found by two indexes, before anything is joined."""
    # Without a LIMIT: for one, PostgreSQL would look up the lines of each visit ever given, one visit after the other.
    ids = list(unbilled_visits(by).values_list("pk", flat=True))
    return referral_queries.completed_visits(by, ids[:most])


def live_lines(visit_id: int) -> QuerySet[ClaimLine]:
    """Return the live claim lines on which a visit stands."""
    return ClaimLine.objects.filter(is_live=True, visit_id=visit_id).select_related("claim")


def claims_on(visit_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Return id and number of the live claim by the id of the visit that stands on it."""
    lines = ClaimLine.objects.filter(is_live=True, visit_id__in=visit_ids)
    rows = lines.values_list("visit_id", "claim_id", "claim__control_number").distinct()
    return {visit_id: (claim_id, number) for visit_id, claim_id, number in rows}


def counts_by_state(by: Actor) -> dict[str, tuple[int, object]]:
    """Return number and total charge of the claims by state."""
    rows = access.scope(Claim.objects.all(), by).order_by().values_list("state")
    return {state: (n, total) for state, n, total in rows.annotate(n=Count("pk"), total=Sum("total_charge"))}


def visits_billed(service_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return by authorized service how many visits were sent to the payer, and how many of them were paid."""
    lines = ClaimLine.objects.filter(is_live=True, visit_service__service_id__in=service_ids)
    counted = (
        lines.order_by()
        .values("visit_service__service_id")
        .annotate(
            billed=Count("visit", distinct=True, filter=Q(claim__state__in=BILLED)),
            paid=Count("visit", distinct=True, filter=Q(claim__state__in=PAID)),
        )
    )
    return {row["visit_service__service_id"]: (row["billed"], row["paid"]) for row in counted}


def claims_of(referral_ids: Sequence[int], by: Actor) -> QuerySet[Claim]:
    """Return the claims of some referrals, newest first."""
    return claims(by).filter(referral_id__in=referral_ids).order_by("-pk")


def submissions(by: Actor) -> QuerySet[Submission]:
    """Return the practice's claim files, newest first."""
    return access.scope(Submission.objects.select_related("document"), by).order_by("-batch_number")


def charges(by: Actor) -> QuerySet[Charge]:
    """Return the practice's prices by code, the newest first."""
    return access.scope(Charge.objects.all(), by).order_by("code", "-valid_from")


def prices_in_force(by: Actor, wanted: set[tuple[str, date]]) -> dict[tuple[str, date], Charge]:
    """Return the price of each code on its day, in one query; a pair is absent when no price is known."""
    rows = list(charges(by).filter(code__in=sorted({code for code, _ in wanted})))
    found = {pair: next((row for row in rows if _prices_it(row, *pair)), None) for pair in wanted}
    return {pair: row for pair, row in found.items() if row}


def _prices_it(charge: Charge, code: str, on: date) -> bool:
    in_force = charge.valid_from <= on and (charge.valid_through is None or on <= charge.valid_through)
    return charge.code == code and in_force
