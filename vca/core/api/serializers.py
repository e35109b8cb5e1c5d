"""Translators between JSON and the shapes of core: they save nothing."""

from rest_framework import serializers

from vca.core.models import Alert, Clinician, Job, ServiceLocation


class IdField(serializers.IntegerField):
    """The id of a row, no greater than a database can look for."""

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1)


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
    """A clinician of the practice."""

    class Meta:
        model = Clinician
        fields = ("id", "last_name", "first_name", "credentials", "npi", "is_active")
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
