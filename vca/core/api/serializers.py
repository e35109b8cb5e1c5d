"""Translators between JSON and the shapes of core: they save nothing."""

from typing import Any

from rest_framework import serializers

from vca.core.models import Alert, Clinician, Job, ServiceLocation, Task


class IdField(serializers.IntegerField):
    """The id of a row, no greater than a database can look for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class ReasonInput(serializers.Serializer):
    """Why something is done; the reason is kept."""

    reason = serializers.CharField(max_length=200)


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
    """An alert: its rule, what it is about, and the day it hangs on. The headline names no Veteran."""

    class Meta:
        model = Alert
        fields = (
            *("id", "kind", "rule_code", "subject_kind", "subject_id", "threshold", "headline", "due_on", "state"),
            *("raised_at", "closed_at", "closed_reason"),
        )
        read_only_fields = fields


class TaskOutput(serializers.ModelSerializer):
    """What a person must do; ``owner`` is who has taken it. The headline names no Veteran."""

    class Meta:
        model = Task
        fields = ("id", "kind", "subject_kind", "subject_id", "headline", "owner", "due_on", "created_at", "closed_at")
        read_only_fields = fields
