"""Pages of closed days and of absences: what stands, which booked visits it touches, a form for more."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from referrals import queries
from referrals.forms.closures import AbsenceForm, ClosedDaysForm
from referrals.models import Absence, ClosedDays, Visit
from referrals.services import closures
from vca.core import access
from vca.core.access import PageRequest
from vca.core.services import practices
from vca.domain.wording import counted

SHOWN = 50  # visits that one entry touches


@access.page("manage_practice")
def closed_days(request: PageRequest) -> HttpResponse:
    """Days on which the practice or a place is closed."""
    by = request.actor
    form = ClosedDaysForm(request.POST or None, practice_id=by.practice_id)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        days = {"first": said["valid_from"], "last": said["valid_through"]}
        row = closures.close(location=said["location"], reason=said["reason"], **days, by=by)
        return _entered(request, "These days are closed.", queries.planned_on_closed(row).count(), "closed_days")
    rows = queries.closed_days(by, since=practices.civil_day(by, at=timezone.now()))
    entries = [(row, _first(queries.planned_on_closed(row))) for row in rows]
    return _page(request, "referrals/closed_days.html", form, entries)


@access.page("manage_practice")
def absences(request: PageRequest) -> HttpResponse:
    """Days on which a clinician is away."""
    by = request.actor
    form = AbsenceForm(request.POST or None, practice_id=by.practice_id)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        days = {"first": said["valid_from"], "last": said["valid_through"]}
        row = closures.away(clinician=said["clinician"], **days, by=by)
        return _entered(request, "The absence is entered.", queries.planned_in_absence(row).count(), "absences")
    rows = queries.absences(by, since=practices.civil_day(by, at=timezone.now()))
    entries = [(row, _first(queries.planned_in_absence(row))) for row in rows]
    return _page(request, "referrals/absences.html", form, entries)


def _first(visits: Iterable[Visit]) -> list[Visit]:
    return list(visits)[:SHOWN]


def _entered(request: PageRequest, said: str, touched: int, name: str) -> HttpResponse:
    if touched:
        messages.warning(request, f"{said} {counted(touched, 'visit is', 'visits are')} booked then: move or cancel.")
    else:
        messages.success(request, f"{said} No visit is booked then.")
    return redirect(name)


def _page(request: PageRequest, template: str, form: Any, entries: list[Any]) -> HttpResponse:
    return render(request, template, {"form": form, "entries": entries}, status=422 if form.errors else 200)


@require_POST
@access.page("manage_practice")
def reopen_days(request: PageRequest, closure_id: int) -> HttpResponse:
    """Take closed days out."""
    closures.reopen(closed=_row(ClosedDays, request, closure_id), by=request.actor)
    messages.success(request, "Visits can be booked on these days again.")
    return redirect("closed_days")


@require_POST
@access.page("manage_practice")
def end_absence(request: PageRequest, absence_id: int) -> HttpResponse:
    """Take an absence out."""
    closures.back(absence=_row(Absence, request, absence_id), by=request.actor)
    messages.success(request, "The clinician can be booked on these days again.")
    return redirect("absences")


def _row(model: Any, request: PageRequest, row_id: int) -> Any:
    return get_object_or_404(access.scope(model.objects.all(), request.actor), pk=row_id)
