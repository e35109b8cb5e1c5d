"""Work in the background: a row is the queue (docs/architecture.md)."""

import uuid
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import Q

from vca.core.db import StateField, one_of
from vca.core.models.document import Document
from vca.core.models.practice import Practice


class JobState(StrEnum):
    """A job waits, runs under a lease, and ends done, parked with a reason, or cancelled by a person."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    PARKED = "PARKED"
    CANCELLED = "CANCELLED"


class Job(models.Model):
    """One piece of work. ``fence`` grows with every taking, so that a worker that lost its lease can write nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, null=True, related_name="jobs")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=60)
    subject_ids = models.JSONField(default=list)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = StateField(JobState, default=JobState.QUEUED)
    due_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    result = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
                name="job_one_live_per_kind_and_key",
            ),
            one_of("state", JobState, model="job"),
            models.CheckConstraint(
                condition=~Q(state="RUNNING") | Q(locked_until__isnull=False),
                name="job_running_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
                name="job_live_by_due",
            ),
            models.Index(fields=["practice", "kind", "created_at"], name="job_by_practice"),
        ]

    def __str__(self) -> str:
        return f"job {self.pk}"
