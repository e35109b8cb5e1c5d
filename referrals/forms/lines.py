"""Forms of service lines."""

import re
from typing import Any

from django import forms

from referrals.domain.caps import Caps
from referrals.domain.states import LimitKind
from referrals.services.amendments import Limit
from vca.core.forms import checked
from vca.domain.identifiers import (
    procedure_code,
)

LIMITS = [
    (LimitKind.COUNTED, "A number of visits"),
    (LimitKind.UNLIMITED, "No fixed limit (VA prints 999)"),
    (LimitKind.UNKNOWN, "Not stated"),
]


def codes(text: str) -> tuple[str, ...]:
    """Return the CPT or HCPCS codes of a text, separated by commas or spaces. Raises FormError."""
    found = [part for part in re.split(r"[\s,;]+", text) if part]
    return tuple(dict.fromkeys(checked(procedure_code.validate, part) for part in found))


def refuse_countless(form: forms.Form, kind: str | None, visits: int | None, field: str) -> None:
    """A number belongs to a counted line, and only to one."""
    if kind == LimitKind.COUNTED and not visits:
        form.add_error(field, "Enter the number of visits printed on the referral.")
    if kind != LimitKind.COUNTED and visits:
        form.add_error(field, "A number of visits goes with 'A number of visits'.")


def cap(label: str, help_text: str = "") -> forms.IntegerField:
    """Return the field of a cap, which VA may state or not."""
    return forms.IntegerField(label=label, min_value=1, max_value=998, required=False, help_text=help_text)


class LineForm(forms.Form):
    """A service line as VA states it."""

    description = forms.CharField(label="Service line", max_length=200)
    limit_kind = forms.ChoiceField(label="Visits authorized", choices=LIMITS)
    visits = forms.IntegerField(label="Number of visits", min_value=1, max_value=998, required=False)
    most_per_day = cap("Most visits a day")
    most_per_week = cap("Most visits a week", "A week is Monday to Sunday.")
    most_per_month = cap("Most visits a month", "Empty: VA states no such cap.")
    codes = forms.CharField(label="CPT or HCPCS codes", required=False, help_text="Separated by commas.")
    reason = forms.CharField(max_length=200, required=False, help_text="What it is taken from.")

    def clean_codes(self) -> tuple[str, ...]:
        """Real shapes only."""
        return codes(self.cleaned_data["codes"])

    def clean(self) -> dict[str, Any]:
        """A counted line has a number."""
        data = super().clean() or {}
        refuse_countless(self, data.get("limit_kind"), data.get("visits"), "visits")
        return data

    def limit(self) -> Limit:
        """Return what was entered."""
        data = self.cleaned_data
        caps = Caps(*(data[f"most_per_{span}"] for span in ("day", "week", "month")))
        return Limit(data["description"], LimitKind(data["limit_kind"]), data["visits"], data["codes"], caps)


class OpeningBalanceForm(forms.Form):
    """Visits given before this product counted."""

    visits = forms.IntegerField(label="Visits given before", min_value=0, max_value=998)
    source = forms.CharField(max_length=200, help_text="Where the number comes from.")
