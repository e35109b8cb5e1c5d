"""Claim pages: work list, claim, batches, prices."""

from collections.abc import Sequence
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
from vca.core.pages import keyset
from vca.core.services import practices
from vca.domain.rules import CATALOGUE


@require_safe
@access.page("see_claims")
def claims_page(request: PageRequest) -> HttpResponse:
    """Claims by state, above them the completed visits that no claim holds yet."""
    state = request.GET.get("state", "")
    rows = queries.claims(request.actor)
    if state in set(ClaimState):
        rows = rows.filter(state=state)
    page = keyset(rows, after=request.GET.get("after", ""))
    counts = queries.counts_by_state(request.actor)
    context = {
        "page": page,
        "rows": _with_findings(page.rows, request.actor),
        "state": state,
        "counts": [(one.value, *counts.get(one, (0, None))) for one in ClaimState],
        "unbilled": queries.visits_to_bill(request.actor, most=200),
        "drafts": counts.get(ClaimState.DRAFT, (0, None))[0],
        "ready": counts.get(ClaimState.READY, (0, None))[0],
        "batches": queries.submissions(request.actor)[:5],
    }
    return render(request, "billing/claims.html", context)


def _with_findings(rows: Sequence[Claim], by: Actor) -> list[tuple[Claim, Sequence[Finding]]]:
    """Return claims with what the scrub finds; only drafts are judged."""
    drafts = [claim for claim in rows if claim.state == ClaimState.DRAFT]
    found = claims.findings(drafts, by=by, today=practices.civil_day(by, at=timezone.now()))
    return [(claim, found.get(claim.pk, ())) for claim in rows]


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
        "findings": _findings(claim, request.actor) if claim.state in _OPEN else [],
        "events": _events(claim, request.actor),
        "acts": CLAIM_MOVES.acts(ClaimState(claim.state)),
    }
    return render(request, "billing/claim.html", context)


def _findings(claim: Claim, by: Actor) -> list[dict[str, Any]]:
    """What the scrub finds by rule, in the order of the rules, with the ways to mend it."""
    found = claims.findings([claim], by=by, today=practices.civil_day(by, at=timezone.now())).get(claim.pk, ())
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
        events.append(sent | {"icon": "send", "url": url, "label": "Download the file"})
    if claim.closed_at:
        events.append({"at": claim.closed_at, "what": "Closed", "detail": claim.closed_reason, "icon": "dash"})
    return sorted(events, key=lambda event: event["at"])


_OPEN = (ClaimState.DRAFT, ClaimState.READY)


@require_POST
@access.page("draft_claims")
def draft_claims(request: PageRequest) -> HttpResponse:
    """Draft claims from the chosen visits."""
    chosen = [int(value) for value in request.POST.getlist("visit") if value.isdecimal() and len(value) < 18]
    drafted = claims.draft(visit_ids=chosen, by=request.actor, at=timezone.now())
    words = "1 claim" if len(drafted) == 1 else f"{len(drafted)} claims"
    messages.success(request, f"{words} drafted.")
    return redirect("claim", drafted[0].pk) if len(drafted) == 1 else redirect("claims")


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
    drafts = queries.claims(request.actor).filter(state=ClaimState.DRAFT).order_by("pk")
    now, ready, blocked = timezone.now(), 0, 0
    for claim in drafts:
        try:
            claims.make_ready(claim=claim, by=request.actor, at=now)
            ready += 1
        except claims.FindingsBlock:
            blocked += 1
    messages.info(request, f"{ready} made ready, {blocked} still blocked.")
    return redirect("claims")


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
    claim = claims.rebuild(claim=_claim(request, claim_id), by=request.actor)
    messages.success(request, "The claim is built again from its visits.")
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
