"""One claim and what is done with it, and the prices. The lists are in ``lists``."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import forms, queries
from billing.domain.findings import Finding
from billing.domain.states import CLAIM_MOVES, ClaimState
from billing.models import Claim
from billing.services import charges, claims, submissions
from billing.views import mending
from vca.core import access
from vca.core.access import Actor, PageRequest
from vca.core.services import practices
from vca.domain.rules import CATALOGUE
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
        "findings": _findings(claim, request.actor) if claim.state in _OPEN else [],
        "events": _events(claim, request.actor),
        "acts": CLAIM_MOVES.acts(ClaimState(claim.state)),
    }
    return render(request, "billing/claim.html", context)


def _visits(claim: Claim) -> list[tuple[int, date]]:
    """The visits of the claim in the order of its lines, each with its civil day."""
    return list(dict.fromkeys((line.visit_id, line.service_date) for line in claim.lines.all()))


def _findings(claim: Claim, by: Actor) -> list[dict[str, Any]]:
    """What the scrub finds by rule, in the order of the rules, with the ways to mend it."""
    found = claims.findings([claim], by=by, at=timezone.now()).get(claim.pk, ())
    grouped: dict[str, list[Finding]] = {}
    for one in found:
        grouped.setdefault(one.code, []).append(one)
    return [
        {
            "rule": CATALOGUE[code],
            "messages": [one.message for one in some],
            "ways": mending.ways([one.field for one in some], claim, by=by),
        }
        for code, some in grouped.items()
    ]


def _events(claim: Claim, by: Actor) -> list[dict[str, Any]]:
    """What happened to the claim, oldest first."""
    who = claim.created_by.name if claim.created_by else ""
    events: list[dict[str, Any]] = [{"at": claim.created_at, "what": "Drafted", "who": who, "icon": "pencil"}]
    if claim.ready_at:
        events.append({"at": claim.ready_at, "what": "Made ready", "tone": "info", "icon": "check"})
    for one in claim.submitted.select_related("submission").order_by("submission__batch_number"):
        batch = one.submission
        url = reverse("document", args=[batch.document_id]) if by.may("open_documents") else ""
        sent = {"at": batch.created_at, "what": f"Written to batch {batch.batch_number}", "tone": "info"}
        numbers = f"Interchange {batch.interchange_control_number:09d}, group {batch.group_control_number}"
        detail = f"{numbers}, to {batch.receiver_id}{'' if batch.usage == 'P' else ', as a test'}."
        events.append(sent | {"icon": "send", "detail": detail, "url": url, "label": "Download the file"})
    if claim.closed_at:
        events.append({"at": claim.closed_at, "what": "Closed", "detail": claim.closed_reason, "icon": "dash"})
    return sorted(events, key=lambda event: event["at"])


_OPEN = (ClaimState.DRAFT, ClaimState.READY)


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
    form = forms.CloseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the claim is closed; the reason is kept.")
    else:
        claims.close(claim=claim, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        messages.success(request, "The claim is closed; its visits can be claimed again.")
    return redirect("claim", claim.pk)


@require_POST
@access.page("send_claims")
def write_file(request: PageRequest) -> HttpResponse:
    """Ask the worker for the file and show its progress."""
    job = submissions.ask(by=request.actor)
    return redirect("job", job.pk)


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
