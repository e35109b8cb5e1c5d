"""What a payer answered, as somebody records it on the page of the claim."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing import forms, queries
from billing.domain.answers import VERDICT_WORDS
from billing.models import Acknowledgment
from billing.services import acknowledgments
from billing.views import claims
from vca.core import access
from vca.core.access import PageRequest
from vca.core.forms import say_refusal


@require_POST
@access.page("send_claims")
def answer_claim(request: PageRequest, claim_id: int) -> HttpResponse:
    """Record what the payer said, or show in the form why not."""
    claim = get_object_or_404(queries.claims(request.actor), pk=claim_id)
    form = forms.AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return claims.shown(request, claim_id, answer_form=form)
    try:
        made = acknowledgments.take(claim=claim, answer=form.said(), by=request.actor, at=timezone.now())
    except acknowledgments.FAULTS as refusal:
        say_refusal(form, refusal)
        return claims.shown(request, claim_id, answer_form=form)
    messages.success(request, f"Claim {claim.control_number}: {VERDICT_WORDS[made.verdict].lower()}.")
    return redirect("claim", claim_id)


@require_POST
@access.page("send_claims")
def undo_answer(request: PageRequest, acknowledgment_id: int) -> HttpResponse:
    """Withdraw an answer that was recorded by mistake."""
    rows = access.scope(Acknowledgment.objects.select_related("submitted"), request.actor)
    row = get_object_or_404(rows, pk=acknowledgment_id)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the answer is undone; the reason is kept.")
    else:
        reason, at = form.cleaned_data["reason"], timezone.now()
        acknowledgments.undo(acknowledgment=row, reason=reason, by=request.actor, at=at)
        messages.success(request, "The answer is undone.")
    return redirect("claim", row.submitted.claim_id)
