"""Visits and the services given in them, each by its own clinician."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from referrals.domain.contact import ContactWay
from referrals.domain.states import VisitState
from referrals.models.authorization import Authorization, AuthorizedService
from referrals.models.veteran import Veteran
from vca.core.db import StateField, one_of
from vca.core.models import Clinician, OfVeteran, Practice, ServiceLocation
from vca.domain.holidays import holiday_on


class Visit(OfVeteran):
    """One visit. ``on`` is its civil day at its location; instants are UTC. ``series`` is of those booked together.

    Of one that was missed or cancelled it is known how often the Veteran was sought, last ``contacted_on`` and
    ``contacted_by`` what, and whether VA was told; nothing where nobody asked. A penciled one ``waits_for``
    VA's cover, by the code of the rule that refused it, until the end of ``kept_until``.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="visits")
    authorization = models.ForeignKey(Authorization, models.PROTECT, related_name="visits")
    veteran = models.ForeignKey(Veteran, models.PROTECT, related_name="visits")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, related_name="+")
    state = StateField(VisitState)
    walk_in = models.BooleanField(default=False)
    on = models.DateField()
    starts_at = models.DateTimeField()
    booked_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    diagnoses = models.JSONField(default=list)
    contact_attempts = models.PositiveSmallIntegerField(null=True)
    contacted_on = models.DateField(null=True)
    contacted_by = StateField(ContactWay, blank=True)
    va_told = models.BooleanField(null=True)
    waits_for = models.CharField(max_length=10, blank=True)
    kept_until = models.DateField(null=True)
    series = models.UUIDField(null=True, editable=False)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            one_of("state", VisitState, model="visit"),
            models.CheckConstraint(
                condition=~Q(state__in=["ARRIVED", "COMPLETED"]) | Q(arrived_at__isnull=False),
                name="visit_arrived_has_a_moment",
            ),
            one_of("contacted_by", ContactWay, model="visit", blank=True),
            models.CheckConstraint(
                condition=Q(contact_attempts__gte=1, contacted_on__isnull=False) & ~Q(contacted_by="")
                | (Q(contact_attempts__isnull=True) | Q(contact_attempts=0))
                & Q(contacted_on__isnull=True, contacted_by=""),
                name="visit_contact_says_when_and_how",
            ),
            models.CheckConstraint(
                condition=~Q(state="PENCILLED") | ~Q(waits_for="") & Q(kept_until__isnull=False),
                name="visit_penciled_waits_for_something",
            ),
            models.CheckConstraint(
                condition=~Q(state="COMPLETED") | Q(completed_at__isnull=False), name="visit_completed_has_a_moment"
            ),
        ]
        indexes = [
            models.Index(fields=["series"], condition=Q(series__isnull=False), name="visit_series"),
            models.Index(fields=["practice", "on", "starts_at"], name="visit_day"),
            models.Index(fields=["authorization", "starts_at"], name="visit_by_authorization"),
            models.Index(fields=["location", "kept_until"], condition=Q(state="PENCILLED"), name="visit_penciled"),
            models.Index(
                fields=["practice", "on", "starts_at", "id"],
                condition=Q(state__in=["BOOKED", "ARRIVED"]),
                name="visit_expected",
            ),
            models.Index(
                fields=["practice", "on", "authorization", "id"],
                include=["location"],
                condition=Q(state="COMPLETED"),
                name="visit_completed",
            ),
        ]

    def __str__(self) -> str:
        return f"visit {self.pk}"

    @property
    def holiday(self) -> str:
        """The federal holiday on its day, empty on a working day."""
        return holiday_on(self.on)


class VisitService(models.Model):
    """One service of a visit: on which line it counts, who gave it, and what is billed for it.

    A visit counts once on a line, however many services of it stand on that line.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="services")
    service = models.ForeignKey(AuthorizedService, models.PROTECT, related_name="visit_services")
    clinician = models.ForeignKey(Clinician, models.PROTECT, related_name="+")
    code = models.CharField("CPT or HCPCS", max_length=5, blank=True)
    modifiers = models.CharField(max_length=11, blank=True)
    units = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    drug_name = models.CharField(max_length=80, blank=True)
    ndc = models.CharField("NDC", max_length=11, blank=True)
    ndc_unit = models.CharField(max_length=2, blank=True)
    ndc_quantity = models.DecimalField(max_digits=8, decimal_places=3, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gte=1), name="visit_service_has_units"),
            models.CheckConstraint(
                condition=Q(ndc="", ndc_unit="", ndc_quantity__isnull=True)
                | ~Q(ndc="") & ~Q(ndc_unit="") & Q(ndc_quantity__gt=0),
                name="visit_service_drug_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"visit service {self.pk}"
