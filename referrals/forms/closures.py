"""Closed days, and days on which a clinician is away."""

from typing import Any

from django import forms

from vca.core.forms import DateInput, offer, refuse_backward
from vca.core.models import Clinician, ServiceLocation


class ClosedDaysForm(forms.Form):
    """Where, from when, until when, why."""

    location = forms.ModelChoiceField(ServiceLocation.objects.none(), required=False, empty_label="All locations")
    valid_from = forms.DateField(label="First day", widget=DateInput())
    valid_through = forms.DateField(label="Last day", widget=DateInput(), help_text="This day is closed too.")
    reason = forms.CharField(max_length=80, help_text="Whoever books sees it.")

    def __init__(self, *args: Any, practice_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = ServiceLocation.objects.filter(practice_id=practice_id, is_active=True)
        offer(self, "location", places.order_by("name"), lambda place: place.name)

    def clean(self) -> dict[str, Any]:
        """Days run forward."""
        data = super().clean() or {}
        refuse_backward(self, data.get("valid_from"), data.get("valid_through"))
        return data


class AbsenceForm(forms.Form):
    """Who, from when, until when: not why."""

    clinician = forms.ModelChoiceField(Clinician.objects.none())
    valid_from = forms.DateField(label="First day", widget=DateInput())
    valid_through = forms.DateField(label="Last day", widget=DateInput(), help_text="Away on this day too.")

    def __init__(self, *args: Any, practice_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Clinician.objects.filter(practice_id=practice_id, is_active=True)
        offer(self, "clinician", people.order_by("last_name", "first_name"), lambda one: one.display_name)

    def clean(self) -> dict[str, Any]:
        """Days run forward."""
        data = super().clean() or {}
        refuse_backward(self, data.get("valid_from"), data.get("valid_through"))
        return data
