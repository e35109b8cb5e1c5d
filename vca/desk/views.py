"""Pages that show both apps. They write nothing; their forms post to the apps."""

from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing import queries as billing
from referrals import queries as referrals
from referrals.domain.notice import RULE_OF, HoldReason
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import OPEN, REFERRAL_MOVES, Affiliation, LimitKind, ReferralState
from referrals.queries import EXPECTED
from vca.core import access, alerts, charts, jobs
from vca.core.access import Actor, PageRequest
from vca.core.models import ServiceLocation, Task
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
        "today": max(days.values(), default=timezone.now().date()),
        "has_places": bool(days),
        "places": _places(by, days),
        "tiles": _tiles(by),
        "tasks": queries.tasks_shown(_tasks(by)[:10], by),
        "alerts": queries.alerts_shown(alerts.open_alerts(by).order_by("due_on", "pk")[:5], by),
    }
    return render(request, "desk/today.html", context)


def _places(by: Actor, days: dict[int, date]) -> list[dict[str, Any]]:
    """The visits of the day by location, those that are still to come or under way apart from the finished ones."""
    shown = _shown(queries.todays_visits(by, days=days))
    by_place = groupby(sorted(shown, key=_name_of_place), key=_name_of_place)
    return [_place(list(visits), days) for _, visits in by_place]


def _name_of_place(shown: dict[str, Any]) -> tuple[str, int]:
    return shown["visit"].location.name, shown["visit"].location_id


def _place(shown: list[dict[str, Any]], days: dict[int, date]) -> dict[str, Any]:
    place = shown[0]["visit"].location
    still, done = ([one for one in shown if (one["visit"].state in EXPECTED) is wanted] for wanted in (True, False))
    return {"place": place, "day": days[place.pk], "open": still, "done": done}


def _shown(visits: list[tuple[Any, queries.Cover]]) -> list[dict[str, Any]]:
    """Visits with cover, the rule behind it, and the claim that each stands on."""
    claimed = billing.claims_on([visit.pk for visit, _ in visits])
    return [
        {"visit": visit, "cover": cover, "rule": CATALOGUE.get(cover.rule_code), "claim": claimed.get(visit.pk)}
        for visit, cover in visits
    ]


def _tasks(by: Actor) -> QuerySet[Task]:
    """The tasks of those who confirm referrals; nobody else has any yet."""
    tasks = chores.open_tasks(by).order_by("due_on", "pk")
    return tasks if by.may("confirm_referrals") else tasks.none()


def _tiles(by: Actor) -> list[dict[str, Any]]:
    """How much waits for those who confirm and bill; counts alone, no money."""
    tiles = []
    if by.may("confirm_referrals"):
        waiting = referrals.waiting(by).order_by().count()
        tiles.append({"label": "Referrals to confirm", "figure": waiting, "url": reverse("referrals")})
    if by.may("see_claims"):
        unbilled, ready = billing.unbilled_visits(by).count(), len(billing.ready_ids(by))
        tiles.append({"label": "Visits to bill", "figure": unbilled, "url": reverse("claims")})
        tiles.append({"label": "Claims ready to send", "figure": ready, "url": reverse("claims") + "?state=READY"})
    stopped = jobs.stopped(by).count() if by.may("manage_practice") else 0
    if stopped:
        tiles.append({"label": "Background work that stopped", "figure": stopped, "url": reverse("jobs")})
    return tiles


@require_safe
@access.page("see_referrals")
def authorizations(request: PageRequest) -> HttpResponse:
    """Authorizations with their counts, the one that ends first on top."""
    day = max(_days(request).values(), default=timezone.now().date())
    view = request.GET.get("view", "active")
    view = view if view in VIEWS else "active"
    page = queries.authorization_page(request.actor, view=view, after=request.GET.get("after", ""), today=day)
    context = {"page": page, "view": view, "views": VIEWS, "today": day}
    return render(request, "desk/authorizations.html", context)


@require_safe
@access.page("see_referrals")
def authorization(request: PageRequest, authorization_id: int) -> HttpResponse:
    """One authorization: its lines and counts, burn-down, visits, versions, and what may be done."""
    row = get_object_or_404(referrals.authorizations(request.actor), pk=authorization_id)
    days, referral = _days(request), row.referral
    day = days.get(row.home_location_id or 0) or max(days.values(), default=timezone.now().date())
    context = {
        "authorization": row,
        "referral": referral,
        "badges": queries.badges(row, today=day),
        "lines": queries.lines(row),
        "visits": _shown([(visit, queries.cover(visit)) for visit in referrals.visits(row)[:100]]),
        "burn_down": _burn_down(row, day),
        "obstacles": _obstacles(row, request.actor),
        "acts": REFERRAL_MOVES.acts(ReferralState(referral.state)),
        "notices": referral.notices.filter(pending=True).order_by("received_at"),
        "versions": row.versions.select_related("recorded_by", "seoc_version").order_by("-number"),
        "claims": billing.claims_of([referral.pk], request.actor)[:20] if request.actor.may("see_claims") else None,
        "elsewhere": _elsewhere(referral),
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
    HoldReason.ORDER: "Correct the days",
    HoldReason.DERIVED: "Enter the printed day",
    HoldReason.STATUS: "Change details",
    HoldReason.NAME: "Enter the name",
    HoldReason.VETERAN: "Compare the facts",
    HoldReason.DIFFERS: "See what differs",
    HoldReason.AFFILIATION: "Enter the affiliation",
    HoldReason.LOCATION: "Choose the location",
}
DAYS = (HoldReason.EXPIRATION, HoldReason.START, HoldReason.ORDER, HoldReason.DERIVED)
FACTS = (HoldReason.NAME, HoldReason.VETERAN)


def _mend(reason: HoldReason, row: Any) -> str:
    """The address of the form that mends it."""
    if reason == HoldReason.DIFFERS:
        return "#notices"
    if reason in DAYS:
        return reverse("referral_terms", args=[row.referral_id])
    if reason in FACTS:
        return reverse("edit_veteran", args=[row.veteran_id])
    if reason == HoldReason.LIMITS:
        unknown = [line for line in row.services.all() if line.limit_kind == LimitKind.UNKNOWN]
        return reverse("edit_line", args=[unknown[0].pk]) if unknown else reverse("new_line", args=[row.referral_id])
    return reverse("referral_details", args=[row.referral_id])


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


@require_http_methods(["GET", "HEAD", "POST"])
@access.page("see_veterans")
def veterans(request: PageRequest) -> HttpResponse:
    """Veterans by name; the search is posted, so that no name stands in an address. Source: OWASP ASVS 14.2.1."""
    words = request.POST.get("q", "").strip()[:60]
    rows = referrals.veterans_named(request.actor, words)[:51]
    return render(request, "desk/veterans.html", {"veterans": list(rows)[:50], "more": len(rows) > 50, "q": words})


@require_safe
@access.page("see_alerts")
def alerts_page(request: PageRequest) -> HttpResponse:
    """Open alerts, the most urgent first."""
    page = queries.alert_page(request.actor, after=request.GET.get("after", ""))
    day = max(_days(request).values(), default=timezone.now().date())
    shown = [one | {"rule": CATALOGUE[one["alert"].rule_code]} for one in page.rows]
    return render(request, "desk/alerts.html", {"alerts": shown, "page": page, "today": day})
