"""Forms of billing: they clean, they do not save."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError as FormError

from billing.domain.answers import SOURCE_WORDS, VERDICT_WORDS, Source, Verdict
from billing.domain.channels import BY_HAND, CHANNEL_WORDS, LARGEST_PROOF, Channel
from billing.services.acknowledgments import Answer
from billing.services.proofs import Proof
from billing.services.submissions import ByHand
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


class ProofField(forms.FileField):
    """A file that shows something; its clean value is a Proof, or nothing. What it is, services judge."""

    def __init__(self, *, what: str) -> None:
        said = f"{what}: PDF, PNG or JPEG, {LARGEST_PROOF // 1024**2} MB at most. It is kept as it is."
        accepted = {"accept": ".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"}
        super().__init__(label="Proof", required=False, help_text=said, widget=forms.FileInput(attrs=accepted))

    def clean(self, data: Any, initial: Any = None) -> Proof | None:
        """No larger than is kept: such a file is not read."""
        file = super().clean(data, initial)
        if file and file.size > LARGEST_PROOF:
            raise FormError(f"The file is larger than {LARGEST_PROOF // 1024**2} MB.")
        return Proof(file.read(), file.name) if file else None


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
    proof = ProofField(what="A screenshot, a receipt or a fax report")

    def said(self, zone: ZoneInfo) -> ByHand:
        """Return what was entered; the moment is of that zone."""
        said = self.cleaned_data
        sent_at = datetime.combine(said["on"], said["at"], tzinfo=zone)
        return ByHand(Channel(said["channel"]), sent_at, said["receipt"], said["proof"])


class AnswerForm(forms.Form):
    """What the payer or the clearinghouse said of a claim."""

    verdict = forms.ChoiceField(
        label="The claim was",
        choices=[(one.value, VERDICT_WORDS[one].lower()) for one in Verdict],
        widget=forms.RadioSelect(),
    )
    source = forms.ChoiceField(label="Said by", choices=[(one.value, SOURCE_WORDS[one]) for one in Source])
    answered_on = forms.DateField(label="Day of the answer", widget=DateInput())
    payer_claim_number = forms.CharField(
        label="Their claim number", max_length=50, required=False, help_text="Of an accepted claim."
    )
    words = forms.CharField(
        label="Their words",
        max_length=2000,
        required=False,
        help_text="Needed for a rejection: what is wrong, with its codes.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reference = forms.CharField(label="Number of the call, letter or report", max_length=60, required=False)
    proof = ProofField(what="A screenshot or the letter")

    def said(self) -> Answer:
        """Return what was entered."""
        said = self.cleaned_data
        return Answer(**{**said, "verdict": Verdict(said["verdict"]), "source": Source(said["source"])})


class ReasonForm(forms.Form):
    """Why a claim will not be sent, or was not sent after all."""

    reason = forms.CharField(max_length=200)
