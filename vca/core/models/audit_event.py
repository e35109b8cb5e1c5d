"""The audit trail: append-only events, and seals that chain them. Source: 45 CFR 164.312(b), audit controls."""

from django.conf import settings
from django.db import models

from vca.core.models.practice import Practice


class AuditEvent(models.Model):
    """One deed: who did what to which thing, with its own hash. It goes in with the deed, in its transaction."""

    practice = models.ForeignKey(Practice, models.PROTECT, null=True, related_name="audit_events")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    acting_as = models.CharField(max_length=40)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    changes = models.JSONField(default=dict)
    at = models.DateTimeField()
    transaction_id = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(
                fields=["practice", "subject_kind", "subject_id", "id"],
                name="audit_by_subject",
            ),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["user", "at"], name="audit_by_person"),  # how much somebody reads in an hour
        ]

    def __str__(self) -> str:
        return f"audit event {self.pk}"


class Mention(models.Model):
    """A Veteran whom an event is about: by this table the events about one are found.

    What counts is what the event says, which its hash holds; ``verify_audit`` compares the two.
    """

    event = models.ForeignKey(AuditEvent, models.PROTECT, related_name="mentions", db_index=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+", db_index=False)
    veteran_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "veteran_id"], name="mention_once_in_an_event"),
        ]
        indexes = [models.Index(fields=["practice", "veteran_id", "event"], name="mention_by_veteran")]

    def __str__(self) -> str:
        return f"mention {self.pk}"


class AuditSeal(models.Model):
    """A link of the chain: the hash of the link before and of the events it seals, whose ids it names."""

    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    event_ids = models.JSONField()
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"audit seal {self.pk}"


class SealedEvent(models.Model):
    """Which seal holds which event, and what its hash was when it was sealed."""

    event = models.OneToOneField(AuditEvent, models.PROTECT, primary_key=True, related_name="sealed")
    seal = models.ForeignKey(AuditSeal, models.PROTECT, related_name="sealed_events")
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"sealed event {self.pk}"
