"""Claims: drafted from completed visits of one authorization, kept as they were built."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.domain.states import ClaimState
from vca.core.db import MoneyField, StateField, one_of
from vca.core.models import Clinician, OfVeteran, Practice, ServiceLocation


class Claim(OfVeteran):
    """One claim. ``revision`` grows with every change, so that a file never carries half of one.

    ``first_day`` is the earliest day of service of its lines: the filing limit runs from it, and lists follow it.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="claims")
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="claims")
    authorization_version = models.ForeignKey("referrals.AuthorizationVersion", models.PROTECT, related_name="claims")
    veteran = models.ForeignKey("referrals.Veteran", models.PROTECT, related_name="claims")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, related_name="+")
    state = StateField(ClaimState, default=ClaimState.DRAFT)
    control_number = models.CharField("Claim number", max_length=14)
    frequency_code = models.CharField(max_length=1, default="1")
    original_claim_number = models.CharField(max_length=50, blank=True)
    total_charge = MoneyField(default=0)
    first_day = models.DateField()
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ready_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "control_number"], name="claim_number_once_per_practice"),
            one_of("state", ClaimState, model="claim"),
            models.CheckConstraint(condition=Q(total_charge__gte=0), name="claim_total_not_negative"),
            models.CheckConstraint(
                condition=~Q(state="SENT") | Q(sent_at__isnull=False), name="claim_sent_has_a_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state="READY") | Q(ready_at__isnull=False), name="claim_ready_has_a_moment"
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "state", "first_day", "id"], name="claim_by_urgency"),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"


class ClaimDiagnosis(models.Model):
    """A diagnosis of a claim in its place; the first is the principal one. 837P HI, CMS-1500 box 21."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="diagnoses")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim", "position"], name="claim_diagnosis_place_once"),
            models.UniqueConstraint(fields=["claim", "code"], name="claim_diagnosis_code_once"),
        ]

    def __str__(self) -> str:
        return f"claim diagnosis {self.pk}"


class ClaimLine(models.Model):
    """One billed service. A service of a visit stands on one live line only.

    ``is_live`` is whether the claim's state is one of ``states.LIVE``, kept here for the constraint and the index.
    ``visit`` and ``service_date`` never change: what is still to bill is asked all day long, by day.
    ``visit_service`` is empty once the visit was corrected after the draft was made: the draft must be built again.
    """

    # What queries.whole_claims adds from the authorized service; None once the visit was corrected.
    description: str | None
    codes: list[str] | None

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    control_number = models.CharField(max_length=30)
    visit = models.ForeignKey("referrals.Visit", models.PROTECT, related_name="claim_lines")
    visit_service = models.ForeignKey("referrals.VisitService", models.PROTECT, null=True, related_name="claim_lines")
    is_live = models.BooleanField(default=True)
    service_date = models.DateField()
    code = models.CharField(max_length=5, blank=True)
    modifiers = models.CharField(max_length=11, blank=True)
    units = models.PositiveSmallIntegerField()
    charge = MoneyField(default=0)
    clinician = models.ForeignKey(Clinician, models.PROTECT, related_name="+")
    drug_name = models.CharField(max_length=80, blank=True)
    ndc = models.CharField("NDC", max_length=11, blank=True)
    ndc_unit = models.CharField(max_length=2, blank=True)
    ndc_quantity = models.DecimalField(max_digits=8, decimal_places=3, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim", "number"], name="claim_line_number_once"),
            models.UniqueConstraint(fields=["practice", "control_number"], name="claim_line_control_number_once"),
            models.UniqueConstraint(
                fields=["visit_service"], condition=Q(is_live=True), name="visit_service_on_one_live_claim"
            ),
            models.CheckConstraint(condition=Q(charge__gte=0), name="claim_line_charge_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["practice", "service_date", "visit"],
                include=["claim"],
                condition=Q(is_live=True),
                name="claim_line_live_visit",
            )
        ]

    def __str__(self) -> str:
        return f"claim line {self.pk}"
