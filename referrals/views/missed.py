"""Pages of visits that did not take place: missed or cancelled, what is asked of it, and VA told."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from referrals.domain.states import VisitState
from referrals.forms.missed import MissedForm
from referrals.forms.referrals import ReasonForm
from referrals.models import Visit
from referrals.services import telling, visits
from referrals.views.visits import visit_of
from vca.core import access
from vca.core.access import PageRequest
from vca.core.forms import say_refusal
from vca.core.pages import came_from
from vca.domain.errors import RuleError
from vca.domain.rules import CATALOGUE

NEVER_CHARGED = "VISIT-27"


@access.page("book_visits")
def cancel(request: PageRequest, visit_id: int) -> HttpResponse:
    """Cancel a booked visit, or give a penciled one up."""
    visit = visit_of(request, visit_id)
    act = "Give up" if visit.waits_for else "Cancel the visit"
    said = "Given up." if visit.waits_for else "Cancelled; the authorized visit is free again."
    return _page(request, visit, visits.cancel, act, said)


@access.page("check_in_visits")
def no_show(request: PageRequest, visit_id: int) -> HttpResponse:
    """Note that the Veteran did not come."""
    said = "No-show; the visit is free again. Nobody is charged."
    return _page(request, visit_of(request, visit_id), visits.no_show, "No-show", said)


def _page(request: PageRequest, visit: Visit, deed: Callable[..., None], act: str, said: str) -> HttpResponse:
    back = _back(request, visit)
    form = MissedForm(request.POST or None, today=_today(visit), asks=not visit.waits_for)
    if request.method == "POST" and form.is_valid() and _done(request, visit, deed, form):
        messages.success(request, said, extra_tags=f"undo:{reverse('undo_visit', args=[visit.pk])}")
        again = f"{reverse('book_visit', args=[visit.authorization_id])}?again={visit.pk}"
        return redirect(again if "again" in request.POST else back)
    context = {"form": form, "visit": visit, "act": act, "back": back, "rule": CATALOGUE[NEVER_CHARGED]}
    return render(request, "referrals/missed_visit.html", context, status=422 if form.errors else 200)


def _today(visit: Visit) -> date:
    return visit.location.civil_day(timezone.now())


def _done(request: PageRequest, visit: Visit, deed: Callable[..., None], form: MissedForm) -> bool:
    """Do it, or show in the form what refuses that."""
    said: dict[str, Any] = {"reason": form.cleaned_data["reason"], "contact": form.contact()}
    try:
        deed(visit=visit, by=request.actor, at=timezone.now(), **said)
    except RuleError as refusal:
        say_refusal(form, refusal)
        return False
    return True


def _back(request: PageRequest, visit: Visit) -> str:
    """Return the page of ours from which the form was opened, else the authorization's."""
    fallback = reverse("authorization", args=[visit.authorization_id])
    if request.method == "POST":
        said = request.POST.get("back", "")
        return said if url_has_allowed_host_and_scheme(said, {request.get_host()}) else fallback
    return came_from(request, fallback)


@require_POST
@access.page("book_visits")
def unbook(request: PageRequest, visit_id: int) -> HttpResponse:
    """Take a booking back that was just made: nobody was told of it, so nothing is asked."""
    visit = visit_of(request, visit_id)
    visits.cancel(visit=visit, reason="booking undone", by=request.actor, at=timezone.now())
    words = "penciled visit is given up" if visit.waits_for else "booking is cancelled"
    messages.success(request, f"Undone: the {words}.", extra_tags=f"undo:{reverse('undo_visit', args=[visit.pk])}")
    return redirect(came_from(request, reverse("authorization", args=[visit.authorization_id])))


@require_POST
@access.page("book_visits")
def va_told(request: PageRequest, visit_id: int) -> HttpResponse:
    """Note how VA was told of a missed or cancelled visit."""
    visit, form = visit_of(request, visit_id), ReasonForm(request.POST)
    if visit.state not in (VisitState.NO_SHOW, VisitState.CANCELLED) or not form.is_valid():
        messages.error(request, "Say how VA was told: by phone or fax, whom, and the reference.")
    elif telling.told(visit=visit, how=form.cleaned_data["reason"], by=request.actor, at=timezone.now()):
        messages.success(request, "VA knows; the task is closed.")
    else:
        messages.info(request, "It was noted already.")
    return redirect(came_from(request, reverse("authorization", args=[visit.authorization_id])))
