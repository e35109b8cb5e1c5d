"""The practice's own prices, by code and day."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from vca.core.db import MoneyField
from vca.core.models import Practice
from vca.domain.money import usd


class Charge(models.Model):
    """What the practice charges for one unit of a code, from a day through a day."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="charges")
    code = models.CharField("CPT or HCPCS", max_length=5)
    amount = MoneyField()
    valid_from = models.DateField()
    valid_through = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "code", "valid_from"], name="charge_one_price_from_a_day"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="charge_above_zero"),
            models.CheckConstraint(
                condition=Q(valid_through__isnull=True) | Q(valid_through__gte=F("valid_from")),
                name="charge_period_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"charge {self.pk}"

    def of(self, units: int) -> Decimal:
        """Return the charge for so many units, in dollars."""
        return usd(self.amount * units)
