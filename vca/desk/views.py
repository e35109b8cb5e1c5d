"""Pages that show both apps. They write nothing; their forms post to the apps."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing import queries as billing
from billing.services import networks
from referrals import queries as referrals
from referrals.domain.notice import OF_A_NOTICE, RULE_OF, HoldReason
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import OPEN, REFERRAL_MOVES, Affiliation, LimitKind, ReferralState
from referrals.queries import EXPECTED
from vca.core import access, alerts, charts, jobs
from vca.core.access import Actor, PageRequest
from vca.core.models import ServiceLocation
from vca.core.services import chores
from vca.desk import queries
from vca.desk.queries import Calendar
from vca.domain.rules import CATALOGUE

NEXT, LAST = 20, 10  # visits of a long day that are shown at once
MOST_UNCLOSED = 50
TASKS = 10  # on the page of the day; the others have a page of their own
VIEWS = {"active": "Active", "ended": "Ended", "all": "All"}


def _calendar(request: PageRequest) -> Calendar:
    """Return today by location; a place that is no longer in use still has the visits that were booked there."""
    now, places = timezone.now(), list(access.scope(ServiceLocation.objects.all(), request.actor))
    days = {place.pk: place.civil_day(now) for place in places}
    in_use = [days[place.pk] for place in places if place.is_active]
    return Calendar(days, max(in_use or days.values(), default=now.date()))


@require_safe
@access.page("see_day")
def today(request: PageRequest) -> HttpResponse:
    """Today's visits, each with the answer to: does VA cover it? And what waits for this person."""
    by, calendar = request.actor, _calendar(request)
    unclosed = referrals.unclosed(by, days=calendar.days)
    number = unclosed.order_by().count()
    context = {
        "today": calendar.today,
        "has_places": bool(calendar.days),
        "places": _places(by, calendar.days, whole="all" in request.GET),
        "unclosed": _unclosed(unclosed[:MOST_UNCLOSED], calendar) if number else [],
        "more_unclosed": max(0, number - MOST_UNCLOSED),
        "tiles": _tiles(by, calendar.today, unclosed=number),
        "tasks": queries.tasks_shown(chores.tasks_for(by)[:TASKS], by),
        "more_tasks": max(0, chores.tasks_for(by).count() - TASKS),
        "alerts": queries.alerts_shown(alerts.open_alerts(by).order_by("due_on", "pk")[:5], by),
    }
    return render(request, "desk/today.html", context)


def _unclosed(visits: Iterable[Any], calendar: Calendar) -> list[dict[str, Any]]:
    """Visits of past days that wait for somebody to say what became of them, with today at their place."""
    return [{"visit": visit, "today": calendar.days[visit.location_id]} for visit in visits]


def _places(by: Actor, days: Mapping[int, date], *, whole: bool) -> list[dict[str, Any]]:
    """The visits of the day by location, those that are still to come or under way apart from the finished ones."""
    shown = _shown(queries.todays_visits(by, days=days))
    by_place = groupby(sorted(shown, key=_name_of_place), key=_name_of_place)
    places = [_place(list(visits), days) for _, visits in by_place]
    return places if whole else [_shortened(place) for place in places]


def _shortened(place: dict[str, Any]) -> dict[str, Any]:
    """The next visits, and later ones only where somebody must look at the cover first; the last that were finished."""
    coming = place["open"]
    soon = coming[:NEXT] + [one for one in coming[NEXT:] if one["cover"].answer != queries.COVERED]
    left_out = len(coming) - len(soon) + max(len(place["done"]) - LAST, 0)
    return place | {"open": soon, "done": place["done"][-LAST:], "left_out": left_out}


def _name_of_place(shown: dict[str, Any]) -> tuple[str, int]:
    return shown["visit"].location.name, shown["visit"].location_id


def _place(shown: list[dict[str, Any]], days: Mapping[int, date]) -> dict[str, Any]:
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


def _tiles(by: Actor, today: date, *, unclosed: int) -> list[dict[str, Any]]:
    """How much waits: visits of past days for everybody, the rest for those who confirm and bill. Counts, no money."""
    tiles = [{"label": "Visits not closed", "figure": unclosed, "url": "#not-closed"}] if unclosed else []
    if by.may("confirm_referrals"):
        waiting = referrals.waiting(by).order_by().count()
        tiles.append({"label": "Referrals to confirm", "figure": waiting, "url": reverse("referrals")})
    if by.may("see_claims"):
        to_bill = billing.visits_to_bill(by, since=today - billing.LOOKED_BACK)
        unbilled, ready = sum(not one.is_network for one in to_bill), len(billing.ready_ids(by))
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
    calendar = _calendar(request)
    view = request.GET.get("view", "active")
    view = view if view in VIEWS else "active"
    page = queries.authorization_page(request.actor, view=view, after=request.GET.get("after", ""), calendar=calendar)
    context = {"page": page, "view": view, "views": VIEWS, "today": calendar.today}
    return render(request, "desk/authorizations.html", context)


@require_safe
@access.page("see_referrals")
def authorization(request: PageRequest, authorization_id: int) -> HttpResponse:
    """One authorization: its lines and counts, burn-down, visits, versions, and what may be done."""
    row = get_object_or_404(referrals.authorizations(request.actor), pk=authorization_id)
    calendar, referral = _calendar(request), row.referral
    day = calendar.days.get(row.home_location_id or 0, calendar.today)
    context = {
        "authorization": row,
        "referral": referral,
        "badges": queries.badges(row, today=day),
        "lines": queries.lines(row, days=calendar.days),
        "visits": _shown([(visit, queries.cover(visit)) for visit in referrals.visits(row)[:100]]),
        "burn_down": _burn_down(row, day),
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
    day = _calendar(request).today
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
@access.page("see_day")
def tasks(request: PageRequest) -> HttpResponse:
    """What this person's roles must do, or what they have taken on themselves."""
    mine = "mine" in request.GET
    page = queries.task_page(request.actor, mine=mine, after=request.GET.get("after", ""))
    return render(request, "desk/tasks.html", {"page": page, "mine": mine, "today": _calendar(request).today})


@require_safe
@access.page("see_alerts")
def alerts_page(request: PageRequest) -> HttpResponse:
    """Open alerts, the most urgent first."""
    page = queries.alert_page(request.actor, after=request.GET.get("after", ""))
    day = _calendar(request).today
    shown = [one | {"rule": CATALOGUE[one["alert"].rule_code]} for one in page.rows]
    return render(request, "desk/alerts.html", {"alerts": shown, "page": page, "today": day})
