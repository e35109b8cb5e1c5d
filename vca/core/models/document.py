"""Everything received or produced, as bytes that never change."""

from django.conf import settings
from django.db import models

from vca.core.models.practice import Practice


class Document(models.Model):
    """The record of one file. The same bytes of the same kind are one document of a practice."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=60)
    filename = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "kind", "sha256"],
                name="document_same_bytes_are_one",
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"
