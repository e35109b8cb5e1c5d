"""What a person must do."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from vca.core.models.practice import Practice


class Task(models.Model):
    """One open task per subject and kind; it closes itself when its cause is gone."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    headline = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proof = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "subject_kind", "subject_id", "kind"],
                condition=Q(closed_at__isnull=True),
                name="task_one_open_per_subject_and_kind",
            )
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"
