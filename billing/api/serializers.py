"""Translators between JSON and the shapes of billing: they save nothing. Money is dollars as text, such as "450.00"."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.domain.answers import Source, Verdict
from billing.domain.channels import BY_HAND, Channel
from billing.domain.findings import Finding
from billing.models import Acknowledgment, Charge, Claim, ClaimLine, Submission, SubmittedClaim
from billing.services import proofs
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from referrals.domain.routing import bills_network
from vca.core.api.serializers import IdField, InstantField
from vca.domain.identifiers import procedure_code
from vca.domain.identifiers.exceptions import ValidationError
from vca.domain.money import usd
from vca.domain.rules import CATALOGUE

PROOF = "PDF, PNG or JPEG, 10 MB at most: send the whole as multipart/form-data."
PROOF_REFUSED = ("SUBMIT-03", "UPLOAD-01", "UPLOAD-02", "UPLOAD-03", "UPLOAD-04")


class DraftInput(serializers.Serializer):
    """Completed visits to be claimed."""

    visits = serializers.ListField(child=IdField(), allow_empty=False, max_length=1000)


class FormsInput(serializers.Serializer):
    """Claims to be printed; without the form, for pre-printed paper."""

    claims = serializers.ListField(child=IdField(), allow_empty=False, max_length=5000)
    with_form = serializers.BooleanField(default=True)


class TakeOffInput(serializers.Serializer):
    """The visit that is taken off a draft."""

    visit = IdField(source="visit_id")


class PriceInput(serializers.Serializer):
    """A price in dollars for one unit, from a day on."""

    code = serializers.CharField(max_length=5)
    amount = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal("0.01"))
    valid_from = serializers.DateField()

    def validate_code(self, value: str) -> str:
        """A CPT or HCPCS code."""
        try:
            return procedure_code.validate(value)
        except ValidationError as fault:
            raise serializers.ValidationError(fault.advice) from fault

    def validate_amount(self, value: Decimal) -> Decimal:
        """Dollars at two places."""
        return usd(value)


class PriceOutput(serializers.ModelSerializer):
    """What the practice charges for one unit of a code, in dollars, from a day through a day."""

    amount = serializers.CharField()

    class Meta:
        model = Charge
        fields = ("id", "code", "amount", "valid_from", "valid_through")
        read_only_fields = fields


class MadeReadyOutput(serializers.Serializer):
    """How many drafts were made ready, and how many a rule still blocks."""

    ready = serializers.IntegerField()
    blocked = serializers.IntegerField()


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


class DraftedOutput(serializers.Serializer):
    """The claims that were drafted."""

    results = ClaimOutput(many=True)


class FindingOutput(serializers.Serializer):
    """What the scrub finds: the rule's code, how grave it is, a sentence, the field, the source, the next act."""

    code = serializers.CharField()
    severity = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField()
    source: Any = serializers.CharField()
    next_act = serializers.CharField()


class WholeClaimOutput(ClaimOutput):
    """A claim with its diagnoses, lines and findings."""

    diagnoses: Any = serializers.SlugRelatedField("code", many=True, read_only=True)
    lines = ClaimLineOutput(many=True)
    findings = serializers.SerializerMethodField()

    class Meta:
        model = Claim
        fields = (*ClaimOutput.Meta.fields, "diagnoses", "lines", "findings")
        read_only_fields = fields

    @extend_schema_field(FindingOutput(many=True))
    def get_findings(self, claim: Claim) -> list[dict[str, str]]:
        """What the scrub finds on it now."""
        return [explained(finding) for finding in self.context["findings"]]


def explained(finding: Finding) -> dict[str, str]:
    """Return the rule's code, how grave it is, a sentence, the field, the rule's source and the next act."""
    rule = CATALOGUE[finding.code]
    said = {"code": finding.code, "severity": finding.severity, "message": finding.message, "field": finding.field}
    return {**said, "source": rule.source, "next_act": rule.next_act}


class SubmissionOutput(serializers.ModelSerializer):
    """Claims that went out together: as a file, with its numbers, or by hand, with a ``receipt`` or ``proof``.

    ``document`` is the file, or the CMS-1500 that was mailed.
    """

    total_charge = serializers.CharField()

    class Meta:
        model = Submission
        fields = (
            *("id", "channel", "sent_at", "claim_count", "total_charge", "receipt", "proof", "document"),
            *("batch_number", "interchange_control_number", "group_control_number", "usage", "receiver_id"),
            *("created_at", "withdrawn_at", "withdrawn_reason"),
        )
        read_only_fields = fields


