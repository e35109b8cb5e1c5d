"""Whether VA covers a visit, from its authorization as it stands now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing import queries as billing
from referrals import queries as referrals
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import Affiliation, LimitKind, ReferralState
from vca.core.access import Actor
from vca.domain.rules import CATALOGUE
from vca.domain.wording import say_day


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether VA covers a visit: the answer, why, and the rule. It speaks of cover, never of whether to treat."""

    answer: str
    reason: str
    rule_code: str = ""


COVERED, CHECK_FIRST, NOT_COVERED, NETWORK = "covered", "check", "not_covered", "network"


def cover(visit: Any) -> Cover:
    """Return whether VA covers that visit, from its authorization as it stands now."""
    referral, terms = visit.authorization.referral, visit.authorization.terms
    if referral.state != ReferralState.ACCEPTED:
        return Cover(NOT_COVERED, f"The referral is {referral.get_state_display().lower()}.", "VISIT-01")
    if visit.on not in terms.period:
        return Cover(
            NOT_COVERED,
            f"The authorization runs from {_day(terms.valid_from)} to {_day(terms.valid_through)}.",
            "VISIT-03",
        )
    if visit.waits_for:
        return Cover(NOT_COVERED, "Penciled in: it waits for VA's cover.", visit.waits_for)
    over = [one.service for one in visit.services.all() if one.service.visits_over]
    if over:
        return Cover(CHECK_FIRST, f"VA cut the line below what is booked and used: {over[0].description}.", "VISIT-02")
    return _ends_or_runs_out(visit, terms)


def _ends_or_runs_out(visit: Any, terms: Any) -> Cover:
    referral = visit.authorization.referral
    affiliation = Affiliation(referral.affiliation)
    payer = "" if bills_va(affiliation) else " " + where_to_bill(affiliation, network=referral.network)
    last = [one.service for one in visit.services.all() if _is_last(one.service)]
    if last and visit.state in referrals.EXPECTED:
        return Cover(CHECK_FIRST, f"The last authorized visit on this line: {last[0].description}.{payer}", "AUTH-02")
    authorized = f"Authorized through {_day(terms.valid_through)}.{payer}"
    return Cover(NETWORK, authorized, "CLAIM-08") if payer else Cover(COVERED, authorized)


def _is_last(line: Any) -> bool:
    return line.limit_kind == LimitKind.COUNTED and line.count.left == 0 and line.visits_held <= 1


def _day(day: date | None) -> str:
    return say_day(day) if day else "a day that is not stated"


def todays_visits(by: Actor, *, days: Mapping[int, date]) -> list[tuple[Any, Cover]]:
    """Return the visits of each location's own today with their cover; ``days`` is today by location id."""
    found = [visit for day in sorted(set(days.values())) for visit in referrals.day(by, on=day)]
    here = [visit for visit in found if visit.on == days.get(visit.location_id)]
    return [(visit, cover(visit)) for visit in sorted(here, key=lambda visit: (visit.starts_at, visit.pk))]


def shown(visits: Iterable[tuple[Any, Cover]]) -> list[dict[str, Any]]:
    """Return visits with cover, the rule behind it, and the claim that each stands on."""
    visits = list(visits)
    claimed = billing.claims_on([visit.pk for visit, _ in visits])
    return [
        {"visit": visit, "cover": cover, "rule": CATALOGUE.get(cover.rule_code), "claim": claimed.get(visit.pk)}
        for visit, cover in visits
    ]
