"""Claims that somebody sent without a file of ours: typed into a portal, mailed, faxed."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing import forms, queries
from billing.models import Claim, Submission
from billing.services import submissions
from billing.views.batches import REVIEWED_AT_ONCE, row_ids
from vca.core import access
from vca.core.access import PageRequest
from vca.core.forms import say_refusal
from vca.core.pages import came_from
from vca.domain.errors import RuleError
from vca.domain.wording import counted


@access.page("send_claims")
def sent_by_hand(request: PageRequest) -> HttpResponse:
    """Say how ready claims were sent: those that the address names, or those that are ticked among all."""
    rows = _offered(request)
    ticked = set(row_ids(request.POST if request.method == "POST" else request.GET))
    chosen = [row for row in rows if row.pk in ticked]
    form = forms.SentByHandForm(request.POST or None, request.FILES or None, initial=_now(chosen or rows))
    if request.method == "POST" and form.is_valid() and _recorded(request, form, chosen):
        return redirect("claim", chosen[0].pk) if len(chosen) == 1 else redirect(reverse("claims") + "?state=SENT")
    context = {"form": form, "rows": rows, "ticked": ticked}
    return render(request, "billing/by_hand.html", context, status=422 if form.errors else 200)


def _offered(request: PageRequest) -> list[Claim]:
    named = row_ids(request.GET)
    ids = queries.ready_ids(request.actor, among=named or None)[:REVIEWED_AT_ONCE]
    return list(queries.claims(request.actor).filter(pk__in=ids).order_by("pk"))


def _now(rows: Sequence[Claim]) -> dict[str, object]:
    """This moment at the location of the first claim, as the form proposes it."""
    here = timezone.now().astimezone(rows[0].location.zone) if rows else timezone.now()
    return {"on": here.date(), "at": here.time().replace(second=0, microsecond=0)}


def _recorded(request: PageRequest, form: forms.SentByHandForm, chosen: Sequence[Claim]) -> bool:
    """Record it, or show in the form why not."""
    zones = {row.location.zone for row in chosen}
    if len(zones) != 1:
        several = "The ticked claims are of locations in several time zones. Record them apart."
        form.add_error(None, several if zones else "Tick the claims that you sent.")
        return False
    ids, at = [row.pk for row in chosen], timezone.now()
    try:
        submissions.record_by_hand(claim_ids=ids, sent=form.said(zones.pop()), by=request.actor, at=at)
    except RuleError as refusal:
        say_refusal(form, refusal)
        return False
    messages.success(request, f"{counted(len(ids), 'claim')} recorded as sent. The clocks run from then.")
    return True


@require_POST
@access.page("send_claims", step_up=True)
def take_back(request: PageRequest, submission_id: int) -> HttpResponse:
    """Undo it: the claims were not sent after all."""
    row = get_object_or_404(access.scope(Submission.objects.all(), request.actor), pk=submission_id)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why it is taken back; the reason is kept.")
    else:
        submissions.take_back(submission=row, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        messages.success(request, f"{counted(row.claim_count, 'claim')} ready again.")
    return redirect(came_from(request, reverse("claims")))
