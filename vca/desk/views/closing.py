"""The page that closes a day: what became of each visit that was booked at a place up to that day?"""

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from referrals import queries as referrals
from referrals.queries import PLANNED
from vca.core import access
from vca.core.access import PageRequest
from vca.core.models import ServiceLocation
from vca.desk.queries import cover
from vca.desk.queries.calendar import Calendar, today_at


@require_safe
@access.page("see_day")
def close_day(request: PageRequest, location_id: int | None = None) -> HttpResponse:
    """The visits of one day at one place, those that wait for a word apart; earlier days that are open come first."""
    calendar = today_at(request.actor, timezone.now())
    place = _place(calendar, location_id)
    if place is None:
        return render(request, "desk/close_day.html", {"place": None})
    today = calendar.days[place.pk]
    on = _day(request.GET.get("on", ""), today)
    earlier = referrals.days_left_open(request.actor, location_id=place.pk, before=on)
    context = {"place": place, "places": calendar.places, "on": on, "today": today, "earlier": earlier}
    return render(request, "desk/close_day.html", context | _visits(request, place, on))


def _place(calendar: Calendar, location_id: int | None) -> ServiceLocation | None:
    """Return the place that is asked for, else the first one in use. Raises Http404 for one that is not there."""
    if location_id is None:
        return min(calendar.places, key=lambda place: (not place.is_active, place.pk), default=None)
    found = next((place for place in calendar.places if place.pk == location_id), None)
    if found is None:
        raise Http404
    return found


def _day(text: str, today: date) -> date:
    """Return the day that is asked for; one to come, or nonsense, is today."""
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


def _visits(request: PageRequest, place: ServiceLocation, on: date) -> dict[str, list[dict[str, Any]]]:
    found = referrals.day(request.actor, on=on).filter(location=place)
    shown = cover.shown((visit, cover.cover(visit)) for visit in found)
    return {
        "open": [one for one in shown if one["visit"].state in PLANNED],
        "done": [one for one in shown if one["visit"].state not in PLANNED],
    }
