"""When everything was backed up, and which of the backups was shown to restore."""

from enum import StrEnum

from django.db import models

from vca.core.db import StateField, one_of


class BackupDeed(StrEnum):
    """A backup was made, or restored into an empty place and found to be whole."""

    MADE = "MADE"
    PROVEN = "PROVEN"


class BackupRun(models.Model):
    """One deed with one backup, which ``archive`` names; append-only."""

    deed = StateField(BackupDeed)
    archive = models.CharField(max_length=32)
    rows = models.PositiveBigIntegerField()
    files = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [one_of("deed", BackupDeed, model="backup_run")]
        indexes = [models.Index(fields=["deed", "at"], name="backup_run_newest")]

    def __str__(self) -> str:
        return f"backup run {self.pk}"
