"""A series of visits: proposed by its pattern, changed day by day, booked whole, taken back together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import formset_factory
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from referrals.domain.series import LONGEST
from referrals.forms.visits import DayForm, SeriesForm
from referrals.models import Authorization
from referrals.services import pencils, series
from referrals.services.series import SeriesRefused
from referrals.services.visits import Plan
from referrals.views.visits import at_home, authorization_of, planned, services_of
from vca.core import access
from vca.core.access import PageRequest
from vca.core.forms import say_refusal
from vca.core.pages import came_from, in_words
from vca.domain.errors import RuleError
from vca.domain.holidays import holiday_on
from vca.domain.wording import counted

Days = formset_factory(DayForm, extra=0, max_num=LONGEST, absolute_max=LONGEST)


@access.page("book_visits")
def book_series(request: PageRequest, authorization_id: int) -> HttpResponse:
    """Book a series: the pattern proposes days, each shows what refuses it, and all are booked or none."""
    authorization, now = authorization_of(request, authorization_id), timezone.now()
    today = at_home(authorization, now).date()
    form = SeriesForm(request.POST or None, authorization=authorization, today=today)
    services = services_of(request, authorization)
    shown: dict[str, Any] = {"form": form, "services": services, "authorization": authorization}
    if request.method != "POST" or not (form.is_valid() and services.is_valid()):
        return _page(request, shown)
    days = _days(request, form)
    if days.is_bound and not days.is_valid():
        return _page(request, shown, days)
    plans = _plans(authorization, form, services, days)
    if days.is_bound:
        return _booked(request, shown, days, plans, now)
    conflicts = series.conflicts_of(plans, by=request.actor, at=now)
    return _page(request, shown | {"may_wait": may_wait(plans, conflicts, now)}, days, conflicts)


def _booked(request: PageRequest, shown: dict[str, Any], days: Any, plans: list[Plan], at: datetime) -> HttpResponse:
    """Book them, and say so with the way to take it back; or show what refuses."""
    try:
        booked = series.book(plans=plans, by=request.actor, at=at, or_pencil="pencil" in request.POST)
    except SeriesRefused as refusal:
        say_refusal(shown["form"], refusal)
        return _page(request, shown | {"may_wait": may_wait(plans, refusal.conflicts, at)}, days, refusal.conflicts)
    undo = reverse("cancel_series", args=[booked[0].series])
    waiting = sum(bool(visit.waits_for) for visit in booked)
    said = f"{counted(len(booked) - waiting, 'visit')} booked"
    penciled = f", {waiting} penciled in until VA covers them; a task says to ask VA" if waiting else ""
    messages.success(request, f"{said}{penciled}.", extra_tags=f"undo:{undo}")
    return redirect("authorization", shown["authorization"].pk)


def _days(request: PageRequest, form: SeriesForm) -> Any:
    """Return the days as they were sent, or as the pattern proposes them."""
    if {"book", "pencil"} & request.POST.keys():
        return Days(request.POST, prefix="days")
    return Days(initial=form.proposed(), prefix="days")


def may_wait(plans: Sequence[Plan], conflicts: Mapping[int, RuleError], at: datetime) -> bool:
    """Tell whether there are visits that cannot be booked, and all of them may be penciled in."""
    waiting = [pencils.can_wait(plans[place], [refusal], at=at) for place, refusal in conflicts.items()]
    return bool(waiting) and all(waiting)


def _plans(authorization: Authorization, form: SeriesForm, services: Any, days: Any) -> list[Plan]:
    place, given = form.cleaned_data["location"], planned(services)
    said = [one.cleaned_data for one in days.forms] if days.is_bound else days.initial
    moments = [datetime.combine(one["on"], one["at"], tzinfo=place.zone) for one in said if one.get("on")]
    return [Plan(authorization, place, moment, given) for moment in moments]


def _page(
    request: PageRequest, shown: dict[str, Any], days: Any = None, conflicts: Mapping[int, RuleError] | None = None
) -> HttpResponse:
    wrong = bool(shown["form"].errors or shown["services"].total_error_count() or (days and days.total_error_count()))
    rows = _rows(days.forms, conflicts or {}) if days else []
    context = shown | {
        "days": days,
        "rows": rows,
        "refused": len(conflicts or ()),
        "booked": len(rows) - len(conflicts or ()),
    }
    return render(request, "referrals/series_form.html", context, status=422 if wrong else 200)


def _rows(forms: Sequence[Any], conflicts: Mapping[int, RuleError]) -> list[tuple[Any, str, str]]:
    """Return each day's form, what refuses it, its holiday; days that are left out have no place among the plans."""
    rows, place = [], 0
    for form in forms:
        is_in = bool(form["on"].value())
        refused = in_words(conflicts[place]) if is_in and place in conflicts else ""
        rows.append((form, refused, _holiday(form) if is_in else ""))
        place += is_in
    return rows


def _holiday(form: Any) -> str:
    on = form.cleaned_data.get("on") if form.is_bound else form.initial["on"]
    return holiday_on(on) if on else ""


@require_POST
@access.page("book_visits")
def cancel_series(request: PageRequest, series_id: UUID) -> HttpResponse:
    """Cancel the visits of a series that are still booked."""
    cancelled = series.cancel(series=series_id, reason="series taken back", by=request.actor, at=timezone.now())
    if not cancelled:
        raise Http404
    messages.success(request, f"{counted(cancelled, 'visit')} cancelled; what they held is free again.")
    return redirect(came_from(request, reverse("today")))
