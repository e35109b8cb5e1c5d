"""Columns and constraints of our own: money in whole cents, states from the domain's enums."""

import json
import logging
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.exceptions import SuspiciousOperation
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


# Control characters, line and paragraph separators, and marks that turn the direction of writing.
_CONTROLS = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
# A link that a refused request leaves in the log still opens the account.
_ONE_TIME_LINK = re.compile(r"(/invitations/)[^/\s]+")


class LineWithoutRows(logging.Formatter):
    """Log one event as one line, and a traceback indented under it: no text that is logged can begin a line.

    A traceback comes without the rows that PostgreSQL quotes in it: they may hold a Veteran's name. What a stranger can
    send at will, such as a host that is not ours, has none: it would wash everything else out of a log of bounded size.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Write what a terminal or a reader of lines would obey as its number."""
        return _ONE_TIME_LINK.sub(r"\1...", super().formatMessage(record)).translate(_CONTROLS)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """Drop the lines that quote values, and all of them where the line itself says what was refused."""
        if isinstance(ei[1], SuspiciousOperation):
            return ""
        lines = super().formatException(ei).splitlines()
        told = (line for line in lines if not line.lstrip().startswith(("DETAIL:", "CONTEXT:")))
        return "\n".join(f"    {line.translate(_CONTROLS)}" for line in told)


class Among(models.Func):
    """Whether a whole number is one of many: one parameter for all of them, where ``IN`` has one for each.

    For thousands of ids it spares most of what Django spends on building the statement.
    """

    arity = 1
    template = "%(expressions)s = ANY(%%s)"
    output_field = models.BooleanField()

    def __init__(self, number: str, numbers: Iterable[int]) -> None:
        super().__init__(models.F(number))
        self.numbers = list(numbers)

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[Any, ...]]:
        """PostgreSQL takes a list."""
        sql, params = self.as_sql(compiler, connection)
        return sql, (*params, self.numbers)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[Any, ...]]:
        """SQLite takes JSON."""
        template = "%(expressions)s IN (SELECT value FROM JSON_EACH(%%s))"
        sql, params = self.as_sql(compiler, connection, template=template)
        return sql, (*params, json.dumps(self.numbers))


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


KEPT = "real data stays: this row is neither changed nor deleted"
ROW_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER real_data_unchanged BEFORE UPDATE ON core_realdata BEGIN SELECT RAISE(ABORT, '{}'); END",
        "CREATE TRIGGER real_data_stays BEFORE DELETE ON core_realdata BEGIN SELECT RAISE(ABORT, '{}'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_real_data() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '{}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER real_data_stays BEFORE UPDATE OR DELETE ON core_realdata "
        "FOR EACH ROW EXECUTE FUNCTION refuse_real_data()",
    ),
}


def guard_real_data(apps: Any, schema_editor: Any) -> None:
    """Let no UPDATE and no DELETE through to the row of RealData, whoever asks. A migration runs this."""
    for statement in ROW_GUARDS[schema_editor.connection.vendor]:
        schema_editor.execute(statement.format(KEPT))


TRAIL = ("core_auditevent", "core_mention", "core_auditseal", "core_sealedevent")
ONLY_ADDED_TO = "the audit trail is only added to"
_REFUSE = "CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END"
TRAIL_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_trail_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{ONLY_ADDED_TO}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)
_TRAIL_GUARD = (
    "CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change()"
)


def trail_guards(vendor: str) -> list[str]:
    """Return the statements that make the triggers by which nobody, not even the owner, changes or deletes an event.

    The owner can drop them, which is what ``verify_audit`` is for.
    """
    if vendor == "postgresql":
        return [TRAIL_FUNCTION, *(_TRAIL_GUARD.format(table=table) for table in TRAIL)]
    pairs = [(table, verb) for table in TRAIL for verb in ("UPDATE", "DELETE")]
    return [_REFUSE.format(table=table, verb=verb, words=ONLY_ADDED_TO) for table, verb in pairs]


def guard_trail(apps: Any, schema_editor: Any) -> None:
    """Let the audit trail only be added to, whoever asks. A migration runs this. Source: OWASP ASVS 16.4.2."""
    for statement in trail_guards(schema_editor.connection.vendor):
        schema_editor.execute(statement)
