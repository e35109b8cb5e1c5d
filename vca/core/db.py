"""Columns and constraints of our own: money in whole cents, states from the domain's enums."""

import logging
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, Q

from vca.domain.money import usd


class MoneyField(models.BigIntegerField):
    """Dollars at two places in Python, whole cents in the database, so that sums in SQL are exact everywhere."""

    # What the type checker is told: Django's own stubs know whole numbers only.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any
    _pyi_lookup_exact_type: Any

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        """Cents to dollars; sums of cents come back through here too."""
        return None if value is None else usd(Decimal(value) / 100)

    def to_python(self, value: Any) -> Decimal | None:
        """Dollars in, dollars out."""
        return None if value is None else usd(value)

    def get_prep_value(self, value: Any) -> int | None:
        """Dollars to cents."""
        return None if value is None else int(usd(value) * 100)


class LineWithoutRows(logging.Formatter):
    """Log a traceback without the rows that PostgreSQL quotes in it: they may hold a Veteran's name."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """Drop the lines that quote values."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(line for line in lines if not line.lstrip().startswith(("DETAIL:", "CONTEXT:")))


class JSONList(models.Func):
    """One value of each row of a subquery as a JSON list, in no order; ``None`` or empty without rows."""

    function = "JSONB_AGG"
    arity = 1
    output_field = models.JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[str | int, ...]]:
        """SQLite has another name for it."""
        sql, params = self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY")
        return sql, tuple(params)


def choices(states: type[StrEnum]) -> list[tuple[str, str]]:
    """Return a domain enum as Django choices: the label is the name in plain words."""
    return [(state.value, state.value.replace("_", " ").capitalize()) for state in states]


def StateField(states: type[StrEnum], **options: Any) -> models.CharField:  # noqa: N802 - reads as a field
    """Return the column of a domain enum; ``one_of`` is its constraint."""
    return models.CharField(max_length=24, choices=choices(states), **options)


def one_of(field: str, states: type[StrEnum], *, model: str, blank: bool = False) -> CheckConstraint:
    """Return the constraint that a column holds one of the enum's values, or nothing where it may be ``blank``."""
    values = [state.value for state in states] + [""] * blank
    return CheckConstraint(condition=Q(**{f"{field}__in": values}), name=f"{model}_{field}_is_known")


def in_order(ids: Sequence[int]) -> list[int]:
    """Return ids in the one order in which rows are locked, so that two acts never wait for each other in a ring."""
    return sorted(ids)
