"""Rows with a Veteran's data: each tells whose it is as it is read."""

from typing import Any, ClassVar, Self

from django.db import models

from vca.core import sight


class OfVeteran(models.Model):
    """A row with a Veteran's data; ``whose`` is the column of the Veteran's id."""

    whose: ClassVar = "veteran_id"

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **options: Any) -> Self:
        """Note the Veteran."""
        row = super().from_db(*args, **options)
        sight.note([row.its_veteran])
        return row

    @property
    def its_veteran(self) -> int | None:
        """The Veteran's id; ``None`` when that column was not read."""
        return self.__dict__.get(self.whose)
