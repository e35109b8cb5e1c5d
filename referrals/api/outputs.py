"""What the API answers about referrals, Veterans and visits."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from referrals import queries
from referrals.domain.notice import RULE_OF, HoldReason
from referrals.models import Authorization, AuthorizedService, Notice, Referral, Sex, VeteranFacts, Visit, VisitService
from referrals.services.necessity import sees_clinical
from referrals.services.referrals import Result
from vca.core.access import Actor
from vca.domain.rules import CATALOGUE


def explained(reason: HoldReason) -> dict[str, Any]:
    """Return a reason with its rule, as every door shows it."""
    rule = CATALOGUE[RULE_OF[reason]]
    told = {"code": rule.code, "reason": reason, "sentence": rule.sentence, "source": rule.source}
    return {**told, "next_act": rule.next_act, "verify_with_va": rule.verify_with_va}


class ReasonOutput(serializers.Serializer):
    """Why a referral is held, or cannot be confirmed yet: a rule, its source, and what to do."""

    code = serializers.CharField()
    reason = serializers.CharField()
    sentence = serializers.CharField()
    source: Any = serializers.CharField()
    next_act = serializers.CharField()
    verify_with_va = serializers.BooleanField()


class LineOutput(serializers.ModelSerializer):
    """A service line with its counts."""

    codes = serializers.ListField(child=serializers.CharField())
    visits_left = serializers.IntegerField(source="count.left", allow_null=True)

    class Meta:
        model = AuthorizedService
        fields = (
            *("id", "number", "description", "codes", "limit_kind", "visits_authorized", "visits_before_us"),
            *("most_per_day", "most_per_week", "most_per_month"),
            *("visits_over", "visits_held", "visits_used", "visits_left"),
        )
        read_only_fields = fields


class AuthorizationOutput(serializers.ModelSerializer):
    """An authorization: its days, its lines and their counts."""

    referral_number = serializers.CharField(source="referral.number")
    valid_from = serializers.DateField(source="current.valid_from", allow_null=True)
    valid_through = serializers.DateField(source="current.valid_through", allow_null=True)
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


class WholeReferralOutput(ReferralOutput):
    """A referral with everything that the paper says of it, and what stands in the way of confirming it."""

    obstacles = serializers.SerializerMethodField()

    class Meta:
        model = Referral
        fields = (
            *(*ReferralOutput.Meta.fields, "provisional_diagnosis", "referring_name", "referring_npi"),
            *("va_status_meaning", "state_reason", "obstacles"),
        )
        read_only_fields = fields

    @extend_schema_field(ReasonOutput(many=True))
    def get_obstacles(self, referral: Referral) -> list[dict[str, Any]]:
        """In the order in which to mend them."""
        return [explained(reason) for reason in queries.obstacles(referral)]


class ReceivedOutput(ReferralOutput):
    """A referral and what became of its notice: created, unchanged, or differing in fields and held."""

    result = serializers.ChoiceField([one.value for one in Result])
    held_because = serializers.ListField(child=serializers.CharField())
    differs_in = serializers.ListField(child=serializers.CharField())
    held_by = ReasonOutput(many=True)

    class Meta:
        model = Referral
        fields = (*ReferralOutput.Meta.fields, "result", "held_because", "differs_in", "held_by")
        read_only_fields = fields


class NoticeOutput(serializers.ModelSerializer):
    """What VA said about a referral at one time. A pending one differs and waits for a person."""

    differs_in = serializers.ListField(child=serializers.CharField())
    held_by = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = ("id", "referral", "pending", "differs_in", "held_by", "received_at", "settled_at")
        read_only_fields = fields

    @extend_schema_field(ReasonOutput(many=True))
    def get_held_by(self, notice: Notice) -> list[dict[str, Any]]:
        """Why it waits."""
        return [explained(reason) for reason in notice.held_for]


class ComparedOutput(serializers.Serializer):
    """One field: what VA said, what stands here, and whether the two are to be compared."""

    field = serializers.CharField()
    said = serializers.ListField(child=serializers.CharField())
    here = serializers.CharField()
    to_compare = serializers.BooleanField()


class ReadNoticeOutput(NoticeOutput):
    """A notice with VA's own words."""

    compared = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = (*NoticeOutput.Meta.fields, "compared")
        read_only_fields = fields

    @extend_schema_field(ComparedOutput(many=True))
    def get_compared(self, notice: Notice) -> Any:
        """Every field that VA stated or that is to be compared, the latter first."""
        return ComparedOutput(self.context["compared"], many=True).data


