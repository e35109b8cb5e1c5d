"""Claim files as they were written, and the numbers that are never used again."""

from django.conf import settings
from django.db import models

from billing.models.claim import Claim
from vca.core.db import MoneyField
from vca.core.models import Document, Job, Practice


class ControlNumbers(models.Model):
    """The last numbers taken by a practice; taken in the transaction that stores what carries them."""

    practice = models.OneToOneField(Practice, models.PROTECT, primary_key=True, related_name="control_numbers")
    interchange = models.PositiveIntegerField(default=0)
    group = models.PositiveIntegerField(default=0)
    batch = models.PositiveIntegerField(default=0)
    claim = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"control numbers of practice {self.practice_id}"


class Submission(models.Model):
    """One claim file: batch, control numbers, the stored bytes."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="submissions")
    batch_number = models.PositiveIntegerField()
    interchange_control_number = models.PositiveIntegerField()
    group_control_number = models.PositiveIntegerField()
    document = models.OneToOneField(Document, models.PROTECT, related_name="submission")
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="submission")
    claim_count = models.PositiveIntegerField()
    total_charge = MoneyField()
    usage = models.CharField(max_length=1)
    receiver_id = models.CharField(max_length=15)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "batch_number"], name="batch_number_once"),
            models.UniqueConstraint(
                fields=["practice", "interchange_control_number"], name="interchange_control_number_once"
            ),
            models.UniqueConstraint(fields=["practice", "group_control_number"], name="group_control_number_once"),
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}"


class SubmittedClaim(models.Model):
    """Which claim went out in which file."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="submitted")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="submitted")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "claim"], name="claim_once_in_a_file")]

    def __str__(self) -> str:
        return f"submitted claim {self.pk}"
