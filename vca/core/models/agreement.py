"""Veterans Care Agreements: several at once, each with the VA facility, sites and clinicians it covers.

Source: 38 USC 1703A, 38 CFR 17.4100-17.4135, VA Form 10-10171.
"""

from datetime import date
from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from vca.core.db import StateField, one_of
from vca.core.models.practice import Clinician, Practice, ServiceLocation


class EndedBy(StrEnum):
    """Who ended an agreement before its last day."""

    PRACTICE = "PRACTICE"
    VA = "VA"


class Agreement(models.Model):
    """One agreement. ``ended_on`` is the last day in force when either side ended it early."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="agreements")
    number = models.CharField(max_length=40)
    va_facility = models.CharField("VA facility", max_length=120)
    station = models.CharField("Station number", max_length=6, blank=True)
    valid_from = models.DateField()
    valid_through = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    ended_by = StateField(EndedBy, blank=True)
    notice_address = models.TextField(blank=True)
    dispute_address = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "number"], name="agreement_number_once_per_practice"),
            models.CheckConstraint(
                condition=Q(valid_through__gte=F("valid_from")),
                name="agreement_runs_forward",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by="") | Q(ended_on__isnull=False) & ~Q(ended_by=""),
                name="agreement_end_names_its_side",
            ),
            one_of("ended_by", EndedBy, model="agreement", blank=True),
        ]

    def __str__(self) -> str:
        return f"agreement {self.pk}"

    @property
    def last_day(self) -> date:
        """The last civil day in force."""
        return min(self.valid_through, self.ended_on) if self.ended_on else self.valid_through


class AgreementLocation(models.Model):
    """A site covered by an agreement, from a day to a day."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="covered_locations")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_through = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "location", "valid_from"],
                name="covered_location_once",
            )
        ]

    def __str__(self) -> str:
        return f"covered location {self.pk}"


class AgreementClinician(models.Model):
    """A clinician covered by an agreement, from a day to a day."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="covered_clinicians")
    clinician = models.ForeignKey(Clinician, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_through = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "clinician", "valid_from"],
                name="covered_clinician_once",
            )
        ]

    def __str__(self) -> str:
        return f"covered clinician {self.pk}"
