"""Forms of referrals: they clean, they do not save."""

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
from referrals.domain.notice import (
    FIRST_DAY,
    LAST_DAY,
    RULE_OF,
    HoldReason,
    ReferralNotice,
    StatedLine,
    is_active,
    is_name,
    is_plain,
)
from referrals.domain.states import Affiliation, LimitKind
from referrals.intake.json_reader import LARGEST
from referrals.models import Authorization, AuthorizedService, Referral, Sex, VeteranFacts, Visit, facts_of
from referrals.services.authorizations import Limit
from referrals.services.visits import Planned
from vca.core.forms import DateInput, checked, checked_state, offer
from vca.core.models import Clinician, ServiceLocation
from vca.domain.identifiers import (
    edipi,
    icd10cm,
    icn,
    ndc,
    npi,
    procedure_code,
    ssn,
    us_address,
    va_referral_number,
)
from vca.domain.rules import CATALOGUE

LIMITS = [
    (LimitKind.COUNTED, "A number of visits"),
    (LimitKind.UNLIMITED, "No fixed limit (VA prints 999)"),
    (LimitKind.UNKNOWN, "Not stated"),
]
AFFILIATIONS = [
    (Affiliation.UNKNOWN, "Not entered yet"),
    (Affiliation.VCA, "Veterans Care Agreement (VCA)"),
    (Affiliation.OTHER_VA, "Other direct VA authorization"),
    (Affiliation.CCN, "Community Care Network (CCN)"),
]
NDC_UNITS = [("", "---"), ("ML", "ML"), ("UN", "UN"), ("GR", "GR"), ("ME", "ME"), ("F2", "F2")]


def codes(text: str) -> tuple[str, ...]:
    """Return the CPT or HCPCS codes of a text, separated by commas or spaces. Raises FormError."""
    found = [part for part in re.split(r"[\s,;]+", text) if part]
    return tuple(dict.fromkeys(checked(procedure_code.validate, part) for part in found))


IDENTIFIERS = ("icn", "edipi", "ssn")
NAMES = ("last_name", "first_name", "middle_name")


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
            *("last_name", "first_name", "middle_name", "suffix", "date_of_birth", "sex", "icn", "edipi", "ssn"),
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


def refuse_countless(form: forms.Form, kind: str | None, visits: int | None, field: str) -> None:
    """A number belongs to a counted line, and only to one."""
    if kind == LimitKind.COUNTED and not visits:
        form.add_error(field, "Enter the number of visits printed on the referral.")
    if kind != LimitKind.COUNTED and visits:
        form.add_error(field, "A number of visits goes with 'A number of visits'.")


def refuse_days(form: forms.Form, first: str, last: str) -> None:
    """Days run forward, and lie where the days of an authorization can."""
    begin, end = form.cleaned_data.get(first), form.cleaned_data.get(last)
    for name in [name for name, day in ((first, begin), (last, end)) if day and not FIRST_DAY <= day <= LAST_DAY]:
        form.add_error(name, in_words_of(HoldReason.FAR))
    if begin and end and end < begin:
        form.add_error(last, in_words_of(HoldReason.ORDER))


def refuse_no_names(form: forms.BaseForm) -> None:
    """A name has letters, and nothing that cannot be shown."""
    for name in [name for name in NAMES if form.cleaned_data.get(name)]:
        if not is_plain(form.cleaned_data[name]):
            form.add_error(name, "It has a sign that cannot be shown. Remove it.")
        elif not is_name(form.cleaned_data[name]):
            form.add_error(name, in_words_of(HoldReason.NAME))


def in_words_of(reason: HoldReason) -> str:
    """Return the sentence of the reason's rule and its next act, as the referral's page shows them."""
    rule = CATALOGUE[RULE_OF[reason]]
    return f"{rule.sentence} {rule.next_act} ({rule.code})"


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


class LineForm(forms.Form):
    """A service line as VA states it."""

    description = forms.CharField(label="Service line", max_length=200)
    limit_kind = forms.ChoiceField(label="Visits authorized", choices=LIMITS)
    visits = forms.IntegerField(label="Number of visits", min_value=1, max_value=998, required=False)
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
        return Limit(data["description"], LimitKind(data["limit_kind"]), data["visits"], data["codes"])


class OpeningBalanceForm(forms.Form):
    """Visits given before this product counted."""

    visits = forms.IntegerField(label="Visits given before", min_value=0, max_value=998)
    source = forms.CharField(max_length=200, help_text="Where the number comes from.")


class VeteranChoice(forms.Form):
    """The Veteran to whom a referral is moved."""

    veteran = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=200)


class VisitForm(forms.Form):
    """A visit: where, when, by whom, and the lines on which it counts."""

    location = forms.ModelChoiceField(ServiceLocation.objects.none())
    on = forms.DateField(label="Day", widget=DateInput())
    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    twice = forms.BooleanField(label="It is a second visit at that time", required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, authorization: Authorization, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.authorization = authorization
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
        visit = queries.visit_at(self.authorization.veteran, self.starts_at())
        return f"{visit.authorization.referral.number}, {visit.get_state_display().lower()}" if visit else ""

    def starts_at(self) -> datetime:
        """Return the instant in the location's zone."""
        zone: ZoneInfo = self.cleaned_data["location"].zone
        return datetime.combine(self.cleaned_data["on"], self.cleaned_data["at"], tzinfo=zone)


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
