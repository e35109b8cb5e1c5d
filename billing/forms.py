"""Forms of billing: they clean, they do not save."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError as FormError

from billing.domain.channels import BY_HAND, CHANNEL_WORDS, LARGEST_PROOF, Channel
from billing.services.submissions import ByHand, Proof
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


class SentByHandForm(forms.Form):
    """How claims were sent by hand, by the clock of their location."""

    channel = forms.ChoiceField(label="Sent by", choices=[(one.value, CHANNEL_WORDS[one]) for one in BY_HAND])
    on = forms.DateField(label="Day", widget=DateInput())
    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    receipt = forms.CharField(
        label="Receipt or tracking number",
        max_length=60,
        required=False,
        help_text="As the portal or the carrier gave it.",
    )
    proof = forms.FileField(
        label="Proof",
        required=False,
        help_text="A screenshot, a receipt or a fax report: PDF, PNG or JPEG, 10 MB at most. It is kept as it is.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"}),
    )

    def clean_proof(self) -> Any:
        """No larger than is kept; what it is, services judge."""
        file = self.cleaned_data["proof"]
        if file and file.size > LARGEST_PROOF:
            raise FormError(f"The file is larger than {LARGEST_PROOF // 1024**2} MB.")
        return file

    def said(self, zone: ZoneInfo) -> ByHand:
        """Return what was entered; the moment is of that zone."""
        said = self.cleaned_data
        proof = Proof(said["proof"].read(), said["proof"].name) if said["proof"] else None
        sent_at = datetime.combine(said["on"], said["at"], tzinfo=zone)
        return ByHand(Channel(said["channel"]), sent_at, said["receipt"], proof)


class ReasonForm(forms.Form):
    """Why a claim will not be sent, or was not sent after all."""

    reason = forms.CharField(max_length=200)