class AnswersOutput(serializers.Serializer):
    """How many claims of a submission were accepted, were rejected, and have no answer yet."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    waiting = serializers.IntegerField()


class WholeSubmissionOutput(SubmissionOutput):
    """Claims that went out together, and what came back for them so far."""

    answers = serializers.SerializerMethodField()

    class Meta:
        model = Submission
        fields = (*SubmissionOutput.Meta.fields, "answers")
        read_only_fields = fields

    @extend_schema_field(AnswersOutput)
    def get_answers(self, submission: Submission) -> Any:
        """In numbers of claims."""
        return AnswersOutput(self.context["answers"]).data


class SubmittedClaimOutput(serializers.ModelSerializer):
    """A claim of a submission: ``answer`` is what came back for it there, empty while nothing did; ``state``, now."""

    control_number = serializers.CharField(source="claim.control_number")
    total_charge = serializers.CharField(source="claim.total_charge")
    state = serializers.CharField(source="claim.state")
    answer = serializers.ChoiceField([one.value for one in Verdict], allow_blank=True)

    class Meta:
        model = SubmittedClaim
        fields = ("id", "claim", "control_number", "total_charge", "state", "answer")
        read_only_fields = fields


class AcknowledgmentOutput(serializers.ModelSerializer):
    """An answer to a claim: accepted, or rejected in the payer's ``words``, and what shows it."""

    claim = serializers.IntegerField(source="submitted.claim_id")
    submission = serializers.IntegerField(source="submitted.submission_id")

    class Meta:
        model = Acknowledgment
        fields = (
            *("id", "claim", "submission", "verdict", "source", "answered_on", "words", "payer_claim_number"),
            *("reference", "proof", "created_at", "withdrawn_at", "withdrawn_reason"),
        )
        read_only_fields = fields


class AcknowledgmentInput(serializers.Serializer):
    """An answer. A rejection has ``words``; the payer's claim number, a ``reference`` or a ``proof`` shows it."""

    verdict = serializers.ChoiceField([one.value for one in Verdict])
    source: Any = serializers.ChoiceField([one.value for one in Source])
    answered_on = serializers.DateField()
    words = serializers.CharField(max_length=2000, default="", allow_blank=True)
    payer_claim_number = serializers.CharField(max_length=50, default="", allow_blank=True)
    reference = serializers.CharField(max_length=60, default="", allow_blank=True)
    proof = serializers.FileField(default=None, help_text=PROOF)

    def said(self) -> Answer:
        """Return what was said. Raises NotAProof."""
        said = self.validated_data
        proof = proofs.uploaded(said["proof"]) if said["proof"] else None
        known = {"verdict": Verdict(said["verdict"]), "source": Source(said["source"]), "proof": proof}
        return Answer(**said | known)


class ByHandInput(serializers.Serializer):
    """How ready claims were sent by hand; a ``receipt`` or a ``proof`` is needed."""

    claims = serializers.ListField(child=IdField(), allow_empty=False, max_length=5000)
    channel = serializers.ChoiceField([one.value for one in BY_HAND])
    sent_at = InstantField()
    receipt = serializers.CharField(max_length=60, default="", allow_blank=True)
    proof = serializers.FileField(default=None, help_text=PROOF)

    def said(self) -> ByHand:
        """Return what was sent and how. Raises NotAProof."""
        said = self.validated_data
        proof = proofs.uploaded(said["proof"]) if said["proof"] else None
        return ByHand(Channel(said["channel"]), said["sent_at"], said["receipt"], proof)


VA, NETWORK = PAYERS = ("VA", "NETWORK")


class VisitToBillOutput(serializers.Serializer):
    """A completed visit that stands on no live claim, and who pays for it: no claim of the NETWORK is drafted here."""

    id = serializers.IntegerField()
    authorization = serializers.IntegerField(source="authorization_id")
    location = serializers.IntegerField(source="location_id")
    on = serializers.DateField()
    payer = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(PAYERS))
    def get_payer(self, visit: Any) -> str:
        """By the affiliation of the referral."""
        return NETWORK if bills_network(visit.authorization.referral.affiliation) else VA
