"""Days of a place: those on which it is closed, a clinician is away, or visits were left open."""

from django.db import models
from django.db.models import F, Q

from vca.core.models import Clinician, Practice, ServiceLocation


class ClosedDays(models.Model):
    """Civil days on which the practice, or one place of it, gives no visits; both ends included."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField()
    valid_through = models.DateField()
    reason = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_through__gte=F("valid_from")) & ~Q(reason=""),
                name="closed_days_run_forward_with_a_reason",
            )
        ]
        indexes = [models.Index(fields=["practice", "valid_through"], name="closed_days_to_come")]

    def __str__(self) -> str:
        return f"closed days {self.pk}"


class Absence(models.Model):
    """Civil days on which a clinician gives no visits, both ends included. Why is nobody's business here."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    clinician = models.ForeignKey(Clinician, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_through = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_through__gte=F("valid_from")), name="absence_runs_forward"),
        ]
        indexes = [models.Index(fields=["clinician", "valid_through"], name="absence_to_come")]

    def __str__(self) -> str:
        return f"absence {self.pk}"


class OpenDay(models.Model):
    """A civil day that was over at a place while visits of it were open: what its alert is about. The row stays."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, related_name="+")
    on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["location", "on"], name="open_day_once_at_a_place")]

    def __str__(self) -> str:
        return f"open day {self.pk}"
