"""Forms of visits: planned, with their services, and completed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError as FormError
from django.db.models import Q, QuerySet

from referrals import queries
from referrals.domain.series import LONGEST, series
from referrals.models import Authorization, AuthorizedService, Visit
from referrals.services.visits import Planned
from vca.core.forms import DateInput, checked, offer
from vca.core.models import Clinician, ServiceLocation
from vca.domain.identifiers import (
    icd10cm,
    ndc,
    procedure_code,
)

NDC_UNITS = [("", "---"), ("ML", "ML"), ("UN", "UN"), ("GR", "GR"), ("ME", "ME"), ("F2", "F2")]


class VisitForm(forms.Form):
    """A visit: where, when, by whom, and the lines on which it counts."""

    location = forms.ModelChoiceField(ServiceLocation.objects.none())
    on = forms.DateField(label="Day", widget=DateInput())
    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    twice = forms.BooleanField(label="It is a second visit at that time", required=False, widget=forms.HiddenInput())

    def __init__(
        self, *args: Any, authorization: Authorization, today: date, moved: Visit | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.authorization, self.moved = authorization, moved
        places = ServiceLocation.objects.filter(practice_id=authorization.practice_id, is_active=True)
        offer(self, "location", places.order_by("name"), lambda place: place.name)
        self.initial.setdefault("location", authorization.home_location_id)
        self.initial.setdefault("on", today)

    def clean(self) -> dict[str, Any]:
        """Ask when the Veteran has a visit at that very time already: it is more often the same one than a second."""
        data = super().clean() or {}
        if {"location", "on", "at"} <= data.keys() and self._twin() and not data.get("twice"):
            self.fields["twice"].widget = forms.CheckboxInput()
            words = f"This Veteran has a visit at that time already: {self._twin()}. If this is another one, tick here."
            self.add_error("twice", words)
        return data

    def _twin(self) -> str:
        """Return the visit of that Veteran at that time in words, or nothing."""
        visit = queries.visit_at(self.authorization.veteran, self.starts_at(), besides=self.moved)
        return f"{visit.authorization.referral.number}, {visit.get_state_display().lower()}" if visit else ""

    def starts_at(self) -> datetime:
        """Return the instant in the location's zone."""
        zone: ZoneInfo = self.cleaned_data["location"].zone
        return datetime.combine(self.cleaned_data["on"], self.cleaned_data["at"], tzinfo=zone)


WEEKDAYS = [
    *[(0, "Monday"), (1, "Tuesday"), (2, "Wednesday"), (3, "Thursday"), (4, "Friday")],
    *[(5, "Saturday"), (6, "Sunday")],
]


class SeriesForm(VisitForm):
    """A series of visits: where, from which day on, at what time, how many, on which weekdays."""

    count = forms.IntegerField(label="Visits", min_value=2, max_value=LONGEST, initial=6)
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        help_text="None: the weekday of the first day, each week.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = "First day"
        del self.fields["twice"]

    def _twin(self) -> str:
        return ""  # asked of each day

    def proposed(self) -> list[dict[str, Any]]:
        """Return the days that the pattern gives, each to be changed."""
        said = self.cleaned_data
        days = series(said["on"], count=said["count"], weekdays=said["weekdays"])
        return [{"on": day, "at": said["at"]} for day in days]


class DayForm(forms.Form):
    """One visit of a series; without a day it is left out."""

    on = forms.DateField(label="Day", widget=DateInput(), required=False)
    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), required=False)

    def clean(self) -> dict[str, Any]:
        """A day has a time."""
        data = super().clean() or {}
        if data.get("on") and not data.get("at"):
            self.add_error("at", "Enter the time.")
        return data


@dataclass(frozen=True, slots=True)
class Offered:
    """What each service of a visit may choose from, asked once for all of them: service lines, and clinicians."""

    lines: QuerySet[AuthorizedService]
    people: QuerySet[Clinician]


def offered(authorization: Authorization, visit: Visit | None = None) -> Offered:
    """Return the lines and clinicians for a visit. One that is corrected may be by somebody who has left since."""
    lines = AuthorizedService.objects.filter(authorization=authorization)
    gave = Q(pk__in=visit.services.values("clinician")) if visit else Q()
    people = Clinician.objects.filter(Q(is_active=True) | gave, practice_id=authorization.practice_id)
    return Offered(lines.order_by("number"), people.order_by("last_name", "first_name"))


def offer_known(form: forms.BaseForm, name: str, rows: QuerySet[Any], label: Callable[[Any], str]) -> None:
    """Let a field choose among rows that are kept once they are read; when there is but one, it is chosen."""
    offer(form, name, rows, label)
    known = [(row.pk, label(row)) for row in rows]
    field = cast(forms.ModelChoiceField, form.fields[name])
    field.choices = [("", "---------"), *known]
    field.initial = known[0][0] if len(known) == 1 else None


class ServiceForm(forms.Form):
    """One service of a visit."""

    service = forms.ModelChoiceField(AuthorizedService.objects.none(), label="Service line")
    clinician = forms.ModelChoiceField(Clinician.objects.none())
    code = forms.CharField(label="CPT or HCPCS", max_length=5, required=False)
    modifiers = forms.CharField(max_length=11, required=False, help_text="Up to four, separated by commas.")
    units = forms.IntegerField(min_value=1, max_value=999, initial=1)
    drug_name = forms.CharField(max_length=80, required=False)
    ndc = forms.CharField(label="NDC", max_length=24, required=False)
    ndc_unit = forms.ChoiceField(label="NDC unit", choices=NDC_UNITS, required=False)
    ndc_quantity = forms.DecimalField(
        label="NDC quantity", min_value=Decimal("0.001"), max_digits=8, decimal_places=3, required=False
    )

    def __init__(self, *args: Any, among: Offered, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_known(self, "service", among.lines, lambda line: f"{line.number}. {line.description}")
        offer_known(self, "clinician", among.people, lambda one: one.display_name)

    def clean_code(self) -> str:
        """A CPT or HCPCS code."""
        return checked(procedure_code.validate, self.cleaned_data["code"])

    def clean_modifiers(self) -> str:
        """Two characters each."""
        return checked(procedure_code.validate_modifiers, self.cleaned_data["modifiers"])

    def clean_ndc(self) -> str:
        """Eleven digits."""
        return checked(ndc.validate, self.cleaned_data["ndc"])

    def clean(self) -> dict[str, Any]:
        """NDC, unit and quantity go together."""
        data = super().clean() or {}
        drug = [bool(data.get(name)) for name in ("ndc", "ndc_unit", "ndc_quantity")]
        if any(drug) and not all(drug):
            self.add_error("ndc", "NDC, unit and quantity go together.")
        return data

    def planned(self) -> Planned:
        """Return what was entered."""
        data = dict(self.cleaned_data)
        quantity: Decimal | None = data.pop("ndc_quantity") or None
        service, clinician = data.pop("service"), data.pop("clinician")
        return Planned(service_id=service.pk, clinician_id=clinician.pk, ndc_quantity=quantity, **data)


class DiagnosesForm(forms.Form):
    """The diagnoses of a visit."""

    diagnoses = forms.CharField(required=False, help_text="ICD-10-CM codes, the main one first, separated by commas.")

    def clean_diagnoses(self) -> tuple[str, ...]:
        """Real shapes only, each once."""
        parts = [part for part in re.split(r"[\s,;]+", self.cleaned_data["diagnoses"]) if part]
        found = tuple(dict.fromkeys(checked(icd10cm.validate, part) for part in parts))
        if len(found) > 12:
            raise FormError("A claim carries at most twelve diagnoses.")
        return found
