"""Forms of billing: they clean, they do not save."""

from decimal import Decimal

from django import forms

from vca.core.forms import DateInput, checked
from vca.domain.identifiers import procedure_code
from vca.domain.money import usd


class ChargeForm(forms.Form):
    """A price."""

    code = forms.CharField(label="CPT or HCPCS", max_length=5)
    amount = forms.DecimalField(
        label="Price for one unit, dollars", min_value=Decimal("0.01"), max_digits=9, decimal_places=2
    )
    valid_from = forms.DateField(label="From", widget=DateInput())

    def clean_code(self) -> str:
        """A CPT or HCPCS code."""
        return checked(procedure_code.validate, self.cleaned_data["code"])

    def clean_amount(self) -> Decimal:
        """Dollars at two places."""
        return usd(self.cleaned_data["amount"])


class CloseForm(forms.Form):
    """Why a claim will not be sent."""

    reason = forms.CharField(max_length=200)
