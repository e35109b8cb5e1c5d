"""The lists of a biller, in the order of the work: visits to bill, claims by state, files."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing import queries
from billing.domain.states import ClaimState
from billing.models import Claim
from billing.queries import ToBill
from billing.services import claims, exports, networks
from referrals import queries as referral_queries
from vca.core import access
from vca.core.access import Actor, PageRequest
from vca.core.pages import PAGE_SIZE, keyset
from vca.core.services import practices

BILL, NETWORK, ALL, FILES = "BILL", "NETWORK", "ALL", "FILES"
JUDGED_AT_ONCE = 25  # drafts on a page: each is judged by every rule as it stands now


@require_http_methods(["GET", "HEAD", "POST"])
@access.page("see_claims")
def claims_page(request: PageRequest) -> HttpResponse:
    """The visits to bill, the claims of a state, all claims, or the files.

    A search is posted, so that no name stands in an address. Source: OWASP ASVS 14.2.1.
    """
    by, words = request.actor, _words(request)
    view = ALL if words else request.GET.get("state", BILL)
    view = view if view in {BILL, NETWORK, ALL, FILES, *ClaimState} else BILL
    since = None if "ever" in request.GET else _today(by) - queries.LOOKED_BACK
    to_bill = queries.visits_to_bill(by, since=since)
    counts = queries.counts_by_state(by)
    context = {
        "view": view,
        "q": words,
        "to_bill": sum(not one.is_network for one in to_bill),
        "to_network": sum(one.is_network for one in to_bill),
        "since": since,
        "counts": [(one.value, *counts.get(one, (0, None))) for one in ClaimState],
        "drafts": counts.get(ClaimState.DRAFT, (0, None))[0],
        "ready": counts.get(ClaimState.READY, (0, None))[0],
    }
    return render(request, "billing/claims.html", context | _shown(view, to_bill, request))


def _words(request: PageRequest) -> str:
    return request.POST.get("q", "").strip()[:60]


@require_POST
@access.page("export_claims")
def export_claims(request: PageRequest) -> HttpResponse:
    """The claims of a state, those that a search finds, or all, as a table to be opened elsewhere."""
    content = exports.as_csv(words=_words(request), state=request.POST.get("state", ""), by=request.actor)
    headers = {"Content-Disposition": 'attachment; filename="claims.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _shown(view: str, to_bill: Sequence[ToBill], request: PageRequest) -> dict[str, Any]:
    after = request.GET.get("after", "")
    if view == BILL:
        return _visits([one for one in to_bill if not one.is_network], after=after, by=request.actor)
    if view == NETWORK:
        return _of_the_network([one for one in to_bill if one.is_network], after=after, by=request.actor)
    if words := _words(request):
        return {"page": (page := keyset(queries.claims_found(request.actor, words))), "rows": page.rows}
    if view == FILES:
        return {"page": keyset(queries.submissions(request.actor), after=after)}
    rows = queries.claims(request.actor)
    if view == ClaimState.DRAFT:
        page = keyset(rows.filter(state=view), after=after, size=JUDGED_AT_ONCE)
        return {"page": page, "rows": _with_findings(page.rows, request.actor)}
    page = keyset(rows if view == ALL else rows.filter(state=view), after=after)
    return {"page": page, "rows": page.rows}


def _today(by: Actor) -> date:
    return practices.civil_day(by, at=timezone.now())


def _of_the_network(to_bill: Sequence[ToBill], *, after: str, by: Actor) -> dict[str, Any]:
    """A page of visits that VA does not pay directly, by the words of their referrals, with where each is billed."""
    ordered = sorted(to_bill, key=lambda one: one.network)
    shown, known = _visits(ordered, after=after, by=by), networks.directory(by, on=_today(by))
    by_words = groupby(shown["visits"], key=lambda visit: visit.authorization.referral.network)
    return shown | {"networks": [(words, known.find(words), list(visits)) for words, visits in by_words]}


def _visits(to_bill: Sequence[ToBill], *, after: str, by: Actor) -> dict[str, Any]:
    """A page of visits to bill: whole authorizations, the first of them after the one that the cursor names."""
    groups = [(key, list(some)) for key, some in groupby(to_bill, key=lambda one: one.authorization_id)]
    start = next((place for place, (key, _) in enumerate(groups, start=1) if str(key) == after), 0)
    ids: list[int] = []
    while start < len(groups) and len(ids) < PAGE_SIZE:
        ids += [one.visit_id for one in groups[start][1]]
        start += 1
    visits = {visit.pk: visit for visit in referral_queries.completed_visits(by, ids)}
    older = groups[start - 1][0] if start < len(groups) else ""
    return {"visits": [visits[pk] for pk in ids if pk in visits], "older": older}


def _with_findings(rows: Sequence[Claim], by: Actor) -> list[tuple[Claim, Sequence[Any]]]:
    """Return drafts with what the scrub finds now."""
    found = claims.findings(rows, by=by, at=timezone.now())
    return [(claim, found.get(claim.pk, ())) for claim in rows]
