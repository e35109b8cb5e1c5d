"""Veterans: the search, and the page of one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing import queries as billing
from referrals import queries as referrals
from vca.core import access, sight
from vca.core.access import PageRequest
from vca.desk.queries import authorizations as listing
from vca.desk.queries import forecasts
from vca.desk.queries.calendar import today_at

MOST_SHOWN = 50


@require_safe
@access.page("see_veterans")
def veteran(request: PageRequest, veteran_id: int) -> HttpResponse:
    """One Veteran: facts, authorizations, visits, claims."""
    row = get_object_or_404(referrals.veterans(request.actor), pk=veteran_id)
    calendar = today_at(request.actor, timezone.now())
    known = list(referrals.authorizations(request.actor).filter(veteran=row).order_by("-current__valid_from", "-pk"))
    told = forecasts.of_authorizations(known, request.actor, calendar)
    referral_ids = [one.referral_id for one in known]
    context = {
        "veteran": row,
        "authorizations": [
            (one, listing.badges(one, today=calendar.day_at(one.home_location_id)), told.get(one.pk)) for one in known
        ],
        "today": calendar.today,
        "visits": referrals.visits_of_veteran(row)[:50],
        "claims": billing.claims_of(referral_ids, request.actor)[:20] if request.actor.may("see_claims") else None,
        "holds": referrals.holds_on(row, request.actor) if request.actor.may("keep_records") else (),
        "versions": row.versions.select_related("recorded_by").order_by("-recorded_at"),
    }
    return render(request, "desk/veteran.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page("see_veterans")
def veterans(request: PageRequest) -> HttpResponse:
    """Veterans by name; the search is posted, so that no name stands in an address. Source: OWASP ASVS 14.2.1."""
    words = request.POST.get("q", "").strip()[:60]
    with sight.unseen():  # one more than is shown
        rows = list(referrals.veterans_named(request.actor, words)[: MOST_SHOWN + 1])
    shown = rows[:MOST_SHOWN]
    sight.note_rows(shown)
    return render(request, "desk/veterans.html", {"veterans": shown, "more": len(rows) > MOST_SHOWN, "q": words})
