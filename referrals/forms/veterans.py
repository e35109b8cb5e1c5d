"""Forms of a Veteran."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError

from referrals.forms.refusals import refuse_no_names
from referrals.models import IDENTIFIERS, Sex, VeteranFacts, facts_of
from vca.core.forms import DateInput, checked, checked_state
from vca.domain.identifiers import (
    edipi,
    icn,
    ssn,
    us_address,
)


class VeteranForm(forms.ModelForm):
    """What is known of a Veteran."""

    zip_code = forms.CharField(label="ZIP", max_length=10, required=False)
    phone = forms.CharField(max_length=20, required=False)
    sex = forms.ChoiceField(choices=[("", "---"), *((sex.value, sex.name.capitalize()) for sex in Sex)], required=False)
    icn = forms.CharField(label="ICN", required=False, help_text="10 digits, V, 6 digits: VA's own number.")
    edipi = forms.CharField(label="EDIPI", required=False)
    ssn = forms.CharField(label="Social Security number", required=False)

    class Meta:
        model = VeteranFacts
        fields = (
            *("last_name", "first_name", "middle_name", "suffix", "date_of_birth", "sex", *IDENTIFIERS),
            *("street", "street_2", "city", "state", "zip_code", "phone", "va_facility"),
        )
        widgets = {"date_of_birth": DateInput()}

    def __init__(self, data: Any, *, known: VeteranFacts) -> None:
        super().__init__(data, initial=facts_of(known))
        for name in IDENTIFIERS:
            self.initial[name] = ""
            kept = getattr(known, name)
            if kept:
                self.fields[name].help_text = f"On file, ending in {kept[-4:]}. Leave empty to keep it."

    def facts(self) -> dict[str, Any]:
        """Return what was entered; an identifier that was left empty stays as it is on file."""
        entered = self.cleaned_data.items()
        return {name: value for name, value in entered if value or name not in IDENTIFIERS}

    def clean(self) -> dict[str, Any]:
        """Names are names."""
        data = super().clean() or {}
        refuse_no_names(self)
        return data

    def clean_icn(self) -> str:
        """17 characters."""
        return checked(icn.validate, self.cleaned_data["icn"])

    def clean_edipi(self) -> str:
        """Ten digits."""
        return checked(edipi.validate, self.cleaned_data["edipi"])

    def clean_ssn(self) -> str:
        """Nine digits."""
        return checked(ssn.validate, self.cleaned_data["ssn"])

    def clean_state(self) -> str:
        """A real state."""
        return checked_state(self.cleaned_data["state"])

    def clean_zip_code(self) -> str:
        """Five or nine digits."""
        return checked(us_address.validate, self.cleaned_data["zip_code"])

    def clean_phone(self) -> str:
        """Ten digits."""
        digits = re.sub(r"\D", "", self.cleaned_data["phone"])
        if digits and len(digits) != 10:
            raise FormError("A phone number has ten digits.")
        return digits


class VeteranChoice(forms.Form):
    """The Veteran to whom a referral is moved."""

    veteran = forms.IntegerField(min_value=1, max_value=2**63 - 1)
