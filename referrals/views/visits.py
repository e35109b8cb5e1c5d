"""Visit pages: book, walk in, correct, and the acts on a visit."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import formset_factory
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from referrals import queries
from referrals.domain.concurrent import listed_elsewhere
from referrals.domain.states import VisitState
from referrals.forms.referrals import ReasonForm
from referrals.forms.visits import DiagnosesForm, ServiceForm, VisitForm, offered
from referrals.models import Authorization, Visit
from referrals.services import pencils, visits
from referrals.services.necessity import require_clinical
from vca.core import access
from vca.core.access import PageRequest, View
from vca.core.forms import say_refusal
from vca.core.pages import asked_for, came_from
from vca.domain.errors import RuleError
from vca.domain.rules import CATALOGUE
from vca.domain.wording import say_day

MOST_SERVICES = 6
KEPT_AGAIN = ("service", "clinician", "code", "modifiers", "units")
KEPT = (*KEPT_AGAIN, "drug_name", "ndc", "ndc_unit", "ndc_quantity")


def authorization_of(request: PageRequest, authorization_id: int) -> Authorization:
    """Return the authorization. Raises Http404."""
    return get_object_or_404(queries.authorizations(request.actor), pk=authorization_id)


def visit_of(request: PageRequest, visit_id: int) -> Visit:
    rows = Visit.objects.select_related("authorization__referral", "location", "veteran__current")
    return get_object_or_404(access.scope(rows, request.actor), pk=visit_id)


def services_of(
    request: PageRequest, authorization: Authorization, visit: Visit | None = None, *, again: Visit | None = None
) -> Any:
    """Return the formset of services: those of a visit, or of one that is booked ``again`` without its drugs.

    Else one that is asked for and blank ones for more.
    """
    like, kept = (again, KEPT_AGAIN) if again else (visit, KEPT)
    initial = [{name: getattr(one, name) for name in kept} for one in like.services.order_by("pk")] if like else None
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


def planned(formset: Any) -> list[visits.Planned]:
    """Return the services that were entered."""
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
    authorization = authorization_of(request, authorization_id)
    now = timezone.now()
    local = at_home(authorization, now)
    initial = {"at": local.time()} if deed is visits.walk_in else {}
    form = VisitForm(request.POST or None, authorization=authorization, today=local.date(), initial=initial)
    again = asked_for(request.GET.get("again", ""), authorization.visits.all())
    services = services_of(request, authorization, again=again)
    others = queries.also_open(authorization, request.actor, on=local.date())
    context = {"form": form, "services": services, "authorization": authorization, "heading": heading, "act": act}
    context |= {"others": others, "same": request.resolver_match.view_name if request.resolver_match else ""}
    if request.method == "POST" and form.is_valid() and services.is_valid():
        plan = visits.Plan(authorization, form.cleaned_data["location"], form.starts_at(), planned(services))
        deed = pencils.arrange if deed is visits.book and "pencil" in request.POST else deed
        try:
            return _arranged(request, deed(plan=plan, by=request.actor, at=now))
        except RuleError as refusal:
            say_refusal(form, refusal)
            context["may_wait"] = deed is visits.book and pencils.can_wait(plan, [refusal], at=now)
    return _visit_page(request, context)


@access.page("book_visits")
def move_visit(request: PageRequest, visit_id: int) -> HttpResponse:
    """Give a booked visit another place, day or time; its services stay."""
    visit = visit_of(request, visit_id)
    local = visit.starts_at.astimezone(visit.location.zone)
    initial = {"location": visit.location_id, "on": visit.on, "at": local.time()}
    authorization = visit.authorization
    form = VisitForm(request.POST or None, initial=initial, authorization=authorization, today=visit.on, moved=visit)
    if request.method == "POST" and form.is_valid() and _moved(request, visit, form):
        return redirect("authorization", authorization.pk)
    context = {"form": form, "heading": "Move the visit", "act": "Move", "referral": authorization.referral}
    return render(request, "referrals/form.html", context, status=422 if form.errors else 200)


def _moved(request: PageRequest, visit: Visit, form: VisitForm) -> bool:
    """Move it, or show in the form what refuses that."""
    place, starts_at = form.cleaned_data["location"], form.starts_at()
    try:
        visits.move(visit=visit, location=place, starts_at=starts_at, by=request.actor, at=timezone.now())
    except RuleError as refusal:
        say_refusal(form, refusal)
        return False
    messages.success(request, f"Moved to {say_day(visit.on)}.")
    warn_of_holiday(request, visit)
    return True


def at_home(authorization: Authorization, at: datetime) -> datetime:
    """Return that moment by the clock of the authorization's home."""
    home = authorization.home_location
    return at.astimezone(home.zone if home else timezone.get_default_timezone())


