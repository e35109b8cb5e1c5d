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
from billing.domain.states import CLAIM_MOVES, JUDGED, UNFILED, ClaimState
from billing.domain.timely_filing import FilingClock
from billing.models import Claim, Submission
from billing.services import acknowledgments, charges, claims, filing
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
    return shown(request, claim_id, answer_form=None)


def shown(request: PageRequest, claim_id: int, *, answer_form: forms.AnswerForm | None) -> HttpResponse:
    """Show a claim; an answer that was refused is shown again with what is wrong with it."""
    claim = get_object_or_404(queries.whole_claims(request.actor, [_claim(request, claim_id).pk]))
    today, submission = claim.location.civil_day(timezone.now()), _submission(claim)
    answer = acknowledgments.undoable(claim)
    context = {
        "claim": claim,
        "lines": claim.lines.all(),
        "outdated": any(line.visit_service_id is None for line in claim.lines.all()),
        "visits": _visits(claim) if claim.state == ClaimState.DRAFT else [],
        "findings": _findings(claim, request.actor) if claim.state in JUDGED else [],
        "events": events.of(claim, by=request.actor),
        "submission": submission,
        "may_take_back": submission is not None and _may_take_back(submission),
        "acts": CLAIM_MOVES.acts(ClaimState(claim.state)),
        "clock": _clock(claim, today, request.actor),
        "answer_form": answer_form or forms.AnswerForm(initial={"answered_on": today}),
        "answer": answer,
        "payer_claim_number": acknowledgments.payer_claim_number(answer) if answer else "",
    }
    return render(request, "billing/claim.html", context, status=422 if answer_form else 200)


def _clock(claim: Claim, today: date, by: Actor) -> FilingClock | None:
    """The filing limit as it runs, for a claim that VA has not received."""
    if claim.state not in UNFILED:
        return None
    return FilingClock(filing.last_days([claim.first_day], by=by)[claim.first_day], today)


def _submission(claim: Claim) -> Submission | None:
    """How the claim went out last, unless that was taken back."""
    return Submission.objects.filter(submitted__claim=claim, withdrawn_at__isnull=True).order_by("-pk").first()


def _may_take_back(submission: Submission) -> bool:
    return queries.may_be_taken_back(submission, queries.answers_to([submission])[submission.pk])


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
