"""What is asked about a visit that was missed or cancelled."""

from datetime import date
from typing import Any

from django import forms

from referrals.domain.contact import Contact, ContactWay
from vca.core.db import choices
from vca.core.forms import DateInput


class MissedForm(forms.Form):
    """Why; how the Veteran was sought; whether VA knows. Of a penciled visit, which VA does not know of, only why."""

    reason = forms.CharField(max_length=200, required=False)
    attempts = forms.IntegerField(
        label="Attempts to reach the Veteran",
        min_value=0,
        max_value=99,
        help_text="0 if nobody tried, or none was needed.",
    )
    last_on = forms.DateField(label="Day of the last attempt", widget=DateInput(), required=False)
    way = forms.ChoiceField(label="How", choices=[("", "---"), *choices(ContactWay)], required=False)
    va_told = forms.TypedChoiceField(
        label="Does VA know?",
        choices=[("yes", "Yes, VA was told"), ("no", "No: make it a task")],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect(),
    )

    def __init__(self, *args: Any, today: date, asks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        if not asks:
            self.fields = {"reason": self.fields["reason"]}

    def clean(self) -> dict[str, Any]:
        """The last attempt was on a day, in a way, and not in the future."""
        data = super().clean() or {}
        if "attempts" not in data:
            return data
        for name in ("last_on", "way"):
            if data["attempts"] and name in data and not data[name]:
                self.add_error(name, "Say when and how the last attempt was made.")
            if not data["attempts"]:
                data[name] = None
        if data.get("last_on") and data["last_on"] > self.today:
            self.add_error("last_on", "This day has not come.")
        return data

    def contact(self) -> Contact:
        """Return what was said."""
        said = self.cleaned_data
        way = ContactWay(said["way"]) if said.get("way") else None
        return Contact(said.get("attempts"), said.get("last_on"), way, said.get("va_told"))
