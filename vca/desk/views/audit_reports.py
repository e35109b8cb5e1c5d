"""Who looked at a Veteran's data, and what of it left the house: on a page, on paper, as a table."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from referrals import queries as referrals
from vca.core import access, sight
from vca.core.access import PageRequest
from vca.core.pages import attachment, keyset
from vca.core.services import exports, practices
from vca.core.templatetags import house
from vca.desk.queries import audit_reports
from vca.desk.queries.audit_reports import Report

ON_PAPER = 5000  # lines that a page for paper shows at most; the table has all


@require_safe
@access.page("see_audit")
def audit_report(request: PageRequest, veteran_id: int, name: str) -> HttpResponse:
    """One of the two reports; ``?paper`` shows it whole, to be printed."""
    report = _report(name)
    veteran = get_object_or_404(referrals.veterans(request.actor), pk=veteran_id)
    rows, on_paper = audit_reports.events(report, veteran.pk, request.actor), "paper" in request.GET
    page = keyset(rows, after=request.GET.get("after", ""), size=ON_PAPER if on_paper else 50)
    zone = practices.home_zone(request.actor)
    lines = audit_reports.lines(report, page.rows, veteran_id=veteran.pk, by=request.actor, zone=zone)
    context = {"report": report, "veteran": veteran, "older": page.older, "on_paper": on_paper}
    context["lines"] = [list(zip(report.head, line, strict=True)) for line in lines]
    others = [one for one in audit_reports.reports().values() if one.name != name]
    return render(
        request, "desk/audit_report.html", context | {"others": others, "made_at": house.instant(timezone.now(), zone)}
    )


@require_POST
@access.page("see_audit", step_up=True)
def export_audit_report(request: PageRequest, veteran_id: int, name: str) -> HttpResponse:
    """The whole report as a table."""
    report = _report(name)
    with sight.unseen():  # the event of the table tells whom it is about
        veteran = get_object_or_404(referrals.veterans(request.actor), pk=veteran_id)
    rows, zone = audit_reports.events(report, veteran.pk, request.actor), practices.home_zone(request.actor)
    content = exports.table(
        report.head,
        audit_reports.lines(report, rows, veteran_id=veteran.pk, by=request.actor, zone=zone),
        action="report.exported",
        subject=f"veteran {veteran.pk}",
        changes=lambda number: {"report": name, "lines": number},
        by=request.actor,
    )
    return attachment(content, filename=f"{name}-{veteran.pk}.csv", media_type="text/csv; charset=utf-8")


def _report(name: str) -> Report:
    """Return the report that an address names. Raises Http404."""
    found = audit_reports.reports().get(name)
    if found is None:
        raise Http404
    return found
