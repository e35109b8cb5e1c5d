"""Emergency access: opened with a reason, ended by hand."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from vca.core import access, forms
from vca.core.access import PageRequest
from vca.core.services import emergencies


@access.page("open_in_emergency")
def emergency_page(request: PageRequest) -> HttpResponse:
    """Say why, and see for an hour what one's role does not show."""
    form = forms.EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, now = request.actor, timezone.now()
        emergencies.keep(request.session, emergencies.begin(reason=form.cleaned_data["reason"], by=by, at=now))
        messages.warning(request, "Emergency access is open for an hour. The administrators have been told.")
        return redirect("today")
    return render(request, "core/emergency.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@access.page("open_in_emergency")
def end_emergency(request: PageRequest) -> HttpResponse:
    """End it before its time."""
    opened = emergencies.found(request.session, practice_id=request.actor.practice_id, at=timezone.now())
    request.session.pop(emergencies.KEY, None)
    if opened and emergencies.end(opened.key, how="person", by=request.actor):
        messages.success(request, "Emergency access is ended.")
    return redirect("today")
