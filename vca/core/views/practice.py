"""The practice: its details, places, clinicians, agreements with VA, and parameters."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vca.core import access, forms, vocabulary
from vca.core.access import PageRequest, Row
from vca.core.models import Agreement, Clinician, DeaRegistration, License, ServiceLocation
from vca.core.services import parameters, practices
from vca.core.signals import what_hangs_on
from vca.domain.errors import RuleError
from vca.domain.wording import counted

SHOWN = 20  # of what hangs on a place or a clinician


@require_safe
@access.page("see_practice")
def practice_page(request: PageRequest) -> HttpResponse:
    """The practice at a glance."""
    by, today = request.actor, practices.civil_day(request.actor, at=timezone.now())
    context = {
        "locations": access.scope(ServiceLocation.objects.all(), by).order_by("name", "pk"),
        "clinicians": _with_licenses(access.scope(Clinician.objects.all(), by)),
        "agreements": practices.agreements(by),
        "parameters": parameters.all_in_force(practice_id=by.practice_id, on=today),
        "today": today,
    }
    return render(request, "core/practice.html", context)


def _with_licenses(clinicians: QuerySet[Clinician]) -> QuerySet[Clinician]:
    licenses = Prefetch("licenses", License.objects.order_by("state", "-valid_through"))
    dea = Prefetch("dea_registrations", DeaRegistration.objects.select_related("location").order_by("location__name"))
    return clinicians.prefetch_related(licenses, dea).order_by("last_name", "first_name", "pk")


@access.page("manage_practice")
def edit_practice(request: PageRequest) -> HttpResponse:
    """Change the billing details."""
    form = forms.PracticeForm(request.POST or None, instance=request.practice)
    if request.method == "POST" and form.is_valid():
        practices.change(practice=request.practice, facts=form.cleaned_data, by=request.actor)
        messages.success(request, "The billing details are saved.")
        return redirect("practice")
    return _form_page(request, form, "Billing details")


def _saved(request: PageRequest, row: ServiceLocation | Clinician, said: str, name: str) -> HttpResponse:
    """Go on to the practice; back to the row when it went out of use and something still hangs on it."""
    hanging = [] if row.is_active else what_hangs_on(row, by=request.actor)
    if not hanging:
        messages.success(request, said)
        return redirect("practice")
    messages.warning(request, f"{said} It is out of use, and {counted(len(hanging), 'visit')} must still be moved.")
    return redirect(name, row.pk)


def _form_page(
    request: PageRequest, form: Any, heading: str, row: ServiceLocation | Clinician | None = None
) -> HttpResponse:
    """One form; of something that may go out of use, what hangs on it stands beside."""
    hanging = what_hangs_on(row, by=request.actor) if row else []
    context = {"form": form, "heading": heading, "hanging": hanging[:SHOWN], "number": len(hanging)}
    context["in_use"] = row is None or row.is_active
    return render(request, "core/practice_form.html", context, status=422 if form.errors else 200)


def _mine(rows: QuerySet[Row], request: PageRequest, row_id: int | None) -> Row | None:
    return get_object_or_404(access.scope(rows, request.actor), pk=row_id) if row_id else None


@access.page("manage_practice")
def edit_location(request: PageRequest, location_id: int | None = None) -> HttpResponse:
    """Add or change a place."""
    location = _mine(ServiceLocation.objects.all(), request, location_id)
    form = forms.LocationForm(request.POST or None, instance=location)
    if request.method == "POST" and form.is_valid():
        saved = practices.record_location(facts=form.cleaned_data, by=request.actor, location=location)
        return _saved(request, saved, "The location is saved.", "edit_location")
    return _form_page(request, form, "Location", location)


@access.page("manage_practice")
def edit_clinician(request: PageRequest, clinician_id: int | None = None) -> HttpResponse:
    """Add or change a clinician."""
    clinician = _mine(Clinician.objects.all(), request, clinician_id)
    form = forms.ClinicianForm(request.POST or None, instance=clinician)
    if request.method == "POST" and form.is_valid():
        saved = practices.record_clinician(facts=form.cleaned_data, by=request.actor, clinician=clinician)
        return _saved(request, saved, "The clinician is saved.", "edit_clinician")
    return _form_page(request, form, "Clinician", clinician)


@access.page("manage_practice")
def new_license(request: PageRequest, clinician_id: int) -> HttpResponse:
    """Add a license of a clinician."""
    clinician = get_object_or_404(access.scope(Clinician.objects.all(), request.actor), pk=clinician_id)
    form = forms.LicenseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        practices.record_license(clinician=clinician, facts=form.cleaned_data, by=request.actor)
        messages.success(request, "The license is saved.")
        return redirect("practice")
    return _form_page(request, form, f"License of {clinician.display_name}")


@access.page("manage_practice")
def new_dea(request: PageRequest, clinician_id: int) -> HttpResponse:
    """Add a DEA registration of a clinician."""
    clinician = get_object_or_404(access.scope(Clinician.objects.all(), request.actor), pk=clinician_id)
    form = forms.DeaForm(request.POST or None, practice_id=request.practice.pk)
    if request.method == "POST" and form.is_valid():
        practices.record_dea(clinician=clinician, facts=form.cleaned_data, by=request.actor)
        messages.success(request, "The DEA registration is saved.")
        return redirect("practice")
    return _form_page(request, form, f"DEA registration of {clinician.display_name}")


@access.page("manage_practice")
def edit_agreement(request: PageRequest, agreement_id: int | None = None) -> HttpResponse:
    """Add or change an agreement with VA."""
    agreement = _mine(Agreement.objects.all(), request, agreement_id)
    initial, practice_id = _covered(agreement), request.practice.pk
    form = forms.AgreementForm(request.POST or None, instance=agreement, initial=initial, practice_id=practice_id)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        covers = {
            "locations": list(facts.pop("locations")),
            "clinicians": list(facts.pop("clinicians")),
        }
        since = facts.pop("cover_from")
        practices.record_agreement(facts=facts, by=request.actor, agreement=agreement, cover_from=since, **covers)
        messages.success(request, "The agreement is saved.")
        return redirect("practice")
    return _form_page(request, form, "Agreement with VA")


def _covered(agreement: Agreement | None) -> dict[str, list[int]]:
    """What the agreement covers now: a box left empty would take its cover away."""
    if agreement is None:
        return {}
    places = agreement.covered_locations.filter(valid_through__isnull=True)
    people = agreement.covered_clinicians.filter(valid_through__isnull=True)
    return {
        "locations": list(places.values_list("location_id", flat=True)),
        "clinicians": list(people.values_list("clinician_id", flat=True)),
    }


@access.page("manage_practice")
def parameter_page(request: PageRequest, name: str) -> HttpResponse:
    """Set the practice's own value of a parameter."""
    shipped = {parameter.name: parameter for parameter in vocabulary.parameters()}.get(name)
    if shipped is None:
        return redirect("practice")
    today = practices.civil_day(request.actor, at=timezone.now())
    current = parameters.in_force(name, practice_id=request.practice.pk, on=today)
    initial = {"value": current.value, "valid_from": today}
    form = forms.ParameterForm(request.POST or None, initial=initial, today=today)
    if request.method == "POST" and form.is_valid() and _value_set(request, name, form):
        return redirect("practice")
    context = {"form": form, "parameter": shipped, "current": current}
    return render(request, "core/parameter.html", context, status=422 if form.errors else 200)


def _value_set(request: PageRequest, name: str, form: forms.ParameterForm) -> bool:
    """Set it, or show in the form why not."""
    try:
        parameters.set_value(name=name, by=request.actor, **form.cleaned_data)
    except RuleError as refusal:
        forms.say_refusal(form, refusal)
        return False
    messages.success(request, "The value is set.")
    return True
