"""Answers already given to repeated requests."""

from django.db import models

from vca.core.crypto import SealedTextField
from vca.core.models.practice import Practice


class IdempotencyKey(models.Model):
    """The first answer to a request with this key; a repetition gets the same one. No status yet: still running.

    ``body`` is JSON, which may show the data of ``veterans`` (ids).
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = SealedTextField(blank=True)
    veterans = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "key"], name="idempotency_key_once_per_practice")]

    def __str__(self) -> str:
        return f"idempotency key {self.pk}"
