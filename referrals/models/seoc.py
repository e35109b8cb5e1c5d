"""Standardized Episodes of Care: a version is pinned by each authorization and never changes.

Source: VA SEOC REST API guide. A discontinued version stays valid for the referrals that were issued under it.
"""

from django.db import models

from referrals.domain.states import LimitKind
from vca.core.db import StateField, one_of
from vca.core.models import Practice


class SeocVersion(models.Model):
    """One version, by VA's own identifier, such as ``MH_KETAMINE INFUSION_1.0.2``."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    seoc_id = models.CharField("SEOC", max_length=160)
    duration_days = models.PositiveIntegerField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "seoc_id"], name="seoc_version_once_per_practice")]

    def __str__(self) -> str:
        return f"SEOC version {self.pk}"


class SeocLine(models.Model):
    """One service line of a version: its limit and the codes listed for it."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    seoc_version = models.ForeignKey(SeocVersion, models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    limit_kind = StateField(LimitKind)
    visits = models.PositiveIntegerField(null=True, blank=True)
    codes = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seoc_version", "number"], name="seoc_line_number_once"),
            one_of("limit_kind", LimitKind, model="seoc_line"),
        ]

    def __str__(self) -> str:
        return f"SEOC line {self.pk}"
