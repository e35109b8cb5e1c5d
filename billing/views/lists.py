"""The lists of a biller, in the order of the work: visits to bill, claims by state."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing import queries
from billing.domain.states import JUDGED, OPEN_WORK, ClaimState
from billing.models import Claim
from billing.queries import ToBill
from billing.services import exports, networks
from billing.views import work
from referrals import queries as referral_queries
from vca.core import access
from vca.core.access import Actor, PageRequest
from vca.core.models import ServiceLocation
from vca.core.pages import PAGE_SIZE, asked_for, attachment, keyset, keyset_by_day, place_of
from vca.core.services import practices

BILL, NETWORK, ALL = "BILL", "NETWORK", "ALL"
JUDGED_AT_ONCE = 25  # drafts or ready claims on a page: each is judged by every rule as it stands now


@require_http_methods(["GET", "HEAD", "POST"])
@access.page("see_claims")
def claims_page(request: PageRequest) -> HttpResponse:
    """The visits to bill, the claims of a state, or all claims.

    A search is posted, so that no name stands in an address. Source: OWASP ASVS 14.2.1.
    """
    by, words = request.actor, _words(request)
    view = ALL if words else request.GET.get("state", BILL)
    view = view if view in {BILL, NETWORK, ALL, *ClaimState} else BILL
    since = _since(request)
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


def _since(request: PageRequest) -> date | None:
    """The day from which visits are shown, none for all: those of long ago, and one of them that the address names."""
    since = _today(request.actor) - queries.LOOKED_BACK
    named = referral_queries.completed_visits(request.actor, _named(request))
    return None if "ever" in request.GET or named.filter(on__lt=since).exists() else since


def _named(request: PageRequest) -> list[int]:
    """The visit at which the address opens the list of what is to bill."""
    said = request.GET.get("visit", "")
    return [int(said)] if said.isdecimal() and len(said) < 18 else []


def _words(request: PageRequest) -> str:
    return request.POST.get("q", "").strip()[:60]


@require_POST
@access.page("export_claims", step_up=True)
def export_claims(request: PageRequest) -> HttpResponse:
    """The claims of a state at a place, those that a search finds, or all, as a table to be opened elsewhere."""
    state, place = request.POST.get("state", ""), _place(request.POST.get("place", ""), request.actor)
    content = exports.as_csv(words=_words(request), state=state, place=place, by=request.actor)
    return attachment(content, filename="claims.csv", media_type="text/csv; charset=utf-8")


def _shown(view: str, to_bill: Sequence[ToBill], request: PageRequest) -> dict[str, Any]:
    after = request.GET.get("after", "")
    if view == BILL:
        to_va = [one for one in to_bill if not one.is_network]
        return _visits(to_va, after=after, by=request.actor, first=_named(request))
    if view == NETWORK:
        return _of_the_network([one for one in to_bill if one.is_network], after=after, by=request.actor)
    if words := _words(request):
        page = keyset(_ids(queries.claims_found(request.actor, words)))
        return {"page": page, "rows": _rows([one.pk for one in page.rows], request)}
    place = _place(request.GET.get("place", ""), request.actor)
    shown = _claims(view, place, after, request)
    there = queries.summed(_of(view, place, request.actor)) if place else None
    return {**shown, "place": place, "there": there}


def _claims(view: str, place: ServiceLocation | None, after: str, request: PageRequest) -> dict[str, Any]:
    """What must be filed first comes first; what was sent is ordered so too, for the day on which it is rejected."""
    if view not in OPEN_WORK:
        newest = keyset(_ids(_of(view, place, request.actor)), after=after)
        return {"page": newest, "rows": _rows([one.pk for one in newest.rows], request)}
    state = ClaimState(view)
    size = JUDGED_AT_ONCE if state in JUDGED else PAGE_SIZE
    waiting = queries.by_urgency(request.actor, state)
    waiting = waiting.filter(location=place) if place else waiting
    page = keyset_by_day(waiting, "first_day", after=after, size=size)
    rows = _rows([one["pk"] for one in page.rows], request, judge=state in JUDGED)
    return {"page": page, "rows": rows, "by_urgency": True}


def _of(view: str, place: ServiceLocation | None, by: Actor) -> QuerySet[Claim]:
    """The claims of a state or all, at a place or everywhere."""
    rows = queries.claims(by) if view == ALL else queries.claims(by).filter(state=view)
    return rows.filter(location=place) if place else rows


def _place(said: str, by: Actor) -> ServiceLocation | None:
    """The place whose claims are asked for. Raises Http404 for one that is not the practice's."""
    return asked_for(said, access.scope(ServiceLocation.objects.all(), by))


def _ids(rows: QuerySet[Claim]) -> QuerySet[Claim]:
    """Return claims without what a list shows: the rows of the page are read by their ids."""
    return rows.select_related(None).only("pk")


def _rows(ids: Sequence[int], request: PageRequest, *, judge: bool = False) -> list[work.ClaimRow]:
    return work.rows(ids, judge=judge, by=request.actor, at=timezone.now())


def _today(by: Actor) -> date:
    return practices.civil_day(by, at=timezone.now())


def _of_the_network(to_bill: Sequence[ToBill], *, after: str, by: Actor) -> dict[str, Any]:
    """A page of visits that VA does not pay directly, by the words of their referrals, with where each is billed."""
    ordered = sorted(to_bill, key=lambda one: one.network)
    shown, known = _visits(ordered, after=after, by=by), networks.directory(by, on=_today(by))
    visits = [one.visit for one in shown["visits"]]
    by_words = groupby(visits, key=lambda visit: visit.authorization.referral.network)
    return shown | {"networks": [(words, known.find(words), list(visits)) for words, visits in by_words]}


def _visits(to_bill: Sequence[ToBill], *, after: str, by: Actor, first: Sequence[int] = ()) -> dict[str, Any]:
    """A page of visits to bill: whole authorizations, each in the place of its oldest visit, after the cursor's.

    Without a cursor the page begins with the authorization of the visit in ``first``, if that is to bill.
    """
    groups = [list(some) for _, some in groupby(to_bill, key=lambda one: one.authorization_id)]
    named = (place for place, group in enumerate(groups) if any(one.visit_id in first for one in group))
    start = bisect_right([_place_of(group[0]) for group in groups], _place_said(after))
    opened_at = 0 if after else next(named, 0)
    start = start or opened_at
    ids: list[int] = []
    while start < len(groups) and len(ids) < PAGE_SIZE:
        ids += [one.visit_id for one in groups[start]]
        start += 1
    visits = {visit.pk: visit for visit in referral_queries.completed_visits(by, ids)}
    older = _cursor(groups[start - 1][0]) if start < len(groups) else ""
    shown = work.to_bill([visits[pk] for pk in ids if pk in visits], by=by, at=timezone.now())
    return {"visits": shown, "older": older, "opened_later": opened_at > 0}


def _place_of(one: ToBill) -> tuple[str, date, int]:
    return one.network if one.is_network else "", one.on, one.visit_id


def _cursor(one: ToBill) -> str:
    """Return the place as ``day~id``, for a network ``day~id|words``: it stays known once its visit is billed."""
    words, on, visit_id = _place_of(one)
    return f"{on}~{visit_id}" + (f"|{words}" if words else "")


def _place_said(cursor: str) -> tuple[str, date, int]:
    place, _, words = cursor.partition("|")
    known = place_of(place)
    return (words, *known) if known else ("", date.min, 0)
