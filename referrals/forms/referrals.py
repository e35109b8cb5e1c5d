"""Forms of the referral itself: entered, imported, its facts and days, its end."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError

from referrals.domain.notice import (
    ReferralNotice,
    StatedLine,
    is_active,
)
from referrals.domain.states import Affiliation, LimitKind
from referrals.forms.lines import LIMITS, codes, refuse_countless
from referrals.forms.refusals import refuse_days, refuse_no_names
from referrals.intake.json_reader import LARGEST
from referrals.models import Referral
from vca.core.forms import DateInput, checked, offer
from vca.core.models import ServiceLocation
from vca.domain.identifiers import (
    icd10cm,
    icn,
    npi,
    va_referral_number,
)

AFFILIATIONS = [
    (Affiliation.UNKNOWN, "Not entered yet"),
    (Affiliation.VCA, "Veterans Care Agreement (VCA)"),
    (Affiliation.OTHER_VA, "Other direct VA authorization"),
    (Affiliation.CCN, "Community Care Network (CCN)"),
]


class ReferralForm(forms.Form):
    """A referral entered by hand from VA Form 10-7080, with its first service line; more are added on its page."""

    number = forms.CharField(label="Referral number", max_length=24)
    last_name = forms.CharField(max_length=60)
    first_name = forms.CharField(max_length=35)
    middle_name = forms.CharField(max_length=25, required=False)
    date_of_birth = forms.DateField(widget=DateInput())
    icn = forms.CharField(label="ICN", required=False)
    affiliation = forms.ChoiceField(choices=AFFILIATIONS)
    category_of_care = forms.CharField(max_length=80, required=False)
    station = forms.CharField(label="Station number", max_length=10, required=False)
    referral_date = forms.DateField(label="Referral issue date", widget=DateInput(), required=False)
    expiration_date = forms.DateField(
        label="Expiration date",
        widget=DateInput(),
        required=False,
        help_text="As printed. The printed day still counts.",
    )
    seoc = forms.CharField(label="SEOC", max_length=160, required=False)
    line_description = forms.CharField(label="Service line", max_length=200, required=False)
    line_limit_kind = forms.ChoiceField(label="Visits authorized", choices=LIMITS, initial=LimitKind.UNKNOWN)
    line_visits = forms.IntegerField(label="Number of visits", min_value=1, max_value=998, required=False)
    line_codes = forms.CharField(label="CPT or HCPCS codes", required=False, help_text="Separated by commas.")

    def clean_number(self) -> str:
        """One of VA's three shapes."""
        return checked(va_referral_number.validate, self.cleaned_data["number"])

    def clean_icn(self) -> str:
        """17 characters."""
        return checked(icn.validate, self.cleaned_data["icn"])

    def clean_line_codes(self) -> tuple[str, ...]:
        """Real shapes only."""
        return codes(self.cleaned_data["line_codes"])

    def clean(self) -> dict[str, Any]:
        """A counted line has a number, and dates run forward."""
        data = super().clean() or {}
        refuse_countless(self, data.get("line_limit_kind"), data.get("line_visits"), "line_visits")
        refuse_days(self, "referral_date", "expiration_date")
        refuse_no_names(self)
        return data

    def notice(self) -> ReferralNotice:
        """Return what was entered as a notice."""
        data = dict(self.cleaned_data)
        line = StatedLine(
            data.pop("line_description") or "Visits",
            LimitKind(data.pop("line_limit_kind")),
            data.pop("line_visits"),
            data.pop("line_codes"),
        )
        stated = bool(self.cleaned_data["line_description"]) or line.limit_kind != LimitKind.UNKNOWN
        affiliation = Affiliation(data.pop("affiliation"))
        return ReferralNotice(**data, affiliation=affiliation, lines=(line,) if stated else ())


class ImportForm(forms.Form):
    """A list of VA's referral service."""

    file = forms.FileField(
        label="List (JSON)", allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ".json,application/json"})
    )

    def clean_file(self) -> Any:
        """No larger than can be read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise FormError(f"The file is larger than {LARGEST // 1024**2} MB. Ask for the list in parts.")
        return file


class DetailsForm(forms.ModelForm):
    """What the paper says of the referral itself."""

    affiliation = forms.ChoiceField(choices=AFFILIATIONS)
    home_location = forms.ModelChoiceField(ServiceLocation.objects.none(), required=False)
    provisional_diagnosis = forms.CharField(label="Provisional diagnosis (ICD-10-CM)", max_length=9, required=False)
    referring_npi = forms.CharField(label="Referring NPI", max_length=20, required=False)

    class Meta:
        model = Referral
        fields = (
            *("affiliation", "network", "category_of_care", "station", "provisional_diagnosis"),
            *("referring_name", "referring_npi", "va_status_meaning"),
        )
        help_texts = {
            "network": "For a Community Care Network referral: its administrator.",
            "referring_name": "Last name, first name.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = ServiceLocation.objects.filter(practice_id=self.instance.practice_id, is_active=True)
        offer(self, "home_location", places.order_by("name"), lambda place: f"{place.name} ({place.time_zone})")
        self.initial["home_location"] = self.instance.authorization.home_location_id
        if is_active(self.instance.va_status):
            del self.fields["va_status_meaning"]
        else:
            words = (
                f"VA's own status is {self.instance.va_status}. Ask the VA facility; enter its answer and who gave it."
            )
            self.fields["va_status_meaning"].help_text = words

    def clean_provisional_diagnosis(self) -> str:
        """An ICD-10-CM code."""
        return checked(icd10cm.validate, self.cleaned_data["provisional_diagnosis"])

    def clean_referring_npi(self) -> str:
        """Ten digits and the right check digit."""
        return checked(npi.validate, self.cleaned_data["referring_npi"])


class TermsForm(forms.Form):
    """First and last day as VA printed or amended them."""

    valid_from = forms.DateField(label="First day", widget=DateInput())
    valid_through = forms.DateField(label="Last day", widget=DateInput(), help_text="The printed day still counts.")
    reason = forms.CharField(
        max_length=200, help_text="What it is taken from, for instance: amended referral of 3 Nov."
    )

    def clean(self) -> dict[str, Any]:
        """Dates run forward."""
        data = super().clean() or {}
        refuse_days(self, "valid_from", "valid_through")
        return data


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=200)
