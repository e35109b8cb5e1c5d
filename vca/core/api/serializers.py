"""Translators between JSON and the shapes of core: they save nothing."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from vca.core.models import Alert, Clinician, Job, ServiceLocation, Task

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099


class IdField(serializers.IntegerField):
    """The id of a row, no greater than a database can look for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class InstantField(serializers.DateTimeField):
    """A moment with its offset from UTC: without one nobody knows which hour is meant."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse a moment without an offset, and one that no calendar of a clinic holds."""
        if timezone.is_naive(value):
            raise serializers.ValidationError("Give the offset from UTC too, as in 2026-11-03T10:00:00-08:00.")
        if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
            raise serializers.ValidationError(f"The year lies between {EARLIEST_YEAR} and {LATEST_YEAR}.")
        return super().enforce_timezone(value)


class ReasonInput(serializers.Serializer):
    """Why something is done; the reason is kept."""

    reason = serializers.CharField(max_length=200)


class ShownInput(serializers.Serializer):
    """The alert's threshold and basis as they were read: if one is given and has changed since, the act is refused."""

    threshold = serializers.IntegerField(required=False, min_value=-(2**31), max_value=2**31 - 1)
    basis = serializers.CharField(required=False, max_length=40)


class DismissInput(ShownInput):
    """Why an alert is dismissed; the reason is kept."""

    reason = serializers.CharField(max_length=200)


class SnoozeInput(ShownInput):
    """Until which civil day at its place an alert sleeps, from tomorrow to its due day or next threshold; and why."""

    until = serializers.DateField()
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class LocationOutput(serializers.ModelSerializer):
    """A place where visits happen; its zone decides which civil day a visit belongs to."""

    class Meta:
        model = ServiceLocation
        fields = ("id", "name", "time_zone", "place_of_service", "is_active")
        read_only_fields = fields


class ClinicianOutput(serializers.ModelSerializer):
    """A clinician of the practice; ``approved_on`` is when VA approved them, null as long as it has not."""

    class Meta:
        model = Clinician
        fields = ("id", "last_name", "first_name", "credentials", "npi", "approved_on", "is_active")
        read_only_fields = fields


class JobOutput(serializers.ModelSerializer):
    """Background work: how far it is, what came of it, and the document that it wrote."""

    class Meta:
        model = Job
        fields = ("id", "kind", "state", "done", "total", "outcome", "result", "created_at", "finished_at")
        read_only_fields = fields


class AlertOutput(serializers.ModelSerializer):
    """An alert: its rule, what it is about, and the day it hangs on. The headline names no Veteran.

    ``basis`` is what its ``threshold`` was computed from; an act that names both is refused once either has changed.
    It sleeps while ``wakes_at`` lies ahead; ``snoozed_until``, ``snoozed_by`` and ``note`` tell of the last time that
    it was snoozed. ``owner`` is who has taken it.
    """

    class Meta:
        model = Alert
        fields = (
            *("id", "kind", "rule_code", "subject_kind", "subject_id", "threshold", "basis", "headline"),
            *("due_on", "state"),
            *("location", "owner", "snoozed_until", "snoozed_by", "note", "wakes_at"),
            *("raised_at", "closed_at", "closed_reason"),
        )
        read_only_fields = fields


class TaskOutput(serializers.ModelSerializer):
    """What a person must do; ``owner`` is who has taken it. The headline names no Veteran."""

    class Meta:
        model = Task
        fields = ("id", "kind", "subject_kind", "subject_id", "headline", "owner", "due_on", "created_at", "closed_at")
        read_only_fields = fields
