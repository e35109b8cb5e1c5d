"""Rows by the hundred thousand: COPY instead of INSERT, for tables that hold what the models say."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, OuterRef, Subquery

from tests.databases import owner_alias


def written(rows: Iterable[Any]) -> list[Any]:
    """COPY rows of one kind and put them into their table, under ids of its sequence; return them.

    PostgreSQL copies into no table with row-level security: a passing one stands between.
    """
    made = list(rows)
    if not made:
        return made
    table = type(made[0])._meta
    columns = ", ".join(f'"{column.column}"' for column in table.concrete_fields)
    default = connections["default"]
    with default.cursor() as cursor:
        _give_ids(made, cursor)
        cursor.execute(f'CREATE TEMPORARY TABLE passing (LIKE "{table.db_table}")')
        with cursor.copy(f"COPY passing ({columns}) FROM STDIN") as copy:
            for row in made:
                values = ((column, column.pre_save(row, True)) for column in table.concrete_fields)
                copy.write_row([column.get_db_prep_save(value, default) for column, value in values])
        cursor.execute(f'INSERT INTO "{table.db_table}" ({columns}) SELECT {columns} FROM passing')
        cursor.execute("DROP TABLE passing")
    return made


def _give_ids(rows: Sequence[Any], cursor: CursorWrapper) -> None:
    if rows[0].pk is not None:
        return
    sequence = f"pg_get_serial_sequence('{rows[0]._meta.db_table}', 'id')"
    cursor.execute(f"SELECT nextval({sequence}) FROM generate_series(1, {len(rows)})")
    for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
        row.pk = pk


def point_to_newest(model: type[Model], version: type[Model], name: str, order: str) -> None:
    newest = version._default_manager.filter(**{name: OuterRef("pk")}).order_by(f"-{order}")
    model._default_manager.filter(current__isnull=True).update(current=Subquery(newest.values("pk")[:1]))


def settle() -> None:
    """Let the owner vacuum and analyze now, and plan as for rows that lie in memory, as they do here.

    PostgreSQL's own random_page_cost is that of a spinning disk; it counts from the next connection on.
    """
    owner = connections[owner_alias()]
    with owner.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f"ALTER DATABASE {owner.ops.quote_name(owner.settings_dict['NAME'])} SET random_page_cost = 1.1")
    connections["default"].close()