def _arranged(request: PageRequest, visit: Visit) -> HttpResponse:
    """Say what was arranged, with the way to take it back."""
    undo, said = ("undo_visit", "Checked in.") if visit.walk_in else ("unbook_visit", "Booked.")
    if visit.kept_until:
        said = f"Penciled in: it waits for VA's cover until {say_day(visit.kept_until)}. A task says to ask VA."
    messages.success(request, said, extra_tags=f"undo:{reverse(undo, args=[visit.pk])}")
    warn_of_holiday(request, visit)
    warn_of_other_referral(request, visit)
    return redirect("authorization", visit.authorization_id)


def warn_of_other_referral(request: PageRequest, visit: Visit) -> None:
    """Warn, and no more, when another open referral of the Veteran lists a code of the visit, and its own does not."""
    codes = visit.services.order_by("pk").values_list("code", flat=True)
    others = queries.also_open(visit.authorization, request.actor, on=visit.on)
    elsewhere = {one.referral.number: codes_of(one) for one in others}
    for code, number in listed_elsewhere(codes, here=codes_of(visit.authorization), elsewhere=elsewhere).items():
        rule = CATALOGUE["VISIT-28"]
        messages.warning(request, f"{code} is listed on {number}. {rule.sentence} {rule.next_act} ({rule.code})")


def codes_of(authorization: Authorization) -> set[str]:
    """Return the codes that its lines list."""
    return {code for line in authorization.services.all() for code in line.codes}


def warn_of_holiday(request: PageRequest, visit: Visit) -> None:
    """Warn, and no more, when VA's offices are closed on the visit's day."""
    if visit.holiday:
        rule = CATALOGUE["VISIT-23"]
        words = f"{say_day(visit.on)} is {visit.holiday}. {rule.sentence} {rule.next_act} ({rule.code})"
        messages.warning(request, words)


def _visit_page(request: PageRequest, context: dict[str, Any]) -> HttpResponse:
    wrong = context["form"].errors or context["services"].total_error_count()
    return render(request, "referrals/visit_form.html", context, status=422 if wrong else 200)


@access.page("correct_visits")
def edit_visit(request: PageRequest, visit_id: int) -> HttpResponse:
    """Correct what is billed for a visit: codes, units, drug, clinician, diagnoses. Its lines stay."""
    visit = visit_of(request, visit_id)
    require_clinical(visit, request.actor)
    services = services_of(request, visit.authorization, visit)
    form = DiagnosesForm(request.POST or None, initial={"diagnoses": ", ".join(visit.diagnoses)})
    if request.method == "POST" and form.is_valid() and services.is_valid():
        given, diagnoses = planned(services), form.cleaned_data["diagnoses"]
        try:
            visits.change_services(visit=visit, services=given, diagnoses=diagnoses, by=request.actor)
        except RuleError as refusal:
            say_refusal(form, refusal)
        else:
            messages.success(request, "The services of the visit are saved.")
            return redirect("authorization", visit.authorization_id)
    context = {"form": form, "services": services, "visit": visit, "authorization": visit.authorization}
    return _visit_page(request, context | {"heading": "Services of the visit", "act": "Save services"})


def _act(permission: str, deed: Callable[..., None], said: str) -> View:
    """Return the view of an act on a visit; a toast offers to undo it."""

    @require_POST
    @access.page(permission)
    def view(request: PageRequest, visit_id: int) -> HttpResponse:
        visit = visit_of(request, visit_id)
        deed(visit=visit, by=request.actor, at=timezone.now())
        messages.success(request, said, extra_tags=f"undo:{reverse('undo_visit', args=[visit.pk])}")
        return redirect(came_from(request, reverse("authorization", args=[visit.authorization_id])))

    return view


check_in = _act("check_in_visits", visits.check_in, "Checked in.")
complete = _act("complete_visits", visits.complete, "Completed.")
book_penciled = _act("book_visits", visits.book_penciled, "Booked.")


@require_POST
@access.page("book_visits")
def undo(request: PageRequest, visit_id: int) -> HttpResponse:
    """Undo the last act on a visit."""
    visit = visit_of(request, visit_id)
    visits.undo(visit=visit, by=request.actor, at=timezone.now())
    again = "struck; its authorized visit is free again" if visit.state == VisitState.VOIDED else "{} again"
    messages.success(request, f"Undone: the visit is {again.format(visit.get_state_display().lower())}.")
    return redirect(came_from(request, reverse("authorization", args=[visit.authorization_id])))


@require_POST
@access.page("void_visits", step_up=True)
def void(request: PageRequest, visit_id: int) -> HttpResponse:
    """Strike a visit that never was, with a reason."""
    visit = visit_of(request, visit_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the visit is struck; the reason is kept.")
    else:
        visits.void(visit=visit, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        messages.success(request, "The visit is struck; the authorized visit is free again.")
    return redirect("authorization", visit.authorization_id)
