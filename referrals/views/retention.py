"""Records that are past their time, legal holds, and what was disposed of."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from referrals import queries
from referrals.forms.referrals import ReasonForm
from referrals.forms.retention import DisposalForm, HoldForm
from referrals.models import Disposal, LegalHold, Veteran
from referrals.services import disposals, holds, unnamed
from referrals.services.retention import PastTime, past_their_time
from vca.core import access
from vca.core.access import PageRequest
from vca.core.forms import say_refusal
from vca.core.models import Job
from vca.domain.errors import RuleError

SHOWN = 100  # Veterans, and as many certificates
HELD_UNTIL = "Nothing of theirs is disposed of until the hold is lifted."


@access.page("keep_records", step_up=True)
def retention_page(request: PageRequest) -> HttpResponse:
    """Whose records are past their time; those that are ticked are disposed of."""
    by, now = request.actor, timezone.now()
    found = past_their_time(by, at=now)
    shown = found[:SHOWN]
    offered = [one.due.veteran_id for one in shown if one.is_ready]
    form = DisposalForm(request.POST or None, offered=offered)
    if request.method == "POST" and form.is_valid() and (job := _asked(request, form, now)):
        return redirect("job", job.pk)
    context = {
        "form": form,
        "rows": _named(shown, request),
        "more": len(found) - len(shown),
        "ready": len(offered),
        "files": unnamed.files(by, at=now).count(),
        "disposals": access.scope(Disposal.objects.select_related("asked_by"), by).order_by("-at", "-pk")[:SHOWN],
        "holds": queries.holds_standing(by).count(),
    }
    return render(request, "referrals/retention.html", context, status=422 if form.errors else 200)


def _named(shown: list[PastTime], request: PageRequest) -> list[tuple[Veteran, PastTime]]:
    named = queries.veterans(request.actor).in_bulk([one.due.veteran_id for one in shown])
    return [(named[one.due.veteran_id], one) for one in shown]


def _asked(request: PageRequest, form: DisposalForm, now: datetime) -> Job | None:
    """Ask for the disposal, or show in the form why not."""
    said = form.cleaned_data
    try:
        return disposals.ask(veteran_ids=said["veteran"], typed=said["count"], by=request.actor, at=now)
    except RuleError as refusal:
        say_refusal(form, refusal)
        return None


@require_POST
@access.page("keep_records", step_up=True)
def dispose_files(request: PageRequest) -> HttpResponse:
    """Dispose of the files that name nobody; the number was typed."""
    typed = request.POST.get("count", "").strip()
    job = unnamed.ask(typed=int(typed) if typed.isdecimal() else 0, by=request.actor, at=timezone.now())
    return redirect("job", job.pk)


@access.page("keep_records", step_up=True)
def holds_page(request: PageRequest) -> HttpResponse:
    """The holds of the practice; one of everybody's records is placed here."""
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        holds.place(veteran=None, by=request.actor, at=timezone.now(), **form.cleaned_data)
        messages.success(request, "Nothing of the practice is disposed of while the hold stands.")
        return redirect("holds")
    context = {"form": form, "holds": holds.all_of(request.actor)}
    return render(request, "referrals/holds.html", context, status=422 if form.errors else 200)


@access.page("keep_records", step_up=True)
def hold_veteran(request: PageRequest, veteran_id: int) -> HttpResponse:
    """Hold the records of one Veteran."""
    veteran = get_object_or_404(queries.veterans(request.actor), pk=veteran_id)
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        holds.place(veteran=veteran, by=request.actor, at=timezone.now(), **form.cleaned_data)
        messages.success(request, "Nothing of this Veteran is disposed of while the hold stands.")
        return redirect("veteran", veteran.pk)
    context = {"form": form, "heading": "Legal hold", "act": "Place hold", "veteran": veteran, "note": HELD_UNTIL}
    return render(request, "referrals/form.html", context, status=422 if form.errors else 200)


@require_POST
@access.page("keep_records", step_up=True)
def lift_hold(request: PageRequest, hold_id: int) -> HttpResponse:
    """End a hold, with a reason."""
    hold = get_object_or_404(access.scope(LegalHold.objects.all(), request.actor), pk=hold_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why; the reason is kept.")
    elif holds.lift(hold=hold, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now()):
        messages.success(request, "The hold is lifted.")
    return redirect("holds")
