"""The list of authorizations, and the page of one."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import queries as billing
from billing.services import networks
from referrals import queries as referrals
from referrals.domain.forecast import Forecast
from referrals.domain.notice import OF_A_NOTICE, RULE_OF, HoldReason
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import OPEN, REFERRAL_MOVES, Affiliation, LimitKind, ReferralState
from vca.core import access, charts
from vca.core.access import Actor, PageRequest
from vca.core.pages import asked_for
from vca.desk.queries import authorizations as listing
from vca.desk.queries import cover, forecasts
from vca.desk.queries.calendar import today_at
from vca.domain.rules import CATALOGUE

VIEWS = {
    "active": "Active",
    "next": "Active, what runs out first",
    "ending": f"Ending within {listing.SOON_DAYS} days",
    "counted": "Active, with counted visits",
    "ended": "Ended",
    "all": "All",
}


@require_safe
@access.page("see_referrals")
def authorizations(request: PageRequest) -> HttpResponse:
    """Authorizations with their counts, the one that ends first on top."""
    calendar = today_at(request.actor, timezone.now())
    place, view = asked_for(request.GET.get("place", ""), calendar.places), request.GET.get("view", "active")
    week = _monday(request.GET.get("week", ""))
    choice = listing.Choice(view if view in VIEWS else "active", place.pk if place else None, week)
    number, use = listing.total(request.actor, choice, calendar)
    page = listing.authorization_page(request.actor, choice, after=request.GET.get("after", ""), calendar=calendar)
    context = {"page": page, "view": choice.view, "views": VIEWS, "place": place, "week": week}
    return render(request, "desk/authorizations.html", context | {"number": number, "use": use})


def _monday(text: str) -> date | None:
    """Return the Monday from which a week is asked for; nonsense asks for none."""
    try:
        return min(date.fromisoformat(text), date.max - listing.WEEK)
    except ValueError:
        return None


@require_safe
@access.page("see_referrals")
def authorization(request: PageRequest, authorization_id: int) -> HttpResponse:
    """One authorization: its lines and counts, burn-down, visits, versions, and what may be done."""
    row = get_object_or_404(referrals.authorizations(request.actor), pk=authorization_id)
    calendar, referral = today_at(request.actor, timezone.now()), row.referral
    day = calendar.day_at(row.home_location_id)
    forecast = forecasts.of_authorizations([row], request.actor, calendar).get(row.pk)
    context = {
        "authorization": row,
        "referral": referral,
        "badges": listing.badges(row, today=day),
        "lines": listing.lines(row, days=calendar.days),
        "visits": cover.shown([(visit, cover.cover(visit)) for visit in referrals.visits(row)[:100]]),
        "forecast": forecast,
        "due": CATALOGUE["AUTH-04"],
        "burn_down": _burn_down(row, day, forecast),
        "obstacles": _obstacles(row, request.actor),
        "acts": REFERRAL_MOVES.acts(ReferralState(referral.state)),
        "notices": referral.notices.filter(pending=True).order_by("received_at"),
        "versions": row.versions.select_related("recorded_by", "seoc_version").order_by("-number"),
        "claims": billing.claims_of([referral.pk], request.actor)[:20] if request.actor.may("see_claims") else None,
        "elsewhere": _elsewhere(referral, request.actor, day),
        "today": day,
    }
    zone = {"zone": row.home_location.zone} if row.home_location else {}
    return render(request, "desk/authorization.html", context | zone)


def _obstacles(row: Any, by: Actor) -> list[dict[str, Any]]:
    """What stands in the way of confirming, each with its rule and, for those who may, the form that mends it."""
    if row.referral.state not in OPEN:
        return []
    found = [(one, _mend(one, row) if by.may("change_limits") else "") for one in referrals.obstacles(row.referral)]
    return [
        {"reason": str(one), "rule": CATALOGUE[RULE_OF[one]], "url": url, "label": MENDED_BY[one]} for one, url in found
    ]


MENDED_BY = {
    HoldReason.LIMITS: "Enter the limit",
    HoldReason.EXPIRATION: "Enter the days",
    HoldReason.START: "Enter the days",
    HoldReason.ORDER: "See VA's notice",
    HoldReason.FAR: "Correct the days",
    HoldReason.DERIVED: "Enter the printed day",
    HoldReason.STATUS: "Enter what VA says",
    HoldReason.STOPPED: "Enter what VA says",
    HoldReason.NAME: "Enter the name",
    HoldReason.BIRTH: "Enter the date of birth",
    HoldReason.AGE: "Correct the date of birth",
    HoldReason.VETERAN: "See what differs",
    HoldReason.TWICE: "See VA's notice",
    HoldReason.UNREAD: "See VA's notice",
    HoldReason.DIFFERS: "See what differs",
    HoldReason.AFFILIATION: "Enter the affiliation",
    HoldReason.LOCATION: "Choose the location",
}


DAYS = (HoldReason.EXPIRATION, HoldReason.START, HoldReason.FAR, HoldReason.DERIVED)


FACTS = (HoldReason.NAME, HoldReason.BIRTH, HoldReason.AGE)


def _mend(reason: HoldReason, row: Any) -> str:
    """The address of the form that mends it."""
    if reason in OF_A_NOTICE:
        return "#notices"
    if reason in DAYS:
        return reverse("referral_terms", args=[row.referral_id])
    if reason in FACTS:
        return reverse("edit_veteran", args=[row.veteran_id])
    if reason == HoldReason.LIMITS:
        unknown = [line for line in row.services.all() if line.limit_kind == LimitKind.UNKNOWN]
        return reverse("edit_line", args=[unknown[0].pk]) if unknown else reverse("new_line", args=[row.referral_id])
    return reverse("referral_details", args=[row.referral_id])


def _elsewhere(referral: Any, by: Actor, day: date) -> str:
    """The sentence that says where the claim belongs, when it is not VA."""
    affiliation = Affiliation(referral.affiliation)
    if bills_va(affiliation):
        return ""
    return where_to_bill(affiliation, network=networks.where_to_send(referral.network, by, on=day))


def _burn_down(row: Any, day: date, forecast: Forecast | None) -> dict[str, Any] | None:
    """The chart of the counted lines together, and the numbers behind it."""
    limit, points, planned = listing.run_down(row, today=day)
    if not limit:
        return None
    ends_on = row.terms.valid_through
    ahead = listing.foretold(row, forecast, (*points, *planned, (day, points[-1][1] if points else limit)))
    svg = charts.burn_down(points=points, planned=planned, forecast=ahead, limit=limit, ends_on=ends_on, today=day)
    return {"svg": svg, "points": points, "planned": planned}
