"""Forms of core: they clean, they do not save."""

from collections.abc import Callable
from datetime import date
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet

from vca.core.models import Agreement, Clinician, DeaRegistration, License, Practice, ServiceLocation, User
from vca.core.pages import in_words
from vca.core.vocabulary import ROLE_WORDS, Role
from vca.domain.errors import RuleError
from vca.domain.identifiers import dea_number, ein, npi, state_license, taxonomy, us_address
from vca.domain.identifiers.exceptions import ValidationError

US_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
    "Pacific/Pago_Pago",
)


class DateInput(forms.DateInput):
    """A native date field."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def checked(validate: Any, value: str) -> str:
    """Return the clean value of a ground-floor validator, or its sentence as a form error; blank stays blank."""
    if not value:
        return value
    try:
        return str(validate(value))
    except ValidationError as fault:
        raise FormError(fault.advice) from fault


def say_refusal(form: forms.BaseForm, refusal: RuleError) -> None:
    """Show a refusal in the form's own summary, so that what was typed stays."""
    form.add_error(refusal.field if refusal.field in form.fields else None, in_words(refusal))


def checked_state(value: str) -> str:
    """Return a real state in capitals, or a form error; blank stays blank."""
    state = value.strip().upper()
    if state and not us_address.is_state(state):
        raise FormError("Enter the two letters of a US state or territory.")
    return state


def offer(form: forms.BaseForm, name: str, rows: QuerySet[Any], label: Callable[[Any], str]) -> None:
    """Let a field choose among these rows, named so."""
    field = cast(forms.ModelChoiceField, form.fields[name])
    field.queryset = rows
    field.label_from_instance = label  # type: ignore[method-assign,assignment]  # simpler than a class for each label


def refuse_backward(form: forms.BaseForm, first: date | None, last: date | None) -> None:
    """Dates run forward."""
    if first and last and last < first:
        form.add_error("valid_through", "The last day is before the first day.")


class AddressFields(forms.ModelForm):
    """What address fields have in common."""

    def clean_npi(self) -> str:
        """Ten digits and the right check digit."""
        return checked(npi.validate, self.cleaned_data["npi"])

    def clean_state(self) -> str:
        """A real state."""
        return checked_state(self.cleaned_data["state"])

    def clean_zip_code(self) -> str:
        """Five or nine digits."""
        return checked(us_address.validate, self.cleaned_data["zip_code"])


class PracticeForm(AddressFields):
    """The billing provider as claims name it: 837P loop 2010AA, CMS-1500 boxes 25, 32 and 33."""

    zip_code = forms.CharField(label="ZIP (nine digits)", max_length=10, required=False)
    tax_id = forms.CharField(label="Tax number (EIN)", max_length=10, required=False)

    class Meta:
        model = Practice
        fields = (
            *(
                "name",
                "legal_name",
                "npi",
                "taxonomy",
                "tax_id",
                "street",
                "street_2",
                "city",
                "state",
                "zip_code",
            ),
            *("billing_contact", "billing_phone"),
        )

    def clean_tax_id(self) -> str:
        """Nine digits."""
        return checked(ein.validate, self.cleaned_data["tax_id"])

    def clean_taxonomy(self) -> str:
        """A provider taxonomy code."""
        return checked(taxonomy.validate, self.cleaned_data["taxonomy"])


class LocationForm(AddressFields):
    """A place where visits happen."""

    zip_code = forms.CharField(label="ZIP (nine digits)", max_length=10, required=False)
    time_zone = forms.ChoiceField(choices=[(zone, zone) for zone in US_ZONES if zone in available_timezones()])

    class Meta:
        model = ServiceLocation
        fields = (
            *(
                "name",
                "time_zone",
                "npi",
                "place_of_service",
                "street",
                "street_2",
                "city",
                "state",
                "zip_code",
            ),
            "is_active",
        )


class ClinicianForm(forms.ModelForm):
    """Somebody who treats."""

    class Meta:
        model = Clinician
        fields = (
            *(
                "first_name",
                "last_name",
                "credentials",
                "npi",
                "taxonomy",
                "approved_on",
                "approval_ended_on",
            ),
            "is_active",
        )
        widgets = {"approved_on": DateInput(), "approval_ended_on": DateInput()}
        help_texts = {"approved_on": "Leave empty while VA has not approved the clinician yet."}

    def clean_npi(self) -> str:
        """Ten digits and the right check digit."""
        return checked(npi.validate, self.cleaned_data["npi"])

    def clean_taxonomy(self) -> str:
        """A provider taxonomy code."""
        return checked(taxonomy.validate, self.cleaned_data["taxonomy"])