class EndingField(serializers.CharField):
    """The last four signs of an identifier: enough to tell whether it is the right one."""

    def to_representation(self, value: str) -> str:
        """Hide the rest."""
        return value[-4:]


class FactsOutput(serializers.ModelSerializer):
    """What is known of a Veteran; of the identifiers the last four signs."""

    id = serializers.IntegerField(source="veteran_id")
    icn_ends_in = EndingField(source="icn")
    edipi_ends_in = EndingField(source="edipi")
    ssn_ends_in = EndingField(source="ssn")
    sex = serializers.ChoiceField([*(one.value for one in Sex), ""])

    class Meta:
        model = VeteranFacts
        fields = (
            *("id", "last_name", "first_name", "middle_name", "suffix", "date_of_birth", "sex"),
            *("icn_ends_in", "edipi_ends_in", "ssn_ends_in"),
            *("street", "street_2", "city", "state", "zip_code", "phone", "va_facility", "source", "recorded_at"),
        )
        read_only_fields = fields


class IdentifiersOutput(serializers.Serializer):
    """The identifiers of a Veteran in full; empty where none is on file."""

    icn = serializers.CharField()
    edipi = serializers.CharField()
    ssn = serializers.CharField()


class VisitServiceOutput(serializers.ModelSerializer):
    """One service of a visit. ``ndc_quantity`` is in ``ndc_unit``."""

    class Meta:
        model = VisitService
        fields = (
            *("service", "clinician", "code", "modifiers", "units"),
            *("drug_name", "ndc", "ndc_unit", "ndc_quantity"),
        )
        read_only_fields = fields


class VisitOutput(serializers.ModelSerializer):
    """A visit with its services.

    The front desk sees no diagnosis and no drug, a biller none of a visit that was cancelled, missed or struck.
    """

    diagnoses = serializers.ListField(child=serializers.CharField())
    services = VisitServiceOutput(many=True)
    contacted_by = serializers.CharField(help_text="How the last attempt was made; empty when none was.")
    holiday = serializers.CharField(help_text="The federal holiday on its day (VISIT-23), which only warns.")

    class Meta:
        model = Visit
        fields = (
            *("id", "authorization", "location", "state", "walk_in", "on", "starts_at", "arrived_at", "completed_at"),
            *("series", "waits_for", "kept_until"),
            "holiday",
            *("contact_attempts", "contacted_on", "contacted_by", "va_told"),
            *("reason", "diagnoses", "services"),
        )
        read_only_fields = fields

    def to_representation(self, visit: Visit) -> dict[str, Any]:
        """Leave out what is not for the one who asks, ``by`` of the context."""
        said: dict[str, Any] = super().to_representation(visit)
        if not sees_clinical(visit, self.context["by"]):
            bare = {"drug_name": "", "ndc": "", "ndc_unit": "", "ndc_quantity": None}
            said |= {"diagnoses": [], "services": [{**one, **bare} for one in said["services"]]}
        return said


class SeriesOutput(serializers.Serializer):
    """Visits that were booked together, by which id they can be found as such."""

    series = serializers.UUIDField()
    visits = VisitOutput(many=True)


def visit_said(visit: Visit, by: Actor) -> dict[str, Any]:
    """Return a visit as the actor may see it."""
    found: dict[str, Any] = VisitOutput(visit, context={"by": by}).data
    return found
