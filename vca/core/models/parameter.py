"""Values of a practice for what law, contract or VA may change; the shipped values stand in each app's vocabulary."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vca.core.models.practice import Practice


class ParameterValue(models.Model):
    """A practice's own value of a declared parameter, from a day through a day."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="parameter_values")
    name = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    valid_from = models.DateField()
    valid_through = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200)
    verified_on = models.DateField("Verified on", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "name", "valid_from"],
                name="parameter_one_value_from_a_day",
            ),
            models.CheckConstraint(
                condition=Q(valid_through__isnull=True) | Q(valid_through__gte=F("valid_from")),
                name="parameter_period_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"parameter value {self.pk}"
