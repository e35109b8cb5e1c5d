"""Questions about claims, charges and submissions: functions that take and return querysets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from billing.domain.answers import Verdict
from billing.domain.channels import Channel
from billing.domain.states import ClaimState
from billing.models import Acknowledgment, Charge, Claim, ClaimDiagnosis, ClaimLine, Submission, SubmittedClaim
from referrals import queries as referral_queries
from referrals.domain.routing import bills_network
from referrals.domain.states import Affiliation
from vca.core import access
from vca.core.access import Actor
from vca.core.models import Document
from vca.domain.money import usd

NOTHING = usd(0)
LOOKED_BACK = timedelta(days=366)  # the filing limit is half of that: what is older is asked for by itself

FOR_NETWORK = Q(authorization__referral__affiliation=Affiliation.CCN)  # of visits


@dataclass(frozen=True, slots=True)
class ToBill:
    """A completed visit that no live claim names; ``network`` is what the referral calls the one that pays for VA."""

    visit_id: int
    on: date
    authorization_id: int
    affiliation: str
    network: str

    @property
    def is_network(self) -> bool:
        """Whether the network is billed, not VA."""
        return bills_network(self.affiliation)


BILLED = (ClaimState.SENT, ClaimState.ACCEPTED, ClaimState.PAID, ClaimState.PARTIALLY_PAID, ClaimState.DENIED)
PAID = (ClaimState.PAID, ClaimState.PARTIALLY_PAID)


def claims(by: Actor) -> QuerySet[Claim]:
    """Return the practice's claims with what a list shows."""
    rows = access.scope(Claim.objects.all(), by)
    return rows.select_related("referral", "veteran__current", "location", "authorization_version")


def by_urgency(by: Actor, state: ClaimState) -> QuerySet[Claim, Any]:
    """Return day and id of the claims of a state, for ``keyset_by_day``: the earliest day of service is due first."""
    return access.scope(Claim.objects.filter(state=state), by).values("first_day", "pk")


def with_last_day(rows: QuerySet[Claim]) -> QuerySet[Claim]:
    """Return claims with the last day of service of each, as ``last_day``."""
    lines = ClaimLine.objects.filter(claim=OuterRef("pk")).order_by("-service_date")
    return rows.annotate(last_day=Subquery(lines.values("service_date")[:1]))


def last_answers(claims: Iterable[Claim]) -> dict[int, Acknowledgment]:
    """Return by claim the last answer that says of it what it is: accepted or rejected."""
    answered = [one.pk for one in claims if one.state in set(Verdict)]
    rows = Acknowledgment.objects.filter(submitted__claim__in=answered, withdrawn_at__isnull=True)
    standing = rows.filter(verdict=F("submitted__claim__state")).select_related("submitted").order_by("pk")
    return {one.submitted.claim_id: one for one in standing}


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
    found = [ToBill(*row) for row in rows.values_list("pk", "on", "authorization_id", *payer)]
    place = {one.authorization_id: number for number, one in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda one: place[one.authorization_id])


@dataclass(frozen=True, slots=True)
class Unfiled:
    """A completed visit that VA has not received.

    ``claim_number`` and ``claim_state`` are those of its claim that is not sent, or was rejected, or empty.
    ``rejection`` is the id of the last answer that refused a claim of the visit, 0 when none did.
    """

    pk: int
    on: date
    referral_number: str
    claim_number: str
    claim_state: str
    rejection: int


def unfiled_visits(by: Actor, *, location_id: int) -> Iterator[Unfiled]:
    """Return the completed visits at a place that VA is to be billed for and that stand on no claim that was sent."""
    live = ClaimLine.objects.filter(is_live=True, visit=OuterRef("pk"))
    sent = live.filter(claim__state__in=BILLED)
    told = {f"claim_{name}": Subquery(live.values(f"claim__{name}")[:1]) for name in ("control_number", "state")}
    told["rejection"] = Subquery(_rejections_of_visit().values("pk")[:1])
    here = referral_queries.visits_for_va(by).filter(location_id=location_id)
    rows = here.filter(~Exists(sent)).annotate(**told).order_by("on", "pk")
    for pk, on, number, claim, state, rejection in rows.values_list(
        "pk", "on", "authorization__referral__number", *told
    ):
        yield Unfiled(pk, on, number, claim or "", state or "", rejection or 0)


def _rejections_of_visit() -> QuerySet[Acknowledgment]:
    """Return the rejections that stand of every claim the outer visit was on, live or closed, the last one first."""
    rows = Acknowledgment.objects.filter(verdict=Verdict.REJECTED, withdrawn_at__isnull=True)
    return rows.filter(submitted__claim__lines__visit=OuterRef("pk")).order_by("-pk")


