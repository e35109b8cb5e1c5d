"""What is sent to the API about referrals, Veterans and visits: cleaned, not saved."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from referrals.api.fields import (
    CheckedField,
    CodesField,
    DayField,
    NameField,
    PlainField,
    checked,
    limited,
    ten_digits,
)
from referrals.domain.caps import Caps
from referrals.domain.contact import Contact, ContactWay
from referrals.domain.notice import ReferralNotice, StatedLine, is_active
from referrals.domain.series import LONGEST
from referrals.domain.states import Affiliation, LimitKind
from referrals.forms.veterans import IDENTIFIERS
from referrals.models import AuthorizedService, Sex
from referrals.services.amendments import Limit
from referrals.services.visits import Planned
from vca.core.api.serializers import IdField, InstantField
from vca.core.db import choices
from vca.core.forms import checked_state
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


class CapField(serializers.IntegerField):
    """The most visits of a line in some time; null where VA states none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=998, required=False, allow_null=True, default=None, **options)


class LineInput(serializers.Serializer):
    """A service line as VA states it."""

    description = PlainField(max_length=200, required=True)
    limit_kind = serializers.ChoiceField([kind.value for kind in LimitKind])
    visits = serializers.IntegerField(min_value=1, max_value=998, required=False, allow_null=True, default=None)
    codes = CodesField(required=False, default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A counted line has a number, and only such a line."""
        if (attrs["limit_kind"] == LimitKind.COUNTED) != (attrs["visits"] is not None):
            raise serializers.ValidationError(
                {"visits": "A number of visits belongs to a COUNTED line, and only to one."}
            )
        return attrs


class ReferralInput(serializers.Serializer):
    """A referral as VA stated it; what is not stated is left out, and the referral is held."""

    number = PlainField(max_length=24, required=True)
    last_name = PlainField(max_length=60)
    first_name = PlainField(max_length=35)
    middle_name = PlainField(max_length=25)
    date_of_birth = serializers.DateField(required=False, allow_null=True, default=None)
    icn = PlainField(max_length=24)
    consult_id = PlainField(max_length=40)
    affiliation = serializers.ChoiceField([one.value for one in Affiliation], default=Affiliation.UNKNOWN.value)
    va_status = PlainField(max_length=20)
    station = PlainField(max_length=10)
    category_of_care = PlainField(max_length=80)
    priority = PlainField(max_length=20)
    seoc = PlainField(max_length=160)
    seoc_days = serializers.IntegerField(min_value=1, max_value=9999, required=False, allow_null=True, default=None)
    referral_date = serializers.DateField(required=False, allow_null=True, default=None)
    expiration_date = serializers.DateField(required=False, allow_null=True, default=None)
    lines = LineInput(many=True, required=False, default=list)

    def validate_lines(self, value: list[Any]) -> list[Any]:
        """As many as a claim can hold."""
        return limited(value)

    def validate_number(self, value: str) -> str:
        """One of VA's three shapes."""
        return checked(va_referral_number.validate, value)

    def validate_icn(self, value: str) -> str:
        """17 characters."""
        return checked(icn.validate, value)

    def notice(self) -> ReferralNotice:
        """Return what was sent as a notice."""
        data = dict(self.validated_data)
        lines = tuple(
            StatedLine(line["description"], LimitKind(line["limit_kind"]), line["visits"], tuple(line["codes"]))
            for line in data.pop("lines")
        )
        return ReferralNotice(**{**data, "affiliation": Affiliation(data["affiliation"])}, lines=lines)


class Change(serializers.Serializer):
    """What changes; the rest stays as it is."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Something does."""
        if not attrs:
            raise serializers.ValidationError("Say what changes.")
        return attrs


class DetailsInput(Change):
    """What the paper says of the referral itself."""

    affiliation = serializers.ChoiceField([one.value for one in Affiliation])
    network = PlainField(max_length=60)
    category_of_care = PlainField(max_length=80)
    station = PlainField(max_length=10)
    provisional_diagnosis = CheckedField(icd10cm.validate, max_length=9)
    referring_name = PlainField(max_length=100)
    referring_npi = CheckedField(npi.validate, max_length=20)
    va_status_meaning = PlainField(max_length=200)
    home_location = IdField()

    def validate_va_status_meaning(self, value: str) -> str:
        """Only a status that is not active by itself has to be asked about."""
        status = self.context["va_status"]
        if is_active(status):
            raise serializers.ValidationError(f"VA's own status is {status}: it needs no meaning. Leave this out.")
        return value


class VeteranInput(Change):
    """What is known of a Veteran. An identifier that is sent empty stays as it is on file."""

    last_name = NameField(max_length=60, required=True)
    first_name = NameField(max_length=35)
    middle_name = NameField(max_length=25)
    suffix = PlainField(max_length=10)
    date_of_birth = serializers.DateField()
    sex = serializers.ChoiceField([*(one.value for one in Sex), ""])
    icn = CheckedField(icn.validate, max_length=24)
    edipi = CheckedField(edipi.validate, max_length=20)
    ssn = CheckedField(ssn.validate, max_length=20)
    street = PlainField(max_length=55)
    street_2 = PlainField(max_length=55)
    city = PlainField(max_length=30)
    state = CheckedField(checked_state, max_length=2)
    zip_code = CheckedField(us_address.validate, max_length=10)
    phone = CheckedField(ten_digits, max_length=20)
    va_facility = PlainField(max_length=120)

    def facts(self) -> dict[str, Any]:
        """Return what was sent."""
        return {name: value for name, value in self.validated_data.items() if value or name not in IDENTIFIERS}


class DaysInput(serializers.Serializer):
    """First and last day as VA printed or amended them; the last day still counts."""

    valid_from = DayField()
    valid_through = DayField()
    reason = PlainField(max_length=200, required=True)


class LineChange(LineInput):
    """What VA authorizes on a line, as far as it changes. ``reason`` is what it is taken from."""

    most_per_day = CapField()
    most_per_week = CapField(help_text="Monday to Sunday.")
    most_per_month = CapField()
    reason = PlainField(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Judge the line as it will be."""
        return super().validate({**known(self.instance), **attrs} if self.instance else attrs)

    def limit(self) -> Limit:
        """Return the line as it will be."""
        said = self.validated_data
        caps = Caps(*(said[f"most_per_{span}"] for span in ("day", "week", "month")))
        return Limit(said["description"], LimitKind(said["limit_kind"]), said["visits"], tuple(said["codes"]), caps)


def known(line: AuthorizedService) -> dict[str, Any]:
    """Return a line in the words of ``LineInput``."""
    said = {"description": line.description, "limit_kind": line.limit_kind, "codes": line.codes}
    caps = {f"most_per_{span}": most for span, most in asdict(line.caps).items()}
    return {**said, **caps, "visits": line.visits_authorized}


class OpeningBalanceInput(serializers.Serializer):
    """Visits given before this product counted, and where the number comes from."""

    visits = serializers.IntegerField(min_value=0, max_value=998)
    source: Any = PlainField(max_length=200, required=True)


class VeteranChoice(serializers.Serializer):
    """The Veteran whose referral it is."""

    veteran = IdField()


class ServiceInput(serializers.Serializer):
    """One service of a visit. ``ndc_quantity`` is in ``ndc_unit``."""

    service = IdField()
    clinician = IdField()
    code = PlainField(max_length=5)
    modifiers = PlainField(max_length=11)
    units = serializers.IntegerField(min_value=1, max_value=999, default=1)
    drug_name = PlainField(max_length=80)
    ndc = PlainField(max_length=24)
    ndc_unit = serializers.ChoiceField(["ML", "UN", "GR", "ME", "F2", ""], required=False, default="")
    ndc_quantity = serializers.DecimalField(
        max_digits=8, decimal_places=3, min_value=Decimal("0.001"), required=False, allow_null=True, default=None
    )

    def validate_code(self, value: str) -> str:
        """A CPT or HCPCS code."""
        return checked(procedure_code.validate, value)

    def validate_modifiers(self, value: str) -> str:
        """Two characters each."""
        return checked(procedure_code.validate_modifiers, value)

    def validate_ndc(self, value: str) -> str:
        """Eleven digits."""
        return checked(ndc.validate, value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """NDC, unit and quantity go together."""
        drug = [bool(attrs[name]) for name in ("ndc", "ndc_unit", "ndc_quantity")]
        if any(drug) and not all(drug):
            raise serializers.ValidationError({"ndc": "NDC, unit and quantity go together."})
        return attrs


class CorrectionInput(serializers.Serializer):
    """All services of a visit as they are billed, and its diagnoses, the main one first."""

    services = ServiceInput(many=True, allow_empty=False)
    diagnoses = serializers.ListField(
        child=serializers.CharField(max_length=9), required=False, default=list, max_length=12
    )

    def validate_services(self, value: list[Any]) -> list[Any]:
        """As many as a claim can hold."""
        return limited(value)

    def validate_diagnoses(self, value: list[str]) -> tuple[str, ...]:
        """ICD-10-CM codes, each once."""
        return tuple(dict.fromkeys(checked(icd10cm.validate, code) for code in value))

    def planned(self) -> list[Planned]:
        """Return the services."""
        rows = [dict(row) for row in self.validated_data["services"]]
        return [Planned(service_id=row.pop("service"), clinician_id=row.pop("clinician"), **row) for row in rows]


class VisitInput(CorrectionInput):
    """A visit as it is wanted. ``starts_at`` carries its offset."""

    location = IdField()
    starts_at = InstantField()


class BookingInput(VisitInput):
    """A visit to book; ``or_pencil`` it when all that it lacks is VA's cover."""

    or_pencil = serializers.BooleanField(required=False, default=False)


class SeriesInput(CorrectionInput):
    """Visits of the same services that are booked together, each ``starts_at`` with its offset."""

    location = IdField()
    starts_at = serializers.ListField(child=InstantField(), min_length=2, max_length=LONGEST)
    or_pencil = serializers.BooleanField(required=False, default=False)


class MoveInput(serializers.Serializer):
    """Where and when a booked visit is to be. ``starts_at`` carries its offset."""

    location = IdField()
    starts_at = InstantField()


class MissedInput(serializers.Serializer):
    """What is said of a visit that was missed or cancelled; ``va_told`` false opens the task to tell VA."""

    reason = PlainField(max_length=200)
    contact_attempts = serializers.IntegerField(min_value=0, max_value=99, required=False)
    contacted_on = serializers.DateField(required=False)
    contacted_by = serializers.ChoiceField(choices(ContactWay), required=False)
    va_told = serializers.BooleanField(required=False, allow_null=True, default=None)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Day and way belong to an attempt, and an attempt has both."""
        way = ContactWay(data["contacted_by"]) if "contacted_by" in data else None
        contact = Contact(data.get("contact_attempts"), data.get("contacted_on"), way, data["va_told"])
        if not contact.is_whole:
            raise serializers.ValidationError({"contacted_on": "Say when and how the last attempt was made."})
        return {"reason": data["reason"], "contact": contact}
