"""The inbox of alerts, and what became of one of them."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vca.core import access, vocabulary
from vca.core import alerts as core_alerts
from vca.core.access import PageRequest
from vca.desk.queries import alert_log, alerts
from vca.desk.queries.alerts import Wanted


@require_safe
@access.page("see_alerts")
def alerts_page(request: PageRequest) -> HttpResponse:
    """Open alerts by when they are due; of one kind, taken by this person, or asleep, if asked for."""
    by, now, asked = request.actor, timezone.now(), request.GET
    kinds = {kind: one.words for kind, one in vocabulary.alerts_told(by.acts_in).items()}
    kind = asked.get("kind", "") if asked.get("kind") in kinds else ""
    wanted = Wanted(kind, mine="mine" in asked, snoozed="snoozed" in asked)
    context = {
        "wanted": wanted,
        "kinds": sorted(kinds.items(), key=lambda one: one[1]),
        "counts": alerts.counts(by, kind=kind, at=now),
        "page": alerts.alert_page(by, wanted=wanted, at=now, after=asked.get("after", "")),
    }
    return render(request, "desk/alerts.html", context)


@require_safe
@access.page("see_alerts")
def alert_page(request: PageRequest, alert_id: int) -> HttpResponse:
    """One alert, what became of it, and whom it reached."""
    by, now = request.actor, timezone.now()
    alert = get_object_or_404(core_alerts.seen(by).select_related(*alerts.SUBJECTS), pk=alert_id)
    context = {
        "one": alerts.shown([alert], by, at=now)[0],
        "events": alert_log.history(alert, by, at=now),
        "deliveries": alert_log.deliveries(alert),
    }
    return render(request, "desk/alert.html", context)