def unsent_visits(by: Actor, *, since: date) -> QuerySet:
    """Return completed visits, of that day and later, that stand on no claim that was sent; the network's left out.

    ``since`` is asked on both sides, as in ``unbilled_visits``.
    """
    visits = referral_queries.completed_visits(by).filter(on__gte=since)
    lines = access.scope(ClaimLine.objects.filter(is_live=True, visit=OuterRef("pk")), by)
    sent = lines.filter(service_date__gte=since, claim__practice=by.practice_id, claim__state__in=BILLED)
    return visits.filter(~Exists(sent), ~FOR_NETWORK)


@dataclass(frozen=True, slots=True)
class Expected:
    """The charge of a visit in dollars by the practice's prices; ``is_whole`` unless a service has no known price."""

    charge: Decimal = Decimal("0.00")
    is_whole: bool = False


def expected_charges(by: Actor, days: Mapping[int, date]) -> dict[int, Expected]:
    """Return what to expect for visits, as far as prices are known, in two queries; ``days`` is their day by id."""
    services = referral_queries.services_of(days, by)
    prices = prices_in_force(by, {(code, days[visit_id]) for visit_id, code, _ in services})
    found: dict[int, list[Decimal | None]] = {visit_id: [] for visit_id in days}
    for visit_id, code, units in services:
        price = prices.get((code, days[visit_id]))
        found[visit_id].append(price.of(units) if price else None)
    return {visit_id: _expected(charges) for visit_id, charges in found.items()}


def _expected(charges: Sequence[Decimal | None]) -> Expected:
    known = [charge for charge in charges if charge is not None]
    return Expected(sum(known, NOTHING), bool(charges) and len(known) == len(charges))


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


def summed(claims: QuerySet[Claim]) -> tuple[int, Decimal]:
    """Return how many claims these are, and their total charge in dollars."""
    found = claims.order_by().aggregate(n=Count("pk"), charge=Sum("total_charge"))
    return found["n"], found["charge"] or NOTHING


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


def submissions(by: Actor, *, channel: str = "") -> QuerySet[Submission]:
    """Return what the practice sent, by that channel or by any, with who sent it, the last recorded first."""
    rows = access.scope(Submission.objects.all(), by).select_related("created_by")
    return (rows.filter(channel=channel) if channel else rows).order_by("-pk")


def claim_files(by: Actor) -> QuerySet[Submission]:
    """Return the practice's claim files, the last written first."""
    return submissions(by, channel=Channel.FILE).select_related("document").order_by("-batch_number")


@dataclass(frozen=True, slots=True)
class Answers:
    """How many claims of a submission were accepted, were rejected, and have no answer yet."""

    accepted: int = 0
    rejected: int = 0
    waiting: int = 0


def answers_to(rows: Sequence[Submission]) -> dict[int, Answers]:
    """Return by submission what came back for its claims; for what was taken back nobody waits."""
    counts: dict[int, dict[str, int]] = {}
    found = SubmittedClaim.objects.filter(submission__in=rows).order_by().values_list("submission", "answer")
    for submission_id, answer, number in found.annotate(number=Count("pk")):
        counts.setdefault(submission_id, {})[answer] = number
    known = {row.pk: counts.get(row.pk, {}) for row in rows}
    waits = {row.pk: not row.withdrawn_at for row in rows}
    return {
        pk: Answers(said.get(Verdict.ACCEPTED, 0), said.get(Verdict.REJECTED, 0), said.get("", 0) if waits[pk] else 0)
        for pk, said in known.items()
    }


def may_be_taken_back(submission: Submission, answers: Answers) -> bool:
    """Tell whether it went by hand, and nothing came back for any of its claims."""
    return submission.channel != Channel.FILE and answers == Answers(waiting=submission.claim_count)


def submitted(submission: Submission) -> QuerySet[SubmittedClaim]:
    """Return the claims of a submission with what a list shows, in the order of their numbers."""
    rows = SubmittedClaim.objects.filter(submission=submission)
    return rows.select_related("claim__referral", "claim__veteran__current", "claim__authorization_version")


def acknowledgments(claim: Claim) -> QuerySet[Acknowledgment]:
    """Return what came back for a claim, oldest first; what was recorded by mistake is among it."""
    return Acknowledgment.objects.filter(submitted__claim=claim).select_related("submitted").order_by("pk")


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


def veterans_in(document: Document) -> set[int]:
    """Return the ids of the Veterans of the claims that a document holds, or that it is a proof or an answer about."""
    sent = Q(submitted__submission__document=document) | Q(submitted__submission__proof=document)
    about = (sent, Q(submitted__acknowledgments__proof=document), Q(printed__document=document))
    return {pk for one in about for pk in Claim.objects.filter(one).values_list("veteran_id", flat=True)}
