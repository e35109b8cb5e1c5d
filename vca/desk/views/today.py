"""The page of the day."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import queries as billing
from referrals import queries as referrals
from referrals.queries import PLANNED
from vca.core import access, alerts, jobs, sight
from vca.core.access import Actor, PageRequest
from vca.core.services import backups, chores
from vca.desk.queries import cover, forecasts, inbox, unbilled
from vca.desk.queries.alerts import with_authorization
from vca.desk.queries.calendar import Calendar, today_at

NEXT, LAST = 20, 10  # visits of a long day that are shown at once
MOST_UNCLOSED = 50
ALERTS = 5
TASKS = 10  # on the page of the day; the others have a page of their own


@require_safe
@access.page("see_day")
def today(request: PageRequest) -> HttpResponse:
    """Today's visits, each with the answer to: does VA cover it? And what waits for this person."""
    by, now = request.actor, timezone.now()
    calendar = today_at(by, now)
    unclosed = referrals.unclosed(by, days=calendar.days)
    number = unclosed.order_by().count()
    awake = alerts.awake(by, at=now)
    places = _places(by, calendar.days, whole="all" in request.GET)
    context = {
        "today": calendar.today,
        "has_places": bool(calendar.days),
        "places": _with_forecasts(places, by, calendar.days),
        "unclosed": _unclosed(unclosed[:MOST_UNCLOSED], calendar) if number else [],
        "more_unclosed": max(0, number - MOST_UNCLOSED),
        "tiles": _tiles(by, calendar, unclosed=number),
        "tasks": inbox.tasks_shown(chores.tasks_for(by)[:TASKS], by),
        "more_tasks": max(0, chores.tasks_for(by).count() - TASKS),
        "alerts": with_authorization(awake.order_by(F("due_on").asc(nulls_last=True), "pk")[:ALERTS], by),
        "more_alerts": max(0, awake.count() - ALERTS),
        "backup_warning": _backup_warning(request, now),
    }
    return render(request, "desk/today.html", context)


def _backup_warning(request: PageRequest, now: datetime) -> str:
    is_told = request.actor.may("manage_practice") and not request.practice.test_data
    return backups.warning(at=now) if is_told else ""


def _unclosed(visits: Iterable[Any], calendar: Calendar) -> list[dict[str, Any]]:
    """Visits of past days that wait for somebody to say what became of them, with today at their place."""
    return [{"visit": visit, "today": calendar.days[visit.location_id]} for visit in visits]


def _places(by: Actor, days: Mapping[int, date], *, whole: bool) -> list[dict[str, Any]]:
    """The visits of the day by location, those that are still to come or under way apart from the finished ones."""
    with sight.unseen():  # more than are shown at once
        shown = cover.shown(cover.todays_visits(by, days=days))
    by_place = groupby(sorted(shown, key=_name_of_place), key=_name_of_place)
    places = [_place(list(visits), days) for _, visits in by_place]
    places = places if whole else [_shortened(place) for place in places]
    sight.note_rows(one["visit"] for place in places for one in (*place["open"], *place["done"]))
    return places


def _with_forecasts(places: Iterable[dict[str, Any]], by: Actor, days: Mapping[int, date]) -> list[dict[str, Any]]:
    """The places, each visit that is still to come or under way with how long its cover lasts."""
    told = forecasts.of_visits([one["visit"] for place in places for one in place["open"]], by, days)
    return [
        place | {"open": [one | {"forecast": told.get(one["visit"].authorization_id)} for one in place["open"]]}
        for place in places
    ]


def _shortened(place: dict[str, Any]) -> dict[str, Any]:
    """The next visits, and later ones only where somebody must look at the cover first; the last that were finished."""
    coming = place["open"]
    soon = coming[:NEXT] + [one for one in coming[NEXT:] if one["cover"].answer != cover.COVERED]
    left_out = len(coming) - len(soon) + max(len(place["done"]) - LAST, 0)
    return place | {"open": soon, "done": place["done"][-LAST:], "left_out": left_out}


def _name_of_place(shown: dict[str, Any]) -> tuple[str, int]:
    return shown["visit"].location.name, shown["visit"].location_id


def _place(shown: list[dict[str, Any]], days: Mapping[int, date]) -> dict[str, Any]:
    place = shown[0]["visit"].location
    still, done = ([one for one in shown if (one["visit"].state in PLANNED) is wanted] for wanted in (True, False))
    return {"place": place, "day": days[place.pk], "open": still, "done": done}


def _tiles(by: Actor, calendar: Calendar, *, unclosed: int) -> list[dict[str, Any]]:
    """How much waits: visits of past days for everybody, the rest for those who confirm and bill. Counts, no money."""
    tiles = [{"label": "Visits not closed", "figure": unclosed, "url": "#not-closed"}] if unclosed else []
    if by.may("confirm_referrals"):
        waiting = referrals.waiting(by).order_by().count()
        tiles.append({"label": "Referrals to confirm", "figure": waiting, "url": reverse("referrals")})
    if by.may("see_claims"):
        to_bill = billing.visits_to_bill(by, since=unbilled.since(calendar))
        to_va, ready = sum(not one.is_network for one in to_bill), len(billing.ready_ids(by))
        tiles.append({"label": "Visits to bill", "figure": to_va, "url": reverse("claims")})
        tiles.append({"label": "Claims ready to send", "figure": ready, "url": reverse("claims") + "?state=READY"})
    stopped = jobs.stopped(by).count() if by.may("manage_practice") else 0
    if stopped:
        tiles.append({"label": "Background work that stopped", "figure": stopped, "url": reverse("jobs")})
    return tiles
