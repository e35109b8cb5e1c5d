"""Translators between JSON and the shapes of referrals: they save nothing."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from referrals.domain.notice import RULE_OF, HoldReason, ReferralNotice, StatedLine, is_plain
from referrals.domain.states import Affiliation, LimitKind
from referrals.models import Authorization, AuthorizedService, Referral, Visit
from referrals.services.visits import Planned
from vca.core.api.serializers import IdField
from vca.domain.identifiers import icd10cm, icn, ndc, procedure_code, va_referral_number
from vca.domain.identifiers.exceptions import ValidationError
from vca.domain.rules import CATALOGUE

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099
MOST_LINES = 50  # 837P loop 2400; no SEOC comes near it


def checked(validate: Any, value: str) -> str:
    """Return the clean value, or the ground floor's sentence as an input error; blank stays blank."""
    if not value:
        return value
    try:
        return str(validate(value))
    except ValidationError as fault:
        raise serializers.ValidationError(fault.advice) from fault


class PlainField(serializers.CharField):
    """Text whose every sign can be shown; empty unless it is asked for."""

    def __init__(self, *, max_length: int, required: bool = False) -> None:
        more: dict[str, Any] = {} if required else {"default": "", "allow_blank": True}
        super().__init__(max_length=max_length, required=required, **more)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what nobody could see."""
        text: str = super().to_internal_value(data)
        if not is_plain(text):
            raise serializers.ValidationError("It has a sign that cannot be shown, such as a line break. Remove it.")
        return text


def limited(rows: list[Any]) -> list[Any]:
    """Refuse more rows than a claim has lines."""
    if len(rows) > MOST_LINES:
        raise serializers.ValidationError(f"There are at most {MOST_LINES}.")
    return rows


def explained(reason: HoldReason) -> dict[str, Any]:
    """Return a reason with its rule, as every door shows it."""
    rule = CATALOGUE[RULE_OF[reason]]
    told = {"code": rule.code, "reason": reason, "sentence": rule.sentence, "source": rule.source}
    return {**told, "next_act": rule.next_act, "verify_with_va": rule.verify_with_va}


class CodesField(serializers.ListField):
    """CPT or HCPCS codes."""

    child = serializers.CharField(max_length=5)

    def to_internal_value(self, data: Any) -> list[str]:
        """Real shapes only."""
        return [checked(procedure_code.validate, code) for code in super().to_internal_value(data)]


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


class LineOutput(serializers.ModelSerializer):
    """A service line with its counts."""

    visits_left = serializers.IntegerField(source="count.left")

    class Meta:
        model = AuthorizedService
        fields = (
            *("id", "number", "description", "codes", "limit_kind", "visits_authorized", "visits_before_us"),
            *("visits_over", "visits_held", "visits_used", "visits_left"),
        )
        read_only_fields = fields


class AuthorizationOutput(serializers.ModelSerializer):
    """An authorization: its days, its lines and their counts."""

    referral_number = serializers.CharField(source="referral.number")
    valid_from = serializers.DateField(source="current.valid_from")
    valid_through = serializers.DateField(source="current.valid_through")
    version = serializers.IntegerField(source="current.number")
    services = LineOutput(many=True)

    class Meta:
        model = Authorization
        fields = ("id", "referral_number", "valid_from", "valid_through", "version", "home_location", "services")
        read_only_fields = fields


class ReferralOutput(serializers.ModelSerializer):
    """A referral; the Veteran by id, not by name."""

    authorization = serializers.IntegerField(source="authorization.pk")

    class Meta:
        model = Referral
        fields = (
            *("id", "number", "state", "affiliation", "network", "va_status", "category_of_care", "station"),
            *("veteran", "authorization", "received_at", "confirmed_at"),
        )
        read_only_fields = fields


class InstantField(serializers.DateTimeField):
    """A moment with its offset from UTC: without one nobody knows which hour is meant."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse a moment without an offset, and one that no calendar of a clinic holds."""
        if timezone.is_naive(value):
            raise serializers.ValidationError("Give the offset from UTC too, as in 2026-11-03T10:00:00-08:00.")
        if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
            raise serializers.ValidationError(f"The year lies between {EARLIEST_YEAR} and {LATEST_YEAR}.")
        return super().enforce_timezone(value)


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


class VisitInput(serializers.Serializer):
    """A visit as it is wanted. ``starts_at`` carries its offset."""

    location = IdField()
    starts_at = InstantField()
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


class WordsInput(serializers.Serializer):
    """What is said of an act on a visit."""

    reason = PlainField(max_length=200)


class VisitOutput(serializers.ModelSerializer):
    """A visit."""

    class Meta:
        model = Visit
        fields = (
            *("id", "authorization", "location", "state", "walk_in", "on", "starts_at", "arrived_at", "completed_at"),
            *("reason", "diagnoses"),
        )
        read_only_fields = fields
