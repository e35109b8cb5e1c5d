"""Questions about claims, charges and submissions: functions that take and return querysets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from billing.domain.channels import Channel
from billing.domain.states import ClaimState
from billing.models import Charge, Claim, ClaimDiagnosis, ClaimLine, Submission
from referrals import queries as referral_queries
from referrals.domain.states import Affiliation
from vca.core import access
from vca.core.access import Actor

LOOKED_BACK = timedelta(days=366)  # the filing limit is half of that: what is older is asked for by itself


@dataclass(frozen=True, slots=True)
class ToBill:
    """A completed visit that no live claim names; ``network`` is what the referral calls the one that pays for VA."""

    visit_id: int
    authorization_id: int
    affiliation: str
    network: str

    @property
    def is_network(self) -> bool:
        """Whether the network is billed, not VA."""
        return self.affiliation == Affiliation.CCN


BILLED = (ClaimState.SENT, ClaimState.ACCEPTED, ClaimState.PAID, ClaimState.PARTIALLY_PAID, ClaimState.DENIED)
PAID = (ClaimState.PAID, ClaimState.PARTIALLY_PAID)


def claims(by: Actor) -> QuerySet[Claim]:
    """Return the practice's claims with what a list shows."""
    rows = access.scope(Claim.objects.all(), by)
    return rows.select_related("referral", "veteran__current", "location", "authorization_version")


def claims_found(by: Actor, words: str) -> QuerySet[Claim]:
    """Return the claims of that number, and those of Veterans who are found by a name or a referral number."""
    known = referral_queries.veterans_named(by, words).order_by().values("pk")
    return claims(by).filter(Q(control_number=words.upper()) | Q(veteran__in=known))


def whole_claims(by: Actor, claim_ids: Sequence[int]) -> QuerySet[Claim]:
    """Return claims with lines and diagnoses, in the order of their numbers."""
    known = {"description": F("visit_service__service__description"), "codes": F("visit_service__service__codes")}
    known |= {"starts_at": F("visit__starts_at")}
    # Prefetched, not joined: the lines of many claims name a few clinicians.
    lines = ClaimLine.objects.annotate(**known).prefetch_related("clinician").order_by("number")
    diagnoses = ClaimDiagnosis.objects.order_by("position")
    rows = claims(by).filter(pk__in=claim_ids).select_related("authorization_version", "practice")
    return rows.prefetch_related(Prefetch("lines", lines), Prefetch("diagnoses", diagnoses)).order_by("pk")


def ready_ids(by: Actor, *, among: Sequence[int] | None = None) -> list[int]:
    """Return the ids of the claims that wait to be sent, of all or of those given."""
    rows = access.scope(Claim.objects.filter(state=ClaimState.READY), by)
    rows = rows if among is None else rows.filter(pk__in=among)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def unbilled_visits(by: Actor, *, since: date | None = None) -> QuerySet:
    """Return completed visits, of that day and later, of which no service stands on a live claim."""
    visits = referral_queries.completed_visits(by)
    live = access.scope(ClaimLine.objects.filter(is_live=True, visit=OuterRef("pk")), by)
    if since is not None:
        # The day is asked on both sides, so that neither index is read beyond it.
        visits, live = visits.filter(on__gte=since), live.filter(service_date__gte=since)
    return visits.filter(~Exists(live))


def visits_to_bill(by: Actor, *, since: date | None) -> list[ToBill]:
    """Return the unbilled visits of that day and later, those of the authorization that waits longest first.

    Among them are those that the network is billed for.
    """
    # Without a LIMIT: for one, PostgreSQL would look up the lines of each visit ever given, one visit after the other.
    rows = unbilled_visits(by, since=since).order_by("on", "pk")
    payer = (f"authorization__referral__{name}" for name in ("affiliation", "network"))
    found = [ToBill(*row) for row in rows.values_list("pk", "authorization_id", *payer)]
    place = {one.authorization_id: number for number, one in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda one: place[one.authorization_id])


@dataclass(frozen=True, slots=True)
class Unfiled:
    """A completed visit that was not sent to VA; ``claim_number`` is that of its draft or ready claim, or empty."""

    pk: int
    on: date
    zone: ZoneInfo
    referral_number: str
    claim_number: str


def unfiled_visits(by: Actor) -> Iterator[Unfiled]:
    """Return the completed visits that VA is to be billed for and that stand on no claim that was sent."""
    live = ClaimLine.objects.filter(is_live=True, visit=OuterRef("pk"))
    sent = live.filter(claim__state__in=BILLED)
    number = Subquery(live.values("claim__control_number")[:1])
    rows = referral_queries.visits_for_va(by).filter(~Exists(sent)).annotate(claim_number=number).order_by("on", "pk")
    names = ("pk", "on", "location__time_zone", "authorization__referral__number", "claim_number")
    for pk, on, zone, referral_number, claim_number in rows.values_list(*names):
        yield Unfiled(pk, on, ZoneInfo(zone), referral_number, claim_number or "")


def live_lines(visit_id: int) -> QuerySet[ClaimLine]:
    """Return the live claim lines on which a visit stands."""
    return ClaimLine.objects.filter(is_live=True, visit_id=visit_id).select_related("claim")


def claims_on(visit_ids: Sequence[int]) -> dict[int, tuple[int, str, str]]:
    """Return id, number and state of the live claim by the id of the visit that stands on it."""
    lines = ClaimLine.objects.filter(is_live=True, visit_id__in=visit_ids)
    rows = lines.values_list("visit_id", "claim_id", "claim__control_number", "claim__state").distinct()
    return {visit_id: (claim_id, number, state) for visit_id, claim_id, number, state in rows}


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
    files = Submission.objects.filter(channel=Channel.FILE).select_related("document")
    return access.scope(files, by).order_by("-batch_number")


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
