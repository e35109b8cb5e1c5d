"""Alerts, and how each reached each person."""

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import Q

from vca.core.db import StateField, one_of
from vca.core.models.practice import Membership, Practice, ServiceLocation


class AlertState(StrEnum):
    """Open until its cause is gone or a person dismissed it."""

    OPEN = "OPEN"
    DISMISSED = "DISMISSED"
    RESOLVED = "RESOLVED"


class Channel(StrEnum):
    """How an alert reaches somebody."""

    IN_PRODUCT = "IN_PRODUCT"
    EMAIL = "EMAIL"


class Outcome(StrEnum):
    """Whether a threshold was delivered, passed by a tighter one, is noted and not yet on its way, or given up.

    REFUSED: the mail server will never take mail for that address.
    """

    DELIVERED = "DELIVERED"
    PASSED = "PASSED"
    NOTED = "NOTED"
    REFUSED = "REFUSED"


class Alert(models.Model):
    """One open alert per subject and kind, upgraded in place as thresholds tighten.

    ``location`` is the place whose calendar it follows; without one, that of the practice's first place. It sleeps
    until ``wakes_at``, the first moment of ``snoozed_until`` there; the day, who and why stay known after it woke.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="alerts")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    rule_code = models.CharField(max_length=12)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    threshold = models.IntegerField()
    basis = models.CharField(max_length=40)
    headline = models.CharField(max_length=200)
    due_on = models.DateField(null=True)
    state = StateField(AlertState, default=AlertState.OPEN)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    snoozed_until = models.DateField(null=True)
    snoozed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    wakes_at = models.DateTimeField(null=True)
    raised_at = models.DateTimeField()
    upgraded_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "subject_kind", "subject_id", "kind"],
                condition=Q(state="OPEN"),
                name="alert_one_open_per_subject_and_kind",
            ),
            one_of("state", AlertState, model="alert"),
            models.CheckConstraint(
                condition=Q(state="OPEN", closed_at__isnull=True) | ~Q(state="OPEN") & Q(closed_at__isnull=False),
                name="alert_closed_has_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(wakes_at__isnull=True) | Q(snoozed_until__isnull=False),
                name="alert_sleeps_until_a_day",
            ),
        ]
        indexes = [models.Index(fields=["practice", "state", "due_on"], name="alert_inbox")]

    def __str__(self) -> str:
        return f"alert {self.pk}"

    @property
    def as_shown(self) -> str:
        """Return its id, threshold and basis, apart by spaces: what a form names it by, as its reader saw it."""
        return f"{self.pk} {self.threshold} {self.basis}"


class Delivery(models.Model):
    """One threshold of one alert, on one basis, to one person by one channel: once for ever."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    threshold = models.IntegerField()
    basis = models.CharField(max_length=40)
    recipient = models.ForeignKey(Membership, models.PROTECT, related_name="deliveries")
    channel = StateField(Channel, default=Channel.IN_PRODUCT)
    outcome = StateField(Outcome, default=Outcome.DELIVERED)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "kind",
                    "subject_kind",
                    "subject_id",
                    "threshold",
                    "basis",
                    "recipient",
                    "channel",
                ],
                name="delivery_once_for_ever",
            ),
            one_of("channel", Channel, model="delivery"),
            one_of("outcome", Outcome, model="delivery"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
