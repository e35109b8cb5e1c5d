"""A batch before it is written: the claims that will be in it, those that will not and why, and the button."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import queries
from billing.domain.findings import Finding
from billing.models import Claim
from billing.services import claims, paper_claims, submissions
from billing.views import mending
from vca.core import access, jobs
from vca.core.access import Actor, PageRequest
from vca.core.models import Job
from vca.domain.wording import lasting

REVIEWED_AT_ONCE = 300  # each claim is judged by every rule as it stands now
Findings = Mapping[int, Sequence[Finding]]
Judge = Callable[..., Findings]


@dataclass(frozen=True, slots=True)
class Batch:
    """Ready claims, the oldest first: those that may be written, and those that may not with what was found.

    ``total_charge`` is in dollars; ``more`` is how many ready claims wait for the batch after this one.
    """

    taken: list[Claim]
    left_out: list[tuple[Claim, list[mending.Explained]]]
    total_charge: Decimal
    more: int


@require_safe
@access.page("send_claims")
def review_file(request: PageRequest) -> HttpResponse:
    """The next 837P."""
    return _review(request, judge=claims.findings, kind="write_837p")


@require_safe
@access.page("send_claims")
def review_paper(request: PageRequest) -> HttpResponse:
    """The next claims on paper."""
    return _review(request, judge=_by_its_boxes, kind=paper_claims.WITH_FORM)


@require_POST
@access.page("send_claims")
def write_file(request: PageRequest) -> HttpResponse:
    """Ask the worker for the file of the ticked claims and show its progress."""
    return _shown(submissions.ask(claim_ids=row_ids(request.POST), by=request.actor))


@require_POST
@access.page("send_claims")
def print_claims(request: PageRequest) -> HttpResponse:
    """Ask the worker for the ticked claims as one CMS-1500, on our drawing of the form or for pre-printed paper."""
    form = request.POST.get("form", "drawn")
    if form not in ("drawn", "none"):
        raise BadRequest("the form is drawn or none")
    return _shown(paper_claims.ask(row_ids(request.POST), with_form=form == "drawn", by=request.actor))


def row_ids(said: QueryDict) -> list[int]:
    """Return the ids of the claims that a form or an address names."""
    return [int(value) for value in said.getlist("claim") if value.isdecimal() and len(value) < 18]


def _shown(job: Job) -> HttpResponse:
    return redirect("job", job.pk)


def _review(request: PageRequest, *, judge: Judge, kind: str) -> HttpResponse:
    batch = _batch(judge, by=request.actor, at=timezone.now())
    time = jobs.estimate(kind, len(batch.taken), by=request.actor)
    context = {"batch": batch, "on_paper": kind == paper_claims.WITH_FORM, "estimate": lasting(time) if time else ""}
    return render(request, "billing/review.html", context)


def _batch(judge: Judge, *, by: Actor, at: datetime) -> Batch:
    ids = queries.ready_ids(by)
    rows = list(queries.claims(by).filter(pk__in=ids[:REVIEWED_AT_ONCE]).order_by("pk"))
    found = judge(rows, by=by, at=at)
    stopped = {row.pk for row in rows if claims.blocking(found.get(row.pk, ()))}
    taken = [row for row in rows if row.pk not in stopped]
    whole = queries.whole_claims(by, sorted(stopped))  # with its lines, which what is found may name
    left_out = [(row, mending.explained(found[row.pk], row, by=by)) for row in whole]
    total = sum((row.total_charge for row in taken), start=Decimal())
    return Batch(taken, left_out, total, len(ids) - len(rows))


def _by_its_boxes(rows: Sequence[Claim], *, by: Actor, at: datetime) -> Findings:
    return {one.claim_id: one.findings for one in paper_claims.review([row.pk for row in rows], by=by, at=at).judged}
