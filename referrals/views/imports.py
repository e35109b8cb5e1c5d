"""The import of a list of VA's referral service, what became of each of its records, and what VA said in one."""

from typing import cast

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from referrals import queries
from referrals.forms.referrals import ImportForm
from referrals.models import Notice
from referrals.services import imports, notices
from vca.core import access, documents
from vca.core.access import PageRequest
from vca.core.forms import say_refusal
from vca.core.models import Document, Job
from vca.domain.errors import RuleError

SHOWN_AT_MOST = 500


@access.page("enter_referrals")
def import_list(request: PageRequest) -> HttpResponse:
    """Send a list: all of it is imported, or nothing; a long one goes on in the background."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = imports.take(content=file.read(), filename=file.name, by=request.actor, at=timezone.now())
        except RuleError as refusal:
            say_refusal(form, refusal)
        else:
            return redirect("job" if isinstance(made, Job) else "import_report", made.pk)
    reports = documents.received(request.actor, "va_referral_report")[:10]
    context = {"form": form, "reports": reports, "at_once": imports.AT_ONCE}
    return render(request, "referrals/import.html", context, status=422 if form.errors else 200)


@require_safe
@access.page("enter_referrals")
def import_report(request: PageRequest, report_id: int) -> HttpResponse:
    """What became of each record; the referrals by link."""
    report = get_object_or_404(documents.received(request.actor, "va_referral_report"), pk=report_id)
    lines = documents.read(report).decode().splitlines()
    rows = queries.named_in(lines[:SHOWN_AT_MOST], request.actor)
    context = {"report": report, "rows": rows, "more": max(0, len(lines) - SHOWN_AT_MOST)}
    return render(request, "referrals/import_report.html", context)


@require_safe
@access.page("enter_referrals")
def notice(request: PageRequest, notice_id: int) -> HttpResponse:
    """What VA said in a notice, beside what stands here."""
    rows = access.scope(Notice.objects.select_related("document", "referral__authorization"), request.actor)
    row = get_object_or_404(rows.filter(document__isnull=False), pk=notice_id)
    compared = notices.compared(notice=row, document=cast(Document, row.document), by=request.actor)
    context = {"notice": row, "referral": row.referral, "rows": compared}
    return render(request, "referrals/notice.html", context)
