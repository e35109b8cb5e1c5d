"""Pages that show both apps. They write nothing; their forms post to the apps."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import queries as billing
from referrals import queries as referrals
from referrals.domain.notice import RULE_OF
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import OPEN, REFERRAL_MOVES, Affiliation, ReferralState
from vca.core import access, alerts, charts
from vca.core.access import PageRequest
from vca.core.models import ServiceLocation
from vca.core.services import chores
from vca.desk import queries
from vca.domain.rules import CATALOGUE

VIEWS = {"active": "Active", "ended": "Ended", "all": "All"}


def _days(request: PageRequest) -> dict[int, date]:
    """Return today by location: the civil day differs between zones."""
    places = access.scope(ServiceLocation.objects.filter(is_active=True), request.actor)
    return {place.pk: place.civil_day(timezone.now()) for place in places.order_by("name", "pk")}


@require_safe
@access.page("see_day")
def today(request: PageRequest) -> HttpResponse:
    """Today's visits, each with the answer to: does VA cover it? And what waits for this person."""
    by, days = request.actor, _days(request)
    context = {
        "visits": queries.todays_visits(by, days=days),
        "today": max(days.values(), default=timezone.now().date()),
        "waiting": referrals.waiting(by)[:5] if by.may("confirm_referrals") else [],
        "tasks": chores.open_tasks(by).order_by("due_on", "pk")[:10] if by.may("confirm_referrals") else [],
        "unbilled": billing.unbilled_visits(by).count() if by.may("see_claims") else None,
        "ready": len(billing.ready_ids(by)) if by.may("see_claims") else None,
        "alerts": queries.alerts_shown(alerts.open_alerts(by).order_by("due_on", "pk")[:5], by),
    }
    return render(request, "desk/today.html", context)


@require_safe
@access.page("see_referrals")
def authorizations(request: PageRequest) -> HttpResponse:
    """Authorizations with their counts, the one that ends first on top."""
    day = max(_days(request).values(), default=timezone.now().date())
    view = request.GET.get("view", "active")
    view = view if view in VIEWS else "active"
    page = queries.authorization_page(request.actor, view=view, after=request.GET.get("after", ""), today=day)
    rows = [(one, queries.badges(one, today=day)) for one in page.rows]
    next_visits = referrals.next_visits(page.rows)
    context = {"page": page, "rows": rows, "next_visits": next_visits, "view": view, "views": VIEWS, "today": day}
    return render(request, "desk/authorizations.html", context)


@require_safe
@access.page("see_referrals")
def authorization(request: PageRequest, authorization_id: int) -> HttpResponse:
    """One authorization: its lines and counts, burn-down, visits, versions, and what may be done."""
    row = get_object_or_404(referrals.authorizations(request.actor), pk=authorization_id)
    zone = row.home_location.zone if row.home_location else timezone.get_default_timezone()
    day = timezone.now().astimezone(zone).date()
    referral = row.referral
    context = {
        "authorization": row,
        "referral": referral,
        "badges": queries.badges(row, today=day),
        "lines": queries.lines(row),
        "visits": [(visit, queries.cover(visit)) for visit in referrals.visits(row)[:100]],
        "burn_down": _burn_down(row, day),
        "obstacles": _obstacles(referral),
        "acts": REFERRAL_MOVES.acts(ReferralState(referral.state)),
        "notices": referral.notices.filter(pending=True).order_by("received_at"),
        "versions": row.versions.select_related("recorded_by", "seoc_version").order_by("-number"),
        "claims": billing.claims_of([referral.pk], request.actor)[:20] if request.actor.may("see_claims") else None,
        "elsewhere": _elsewhere(referral),
        "today": day,
    }
    return render(request, "desk/authorization.html", context)


def _obstacles(referral: Any) -> list[dict[str, Any]]:
    """What stands in the way of confirming, each with its rule."""
    if referral.state not in OPEN:
        return []
    return [{"reason": str(one), "rule": CATALOGUE[RULE_OF[one]]} for one in referrals.obstacles(referral)]


def _elsewhere(referral: Any) -> str:
    """The sentence that says where the claim belongs, when it is not VA."""
    affiliation = Affiliation(referral.affiliation)
    return "" if bills_va(affiliation) else where_to_bill(affiliation, network=referral.network)


def _burn_down(row: Any, day: date) -> dict[str, Any] | None:
    """The chart of the counted lines together, and the numbers behind it."""
    limit, points, planned = queries.run_down(row, today=day)
    if not limit:
        return None
    ends_on = row.terms.valid_through
    svg = charts.burn_down(points=points, planned=planned, forecast=(), limit=limit, ends_on=ends_on, today=day)
    return {"svg": svg, "points": points, "planned": planned}


@require_safe
@access.page("see_veterans")
def veteran(request: PageRequest, veteran_id: int) -> HttpResponse:
    """One Veteran: facts, authorizations, visits, claims."""
    row = get_object_or_404(referrals.veterans(request.actor), pk=veteran_id)
    day = max(_days(request).values(), default=timezone.now().date())
    known = list(referrals.authorizations(request.actor).filter(veteran=row).order_by("-current__valid_from", "-pk"))
    referral_ids = [one.referral_id for one in known]
    context = {
        "veteran": row,
        "authorizations": [(one, queries.badges(one, today=day)) for one in known],
        "visits": referrals.visits_of_veteran(row)[:50],
        "claims": billing.claims_of(referral_ids, request.actor)[:20] if request.actor.may("see_claims") else None,
        "versions": row.versions.select_related("recorded_by").order_by("-recorded_at"),
    }
    return render(request, "desk/veteran.html", context)


@require_safe
@access.page("see_veterans")
def veterans(request: PageRequest) -> HttpResponse:
    """Veterans by name; the search looks at the start of the name and at the referral number."""
    words = request.GET.get("q", "").strip()[:60]
    rows = referrals.veterans_named(request.actor, words)[:51]
    return render(request, "desk/veterans.html", {"veterans": list(rows)[:50], "more": len(rows) > 50, "q": words})


@require_safe
@access.page("see_alerts")
def alerts_page(request: PageRequest) -> HttpResponse:
    """Open alerts, the most urgent first."""
    rows = alerts.open_alerts(request.actor).order_by("due_on", "pk")[:200]
    day = max(_days(request).values(), default=timezone.now().date())
    shown = queries.alerts_shown(rows, request.actor)
    for one in shown:
        one["rule"] = CATALOGUE[one["alert"].rule_code]
    return render(request, "desk/alerts.html", {"alerts": shown, "today": day})