class AgreementForm(forms.ModelForm):
    """An agreement with VA and what it covers."""

    locations = forms.ModelMultipleChoiceField(ServiceLocation.objects.none(), widget=forms.CheckboxSelectMultiple)
    clinicians = forms.ModelMultipleChoiceField(Clinician.objects.none(), widget=forms.CheckboxSelectMultiple)
    cover_from = forms.DateField(
        label="Changes of sites and clinicians from",
        widget=DateInput(),
        required=False,
        help_text="What is added is covered from this day, what is taken away through the day before. "
        "Empty: the first day of the agreement.",
    )

    class Meta:
        model = Agreement
        fields = (
            *(
                "number",
                "va_facility",
                "station",
                "valid_from",
                "valid_through",
                "ended_on",
                "ended_by",
            ),
            *("notice_address", "dispute_address"),
        )
        widgets = {
            "valid_from": DateInput(),
            "valid_through": DateInput(),
            "ended_on": DateInput(),
        }

    def __init__(self, *args: Any, practice_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = ServiceLocation.objects.filter(practice_id=practice_id).order_by("name")
        offer(self, "locations", places, lambda place: place.name)
        people = Clinician.objects.filter(practice_id=practice_id).order_by("last_name", "first_name")
        offer(self, "clinicians", people, lambda one: one.display_name)
        self.fields["ended_by"].required = False

    def clean(self) -> dict[str, Any]:
        """Dates run forward, and an early end names the side that ended it."""
        data = super().clean() or {}
        refuse_backward(self, data.get("valid_from"), data.get("valid_through"))
        if bool(data.get("ended_on")) != bool(data.get("ended_by")):
            self.add_error(
                "ended_by",
                "Enter both the day on which it ended and which side ended it, or neither.",
            )
        return data


class LicenseForm(forms.ModelForm):
    """A clinician's license in one state."""

    class Meta:
        model = License
        fields = ("state", "number", "valid_from", "valid_through")
        widgets = {"valid_from": DateInput(), "valid_through": DateInput()}

    def clean_number(self) -> str:
        """As the board prints it."""
        return checked(state_license.validate, self.cleaned_data["number"])

    def clean_state(self) -> str:
        """A real state."""
        return checked_state(self.cleaned_data["state"])

    def clean(self) -> dict[str, Any]:
        """Dates run forward."""
        data = super().clean() or {}
        refuse_backward(self, data.get("valid_from"), data.get("valid_through"))
        return data


class DeaForm(forms.ModelForm):
    """A clinician's DEA registration, which is per place."""

    number = forms.CharField(label="DEA number", max_length=20)

    class Meta:
        model = DeaRegistration
        fields = ("location", "number", "valid_through")
        widgets = {"valid_through": DateInput()}

    def clean_number(self) -> str:
        """Two letters, six digits and the right check digit."""
        return checked(dea_number.validate, self.cleaned_data["number"])

    def __init__(self, *args: Any, practice_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = ServiceLocation.objects.filter(practice_id=practice_id).order_by("name")
        offer(self, "location", places, lambda place: place.name)


class ParameterForm(forms.Form):
    """The practice's own value of a parameter."""

    value = forms.CharField(max_length=200)
    valid_from = forms.DateField(widget=DateInput())
    source = forms.CharField(
        max_length=200,
        help_text="Where the value comes from: a letter, a page of VA, a contract.",
    )
    verified_on = forms.DateField(label="Verified on", widget=DateInput(), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_verified_on(self) -> date | None:
        """Not a day to come."""
        verified_on: date | None = self.cleaned_data["verified_on"]
        if verified_on and verified_on > self.today:
            raise FormError("Enter the day on which you verified it, today at the latest.")
        return verified_on


class InvitationForm(forms.Form):
    """Who is invited, and as what."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(choices=[(role.value, ROLE_WORDS[role]) for role in Role])


def new_password(label: str) -> forms.CharField:
    """Return the field for a password that is chosen now; services judge it."""
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 15 characters. A sentence is easier to remember than a jumble.",
    )


def present_password() -> forms.CharField:
    """Return the field for the password that is in use."""
    widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
    return forms.CharField(label="Your present password", strip=False, widget=widget)


class AcceptanceForm(forms.Form):
    """What an invited person enters who is new here."""

    name = forms.CharField(max_length=120)
    password = new_password("Password")


class ProofForm(forms.Form):
    """What an invited person enters who has an account."""

    password = present_password()


class ResetForm(forms.Form):
    """What somebody enters who forgot the password."""

    password = new_password("New password")


class PasswordForm(forms.Form):
    """Change of one's own password."""

    present = present_password()
    new = new_password("New password")


class TokenForm(forms.Form):
    """What an API token is for."""

    name = forms.CharField(max_length=60, help_text="What will use it, for instance: nightly export.")


class SnoozeForm(forms.Form):
    """Until which day an alert sleeps, and why."""

    until = forms.DateField()
    reason = forms.CharField(max_length=200, required=False)


class DismissForm(forms.Form):
    """Why an alert is dismissed."""

    reason = forms.CharField(max_length=200)


class EmergencyForm(forms.Form):
    """Why somebody must see what their role does not show."""

    reason = forms.CharField(
        label="Reason",
        min_length=10,
        max_length=200,
        help_text="Why you need it now. Name no Veteran here.",
    )


class SignInForm(forms.Form):
    """E-mail address and password."""

    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


class DisableForm(forms.Form):
    """Who takes over the open work of somebody who leaves."""

    successor = forms.ModelChoiceField(
        User.objects.none(), label="Open tasks go to", required=False, empty_label="Whoever has the role"
    )

    def __init__(self, *args: Any, colleagues: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "successor", colleagues, lambda one: one.name)


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}),
        help_text="The six digits that your authenticator app shows now, or a recovery code.",
    )


class AppForm(forms.Form):
    """The first code of an authenticator app that is added; ``sealed`` is what it was offered."""

    sealed = forms.CharField(widget=forms.HiddenInput)
    code = forms.CharField(
        label="Code that the app shows now",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasskeyForm(forms.Form):
    """What a passkey is called; ``passkey`` is what the browser answered."""

    name = forms.CharField(
        max_length=60, help_text="Where it is kept, for instance: laptop at the front desk, security key."
    )
    passkey = forms.CharField(widget=forms.HiddenInput, required=False)


class PasskeyNameForm(forms.Form):
    """Another name for a passkey."""

    name = forms.CharField(max_length=60)
