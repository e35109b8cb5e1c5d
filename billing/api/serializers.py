"""Translators between JSON and the shapes of billing: they save nothing. Money is dollars as text, such as "450.00"."""

from typing import Any

from rest_framework import serializers

from billing.domain.findings import Finding
from billing.models import Claim, ClaimLine, Submission
from vca.core.api.serializers import IdField
from vca.domain.rules import CATALOGUE


class DraftInput(serializers.Serializer):
    """Completed visits to be claimed."""

    visits = serializers.ListField(child=IdField(), allow_empty=False, max_length=1000)


class ClaimLineOutput(serializers.ModelSerializer):
    """A service line. ``charge`` is in dollars, ``ndc_quantity`` in ``ndc_unit``."""

    charge = serializers.CharField()

    class Meta:
        model = ClaimLine
        fields = (
            *("number", "control_number", "visit", "service_date", "code", "modifiers", "units", "charge", "clinician"),
            *("ndc", "ndc_unit", "ndc_quantity"),
        )
        read_only_fields = fields


class ClaimOutput(serializers.ModelSerializer):
    """A claim; the Veteran by id, not by name."""

    referral_number = serializers.CharField(source="referral.number")
    total_charge = serializers.CharField()

    class Meta:
        model = Claim
        fields = (
            *("id", "control_number", "state", "referral", "referral_number", "veteran", "location", "total_charge"),
            *("created_at", "ready_at", "sent_at", "closed_at", "closed_reason"),
        )
        read_only_fields = fields


class WholeClaimOutput(ClaimOutput):
    """A claim with its diagnoses, lines and findings."""

    diagnoses: Any = serializers.SlugRelatedField("code", many=True, read_only=True)
    lines = ClaimLineOutput(many=True)
    findings = serializers.SerializerMethodField()

    class Meta:
        model = Claim
        fields = (*ClaimOutput.Meta.fields, "diagnoses", "lines", "findings")
        read_only_fields = fields

    def get_findings(self, claim: Claim) -> list[dict[str, str]]:
        """What the scrub finds on it now."""
        return [explained(finding) for finding in self.context["findings"]]


def explained(finding: Finding) -> dict[str, str]:
    """Return the rule's code, how grave it is, a sentence, the field, the rule's source and the next act."""
    rule = CATALOGUE[finding.code]
    said = {"code": finding.code, "severity": finding.severity, "message": finding.message, "field": finding.field}
    return {**said, "source": rule.source, "next_act": rule.next_act}


class SubmissionOutput(serializers.ModelSerializer):
    """A claim file as it was written; ``document`` holds its bytes."""

    total_charge = serializers.CharField()

    class Meta:
        model = Submission
        fields = (
            *("batch_number", "interchange_control_number", "group_control_number", "claim_count", "total_charge"),
            *("usage", "receiver_id", "document", "created_at"),
        )
        read_only_fields = fields


class VisitToBillOutput(serializers.Serializer):
    """A completed visit that stands on no live claim."""

    id = serializers.IntegerField()
    authorization = serializers.IntegerField(source="authorization_id")
    location = serializers.IntegerField(source="location_id")
    on = serializers.DateField()
