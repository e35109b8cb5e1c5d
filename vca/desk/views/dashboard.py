"""The administrator's dashboard: six figures, each with the list that it sums up, and two charts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vca.core import access, charts
from vca.core.access import PageRequest
from vca.core.charts import Bar
from vca.core.models import ServiceLocation
from vca.core.pages import asked_for, attachment
from vca.core.services import exports
from vca.core.templatetags import house
from vca.desk.queries import dashboard as queries
from vca.desk.queries.authorizations import SOON_DAYS, Use
from vca.desk.queries.calendar import Calendar, today_at
from vca.desk.queries.dashboard import Figures
from vca.desk.queries.unbilled import Unbilled
from vca.domain.wording import counted, say_day

NOWHERE = "No location entered"
HEAD = ("Figure", "Of", "Value", "Unit", "As of", "Location")


@require_safe
@access.page("see_dashboard")
def dashboard(request: PageRequest) -> HttpResponse:
    """Six figures and two charts, of all locations or one."""
    at = timezone.now()
    calendar = today_at(request.actor, at)
    place = asked_for(request.GET.get("place", ""), calendar.places)
    found = queries.figures(request.actor, calendar=calendar, place=place.pk if place else None)
    as_of = said_as_of([place] if place else calendar.places, at)
    context = {
        "places": calendar.places,
        "place": place,
        "is_new": not found.active and queries.is_new(request.actor),
        "as_of": as_of,
        "tiles": [tile | {"as_of": as_of} for tile in tiles(found, place)],
        "homes": (homes := _by_name(found.by_home, calendar)),
        "weeks": found.weeks,
        "use": found.use,
        "use_chart": _use_chart(homes),
        "weeks_chart": _weeks_chart(found),
    }
    return render(request, "desk/dashboard.html", context)


@require_POST
@access.page("see_dashboard", step_up=True)
def export_dashboard(request: PageRequest) -> HttpResponse:
    """The same figures as a table to be opened elsewhere."""
    at = timezone.now()
    calendar = today_at(request.actor, at)
    place = asked_for(request.POST.get("place", ""), calendar.places)
    found = queries.figures(request.actor, calendar=calendar, place=place.pk if place else None)
    where = (house.instant(at, (place or calendar.places[0]).zone) if calendar.places else "", _name(place))
    lines = [(*line, *where) for line in _lines(found, calendar)]
    content = exports.table(
        HEAD,
        lines,
        action="dashboard.exported",
        subject="dashboard",
        changes=lambda number: {"lines": number, "location": place.pk if place else None},
        by=request.actor,
    )
    return attachment(content, filename="dashboard.csv", media_type="text/csv; charset=utf-8")


def said_as_of(places: Sequence[ServiceLocation], at: datetime) -> str:
    """Return the moment as a place shows it; where the day differs between places, each day with those that have it."""
    by_day = groupby(sorted(places, key=lambda one: one.civil_day(at)), key=lambda one: one.civil_day(at))
    days = [list(some) for _, some in by_day]
    if len(days) < 2:
        return house.instant(at, days[0][0].zone if days else "UTC")
    return "; ".join(f"{house.instant(at, some[0].zone)} at {_named(some)}" for some in days)


def _named(places: Sequence[ServiceLocation]) -> str:
    more = f" and {len(places) - 2} more" if len(places) > 2 else ""
    return ", ".join(place.name for place in places[:2]) + more


def tiles(found: Figures, place: ServiceLocation | None) -> Iterator[dict[str, Any]]:
    """Yield the figures as they are shown, each with its definition and the list whose rows add up to it."""
    where = {"place": place.pk} if place else {}
    yield {
        "label": "Active authorizations",
        "figure": f"{found.active:,}",
        "url": _list("authorizations", where, view="active"),
        "definition": "Confirmed referrals whose last authorized day has not passed.",
    }
    yield {
        "label": f"Ending within {SOON_DAYS} days",
        "figure": f"{found.ending:,}",
        "url": _list("authorizations", where, view="ending"),
        "definition": f"Active authorizations whose last day is today or one of the next {SOON_DAYS} days.",
    }
    yield {
        "label": "Visits used of those authorized",
        "figure": "–" if found.use.percent is None else f"{found.use.percent} %",
        "url": _list("authorizations", where, view="counted"),
        "definition": _use_in_words(found.use),
    }
    yield from _money_tiles(found, where)


def _money_tiles(found: Figures, where: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {
        "label": "Visits not billed",
        "figure": house.money(found.unbilled.charge),
        "url": _list("not_billed", where),
        "definition": f"Expected charge, at your own prices, of {counted(found.unbilled.visits, 'visit')} completed "
        f"since {say_day(found.since)} and on no claim sent to VA{_without_price(found.unbilled)}.",
    }
    yield {
        "label": "Revenue at risk",
        "figure": house.money(found.at_risk.charge),
        "url": _list("not_billed", where, view="at_risk"),
        "definition": f"What is not billed although more than {found.percent} % of its filing limit has passed: "
        f"{counted(found.at_risk.visits, 'visit')}, {house.money(found.late.charge)} of it past the last day to file"
        f"{_without_price(found.at_risk)}.",
    }
    yield {
        "label": "Claims sent and not answered",
        "figure": house.money(found.sent_charge),
        "url": _list("claims", where, state="SENT"),
        "definition": f"Total charge of {counted(found.sent, 'claim')} sent of which no answer is recorded yet.",
    }


def _use_in_words(use: Use) -> str:
    return (
        f"{counted(use.given, 'visit')} used, here or before us, of {use.authorized:,} authorized on the counted lines "
        f"of active authorizations; {use.held:,} more held by bookings."
    )


def _without_price(found: Unbilled) -> str:
    """Return what is left out of a sum: never in silence."""
    if not found.unpriced:
        return ""
    have, which = ("has", "which is") if found.unpriced == 1 else ("have", "which are")
    return f"; {found.unpriced:,} of them {have} a service without a price, {which} not in the sum"


def _list(page: str, where: Mapping[str, Any], **chosen: str) -> str:
    asked = urlencode({**chosen, **where})
    return reverse(page) + (f"?{asked}" if asked else "")


def _by_name(by_home: Mapping[int | None, Use], calendar: Calendar) -> list[tuple[ServiceLocation | None, Use]]:
    known: list[ServiceLocation | None] = [*calendar.places, None]
    return [(place, by_home[key]) for place in known if (key := place.pk if place else None) in by_home]


def _name(place: ServiceLocation | None) -> str:
    return place.name if place else "All locations"


def _use_chart(homes: Sequence[tuple[ServiceLocation | None, Use]]) -> str:
    shown = [(place.name if place else NOWHERE, use) for place, use in homes]
    groups = [(name, _use_bars(use)) for name, use in shown]
    words = " ".join(f"{name}: {use.authorized} authorized, {use.given} used, {use.held} held." for name, use in shown)
    return charts.bars(groups, title="Visits by location", words=words, name="use")


def _use_bars(use: Use) -> list[Bar]:
    return [Bar("authorized", use.authorized, "frame"), Bar("used", use.given), Bar("held", use.held, "part")]


def _weeks_chart(found: Figures) -> str:
    bars = [Bar(f"{monday.day} {monday:%b}", number) for monday, number in found.weeks]
    words = " ".join(f"Week of {say_day(monday)}: {number}." for monday, number in found.weeks)
    return charts.bars([("", bars)], title="Authorizations ending by week", words=words, name="weeks")


def _lines(found: Figures, calendar: Calendar) -> Iterator[tuple[str, str, str, str]]:
    """Yield figure, what part of it, value and unit."""
    yield "Active authorizations", "", str(found.active), "authorizations"
    yield f"Ending within {SOON_DAYS} days", "", str(found.ending), "authorizations"
    yield from _use_lines("", found.use)
    for name, sum_ in (("Visits not billed", found.unbilled), ("Revenue at risk", found.at_risk)):
        yield name, "", str(sum_.charge), "US dollars"
        yield name, "", str(sum_.visits), "visits"
        yield name, "without a price", str(sum_.unpriced), "visits"
    yield "Revenue at risk", "past the last day to file", str(found.late.charge), "US dollars"
    yield "Claims sent and not answered", "", str(found.sent_charge), "US dollars"
    yield "Claims sent and not answered", "", str(found.sent), "claims"
    for place, use in _by_name(found.by_home, calendar):
        yield from _use_lines(place.name if place else NOWHERE, use)
    for monday, number in found.weeks:
        yield "Authorizations ending", f"week of {monday.isoformat()}", str(number), "authorizations"


def _use_lines(of: str, use: Use) -> Iterator[tuple[str, str, str, str]]:
    yield "Visits authorized", of, str(use.authorized), "visits"
    yield "Visits given before us", of, str(use.before_us), "visits"
    yield "Visits used here", of, str(use.used), "visits"
    yield "Visits held", of, str(use.held), "visits"
    yield "Visits used of those authorized", of, "" if use.percent is None else str(use.percent), "percent"
