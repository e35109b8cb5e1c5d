"""One claim and what is done with it, and the prices. The lists are in ``lists``."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import forms, queries
from billing.domain.channels import Channel
from billing.domain.states import CLAIM_MOVES, JUDGED, ClaimState
from billing.models import Claim, Submission
from billing.services import charges, claims
from billing.views import events, mending
from vca.core import access
from vca.core.access import Actor, PageRequest
from vca.core.services import practices
from vca.domain.wording import counted


def _claim(request: PageRequest, claim_id: int) -> Claim:
    return get_object_or_404(queries.claims(request.actor), pk=claim_id)


@require_safe
@access.page("see_claims")
def claim_page(request: PageRequest, claim_id: int) -> HttpResponse:
    """One claim: its lines, what stands in its way, its time line."""
    claim = get_object_or_404(queries.whole_claims(request.actor, [_claim(request, claim_id).pk]))
    context = {
        "claim": claim,
        "lines": claim.lines.all(),
        "outdated": any(line.visit_service_id is None for line in claim.lines.all()),
        "visits": _visits(claim) if claim.state == ClaimState.DRAFT else [],
        "findings": _findings(claim, request.actor) if claim.state in JUDGED else [],
        "events": events.of(claim, by=request.actor),
        "by_hand": _by_hand(claim),
        "acts": CLAIM_MOVES.acts(ClaimState(claim.state)),
    }
    return render(request, "billing/claim.html", context)


def _by_hand(claim: Claim) -> Submission | None:
    """What may be taken back: how the claim was sent by hand, while nothing came back."""
    live = Submission.objects.filter(submitted__claim=claim, submitted__is_live=True).exclude(channel=Channel.FILE)
    return live.first() if claim.state == ClaimState.SENT else None


def _visits(claim: Claim) -> list[tuple[int, date, datetime]]:
    """The visits of the claim in the order of its lines, each with its civil day and when it began."""
    lines: Iterable[Any] = claim.lines.all()
    return list(dict.fromkeys((line.visit_id, line.service_date, line.starts_at) for line in lines))


def _findings(claim: Claim, by: Actor) -> list[mending.Explained]:
    return mending.explained(claims.findings([claim], by=by, at=timezone.now()).get(claim.pk, ()), claim, by=by)


def _posted_visits(request: PageRequest) -> list[int]:
    return [int(value) for value in request.POST.getlist("visit") if value.isdecimal() and len(value) < 18]


@require_POST
@access.page("draft_claims")
def draft_claims(request: PageRequest) -> HttpResponse:
    """Draft claims from the chosen visits."""
    drafted = claims.draft(visit_ids=_posted_visits(request), by=request.actor, at=timezone.now())
    words = counted(len(drafted), "claim")
    messages.success(request, f"{words} drafted.")
    return redirect("claim", drafted[0].pk) if len(drafted) == 1 else redirect(reverse("claims") + "?state=DRAFT")


@require_POST
@access.page("draft_claims")
def make_ready(request: PageRequest, claim_id: int) -> HttpResponse:
    """Let the claim go into the next file."""
    claim = _claim(request, claim_id)
    claims.make_ready(claim=claim, by=request.actor, at=timezone.now())
    undo = reverse("claim_back_to_draft", args=[claim.pk])
    messages.success(request, f"Claim {claim.control_number} is ready.", extra_tags=f"undo:{undo}")
    return redirect("claim", claim.pk)


@require_POST
@access.page("draft_claims")
def make_all_ready(request: PageRequest) -> HttpResponse:
    """Make every draft ready in which the scrub finds nothing; the others say why not."""
    made = claims.make_all_ready(by=request.actor, at=timezone.now())
    messages.info(request, f"{made.ready} made ready, {made.blocked} still blocked.")
    return redirect(reverse("claims") + f"?state={ClaimState.DRAFT if made.blocked else ClaimState.READY}")


@require_POST
@access.page("draft_claims")
def back_to_draft(request: PageRequest, claim_id: int) -> HttpResponse:
    """Take the claim out of the next file."""
    claim = _claim(request, claim_id)
    claims.back_to_draft(claim=claim, by=request.actor)
    messages.success(request, f"Claim {claim.control_number} is a draft again.")
    return redirect("claim", claim.pk)


@require_POST
@access.page("draft_claims")
def rebuild_claim(request: PageRequest, claim_id: int) -> HttpResponse:
    """Build the draft again from its visits."""
    claim = _claim(request, claim_id)
    claims.rebuild(claim=claim, by=request.actor)
    messages.success(request, "The claim is built again from its visits.")
    return redirect("claim", claim.pk)


@require_POST
@access.page("draft_claims")
def take_off(request: PageRequest, claim_id: int) -> HttpResponse:
    """Take the posted visit off the draft."""
    claim = _claim(request, claim_id)
    visit_id, *_ = [*_posted_visits(request), 0]
    claims.take_off(claim=claim, visit_id=visit_id, by=request.actor)
    messages.success(request, "The visit is off the claim; it stands among the visits to bill again.")
    return redirect("claim", claim.pk)


@require_POST
@access.page("draft_claims")
def close_claim(request: PageRequest, claim_id: int) -> HttpResponse:
    """Close a claim that will not be sent."""
    claim = _claim(request, claim_id)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the claim is closed; the reason is kept.")
    else:
        claims.close(claim=claim, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        messages.success(request, "The claim is closed; its visits can be claimed again.")
    return redirect("claim", claim.pk)


@access.page("set_charges")
def charges_page(request: PageRequest) -> HttpResponse:
    """The practice's prices."""
    form = forms.ChargeForm(
        request.POST or None, initial={"valid_from": practices.civil_day(request.actor, at=timezone.now())}
    )
    if request.method == "POST" and form.is_valid():
        charges.set_price(by=request.actor, **form.cleaned_data)
        messages.success(request, "The price is set.")
        return redirect("charges")
    context = {"form": form, "charges": queries.charges(request.actor)}
    return render(request, "billing/charges.html", context, status=422 if form.errors else 200)
