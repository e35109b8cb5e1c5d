"""The visits that no claim sent to VA names, with what is expected for them and how long they may be filed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vca.core import access
from vca.core.access import PageRequest
from vca.core.pages import asked_for
from vca.desk.queries import unbilled
from vca.desk.queries.calendar import today_at


@require_safe
@access.page("see_claims")
def not_billed(request: PageRequest) -> HttpResponse:
    """Visits not billed, the earliest first: all, or those alone that are at risk."""
    by, calendar = request.actor, today_at(request.actor, timezone.now())
    place, at_risk = asked_for(request.GET.get("place", ""), calendar.places), request.GET.get("view") == "at_risk"
    place_id, percent = place.pk if place else None, unbilled.share_at_risk(by, calendar)
    days = unbilled.days(by, calendar=calendar, place=place_id, percent=percent)
    page = unbilled.unbilled_page(by, days, at_risk=at_risk, after=request.GET.get("after", ""))
    whole, risky = unbilled.total(days), unbilled.total(one for one in days if one.at_risk)
    context = {
        "page": page,
        "at_risk": at_risk,
        "all": whole,
        "risky": risky,
        "chosen": risky if at_risk else whole,
        "place": place,
        "percent": percent,
        "since": unbilled.since(calendar),
    }
    return render(request, "desk/not_billed.html", context)
