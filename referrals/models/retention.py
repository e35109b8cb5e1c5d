"""Legal holds, and what is left of records that were disposed of.

Sources: 45 CFR 164.316(b)(2)(i), retention; 164.310(d)(2)(i), disposal; Fed. R. Civ. P. 37(e), duty to preserve.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from referrals.models.veteran import Veteran
from vca.core.models import OfVeteran, Practice


class LegalHold(OfVeteran):
    """While it stands nothing of the Veteran is disposed of; without a Veteran, nothing of the practice."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="legal_holds")
    veteran = models.ForeignKey(Veteran, models.PROTECT, null=True, related_name="holds")
    matter = models.CharField("Matter or reference", max_length=80)
    reason = models.CharField(max_length=200)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(matter="") & ~Q(reason=""), name="hold_says_why"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_reason="")
                | Q(lifted_at__gte=F("placed_at")) & ~Q(lifted_reason=""),
                name="hold_lifted_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "veteran"], condition=Q(lifted_at__isnull=True), name="hold_standing")
        ]

    def __str__(self) -> str:
        return f"legal hold {self.pk}"


class Disposal(models.Model):
    """The certificate of a disposal: what, when, by which rule, asked for by whom; added to, never changed.

    It names the Veteran by the number that the audit trail has, and nobody else. ``counts`` is rows by table; ``files``
    were deleted, ``files_left`` name other Veterans too and go with the last of them.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="disposals")
    veteran_number = models.BigIntegerField()
    rule = models.CharField(max_length=40)
    years = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)
    last_day = models.DateField()
    due_on = models.DateField()
    counts = models.JSONField()
    files = models.PositiveIntegerField()
    files_left = models.PositiveIntegerField()
    at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["veteran_number"], name="disposal_once_of_a_veteran"),
        ]
        indexes = [models.Index(fields=["practice", "at"], name="disposal_newest")]

    def __str__(self) -> str:
        return f"disposal {self.pk}"
