"""Alerts, and how each reached each person."""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from vca.core.db import StateField, one_of
from vca.core.models.practice import Membership, Practice


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
    """Whether a threshold was delivered, or had been passed by a tighter one."""

    DELIVERED = "DELIVERED"
    PASSED = "PASSED"


class Alert(models.Model):
    """One open alert per subject and kind, upgraded in place as thresholds tighten."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=40)
    rule_code = models.CharField(max_length=12)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    threshold = models.IntegerField()
    basis = models.CharField(max_length=40)
    headline = models.CharField(max_length=200)
    due_on = models.DateField(null=True)
    state = StateField(AlertState, default=AlertState.OPEN)
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
        ]
        indexes = [models.Index(fields=["practice", "state", "due_on"], name="alert_inbox")]

    def __str__(self) -> str:
        return f"alert {self.pk}"


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
