"""Visit pages: book, walk in, correct, and the acts on a visit."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import formset_factory
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from referrals import queries
from referrals.domain.states import VisitState
from referrals.forms.referrals import ReasonForm
from referrals.forms.visits import DiagnosesForm, ServiceForm, VisitForm, offered
from referrals.models import Authorization, Visit
from referrals.services import visits
from referrals.services.necessity import require_clinical
from vca.core import access
from vca.core.access import PageRequest, View
from vca.core.forms import say_refusal
from vca.core.pages import came_from
from vca.domain.errors import RuleError

MOST_SERVICES = 6
KEPT = ("service", "clinician", "code", "modifiers", "units", "drug_name", "ndc", "ndc_unit", "ndc_quantity")


def _authorization(request: PageRequest, authorization_id: int) -> Authorization:
    return get_object_or_404(queries.authorizations(request.actor), pk=authorization_id)


def _visit(request: PageRequest, visit_id: int) -> Visit:
    rows = Visit.objects.select_related("authorization__referral", "location", "veteran__current")
    return get_object_or_404(access.scope(rows, request.actor), pk=visit_id)


def _services(request: PageRequest, authorization: Authorization, visit: Visit | None = None) -> Any:
    """Return the formset of services: those of a visit, else one that is asked for and blank ones for more."""
    initial = [{name: getattr(one, name) for name in KEPT} for one in visit.services.order_by("pk")] if visit else None
    asked = 0 if initial else 1
    blank = 1 if initial else max(0, min(MOST_SERVICES, authorization.services.count()) - 1)
    most = max(MOST_SERVICES, len(initial or ()))  # a visit that came by the API may have more, and keeps them
    kind = formset_factory(
        ServiceForm,
        min_num=asked,
        extra=blank,
        max_num=most,
        absolute_max=most,
        validate_max=True,
        can_delete=bool(initial),
    )
    among = {"among": offered(authorization, visit)}
    return kind(request.POST or None, initial=initial, prefix="services", form_kwargs=among)


def _planned(formset: Any) -> list[visits.Planned]:
    kept = [one for one in formset.forms if not one.cleaned_data.pop("DELETE", False)]
    return [one.planned() for one in kept if one.cleaned_data.get("service")]


@access.page("book_visits")
def book_visit(request: PageRequest, authorization_id: int) -> HttpResponse:
    """Book a visit: it holds one authorized visit on each of its lines."""
    return _plan_page(request, authorization_id, visits.book, "Book a visit", "Book")


@access.page("check_in_visits")
def walk_in(request: PageRequest, authorization_id: int) -> HttpResponse:
    """Check in a visit that was not booked."""
    return _plan_page(request, authorization_id, visits.walk_in, "Walk-in", "Check in")


def _plan_page(
    request: PageRequest, authorization_id: int, deed: Callable[..., Visit], heading: str, act: str
) -> HttpResponse:
    authorization = _authorization(request, authorization_id)
    zone = authorization.home_location.zone if authorization.home_location else timezone.get_default_timezone()
    now = timezone.now()
    initial = {"at": now.astimezone(zone).time()} if deed is visits.walk_in else {}
    today = now.astimezone(zone).date()
    form = VisitForm(request.POST or None, authorization=authorization, today=today, initial=initial)
    services = _services(request, authorization)
    if request.method == "POST" and form.is_valid() and services.is_valid():
        plan = visits.Plan(authorization, form.cleaned_data["location"], form.starts_at(), _planned(services))
        try:
            return _arranged(request, deed(plan=plan, by=request.actor, at=now))
        except RuleError as refusal:
            say_refusal(form, refusal)
    context = {"form": form, "services": services, "authorization": authorization, "heading": heading, "act": act}
    return _visit_page(request, context)


def _arranged(request: PageRequest, visit: Visit) -> HttpResponse:
    """Say what was arranged, with the way to take it back."""
    undo, said = ("undo_visit", "Checked in.") if visit.walk_in else ("cancel_visit", "Booked.")
    messages.success(request, said, extra_tags=f"undo:{reverse(undo, args=[visit.pk])}")
    return redirect("authorization", visit.authorization_id)


def _visit_page(request: PageRequest, context: dict[str, Any]) -> HttpResponse:
    wrong = context["form"].errors or context["services"].total_error_count()
    return render(request, "referrals/visit_form.html", context, status=422 if wrong else 200)


@access.page("correct_visits")
def edit_visit(request: PageRequest, visit_id: int) -> HttpResponse:
    """Correct what is billed for a visit: codes, units, drug, clinician, diagnoses. Its lines stay."""
    visit = _visit(request, visit_id)
    require_clinical(visit, request.actor)
    services = _services(request, visit.authorization, visit)
    form = DiagnosesForm(request.POST or None, initial={"diagnoses": ", ".join(visit.diagnoses)})
    if request.method == "POST" and form.is_valid() and services.is_valid():
        planned, diagnoses = _planned(services), form.cleaned_data["diagnoses"]
        try:
            visits.change_services(visit=visit, services=planned, diagnoses=diagnoses, by=request.actor)
        except RuleError as refusal:
            say_refusal(form, refusal)
        else:
            messages.success(request, "The services of the visit are saved.")
            return redirect("authorization", visit.authorization_id)
    context = {"form": form, "services": services, "visit": visit, "authorization": visit.authorization}
    return _visit_page(request, context | {"heading": "Services of the visit", "act": "Save services"})


def _act(permission: str, deed: Callable[..., None], said: str, *fields: str) -> View:
    """Return the view of an act on a visit, with these fields of the form; a toast offers to undo it."""

    @require_POST
    @access.page(permission)
    def view(request: PageRequest, visit_id: int) -> HttpResponse:
        visit = _visit(request, visit_id)
        words = {name: request.POST.get(name, "").strip()[:200] for name in fields}
        deed(visit=visit, by=request.actor, at=timezone.now(), **words)
        messages.success(request, said, extra_tags=f"undo:{reverse('undo_visit', args=[visit.pk])}")
        return redirect(came_from(request, reverse("authorization", args=[visit.authorization_id])))

    return view


check_in = _act("check_in_visits", visits.check_in, "Checked in.")
complete = _act("complete_visits", visits.complete, "Completed.")
cancel = _act("book_visits", visits.cancel, "Cancelled; the authorized visit is free again.", "reason")
no_show = _act("check_in_visits", visits.no_show, "No-show; the visit is free again. Nobody is charged.", "reason")


@require_POST
@access.page("book_visits")
def undo(request: PageRequest, visit_id: int) -> HttpResponse:
    """Undo the last act on a visit."""
    visit = _visit(request, visit_id)
    visits.undo(visit=visit, by=request.actor, at=timezone.now())
    again = "struck; its authorized visit is free again" if visit.state == VisitState.VOIDED else "{} again"
    messages.success(request, f"Undone: the visit is {again.format(visit.get_state_display().lower())}.")
    return redirect(came_from(request, reverse("authorization", args=[visit.authorization_id])))


@require_POST
@access.page("void_visits", step_up=True)
def void(request: PageRequest, visit_id: int) -> HttpResponse:
    """Strike a visit that never was, with a reason."""
    visit = _visit(request, visit_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the visit is struck; the reason is kept.")
    else:
        visits.void(visit=visit, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        messages.success(request, "The visit is struck; the authorized visit is free again.")
    return redirect("authorization", visit.authorization_id)
