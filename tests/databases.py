"""The test database: made, migrated and emptied by its owner, used by the application role.

On PostgreSQL the alias "owner" creates it, and prepare_database grants the role of the alias "default" its rights, so
that every test runs with the rights of production. Where there is no owner (SQLite) "default" does both.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

LOCK_TIMEOUT = "10s"  # a test that left a transaction open gets an error, not an eternal wait


class TestDatabase:
    """One test database for the length of a session or of a run of trials."""

    __test__ = False

    def __init__(self) -> None:
        self._alias = owner_alias()
        self._names = {alias: config["NAME"] for alias, config in settings.DATABASES.items()}
        self._tables: list[str] = []
        self._sequences: list[dict[str, str]] = []
        self._kept: dict[str, list[tuple[Any, ...]]] = {}

    def create(self, *, keep: bool = False) -> None:
        """Create it anew, or keep the one that is there; then bring its schema and grants up to date."""
        creation = connections[self._alias].creation
        name = creation._create_test_db(verbosity=0, autoclobber=True, keepdb=keep)
        self._point_to(dict.fromkeys(self._names, name))
        call_command("prepare_database", verbosity=0)
        self._look()
        # Through this method Django empties the database after a test with real transactions; "default" may not.
        connections["default"].ops.execute_sql_flush = lambda _: self.empty()

    def drop(self) -> None:
        """Remove it, and point the aliases to where they pointed before."""
        owner = connections[self._alias]
        name = owner.settings_dict["NAME"]
        self._point_to(self._names)
        if owner.vendor != "postgresql":
            return owner.creation._destroy_test_db(name, verbosity=0)
        with owner.creation._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def empty(self) -> None:
        """Bring every table and every sequence back to where the migrations left them, in one transaction."""
        kept_models = [model for model in apps.get_models() if model._meta.db_table in self._kept]
        with self._owner() as owner, owner.cursor() as cursor:
            cursor.execute("BEGIN")
            for table in self._filled(cursor):  # TRUNCATE of all would take a quarter of a second
                cursor.execute(f'DELETE FROM "{table}"')
            run(cursor, owner.ops.sequence_reset_by_name_sql(no_style(), self._sequences))
            for table, rows in self._kept.items():
                places = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
            run(cursor, owner.ops.sequence_reset_sql(no_style(), kept_models))
            cursor.execute("COMMIT")

    def _look(self) -> None:
        """Learn the tables, their sequences, and the rows that the migrations have left."""
        with self._owner() as owner, owner.cursor() as cursor:
            self._tables = owner.introspection.django_table_names(only_existing=True, include_views=False)
            self._sequences = owner.introspection.sequence_list()
            for table in self._filled(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                self._kept[table] = cursor.fetchall()

    def _filled(self, cursor: CursorWrapper) -> list[str]:
        """Return the tables that hold a row."""
        looks = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in self._tables]
        cursor.execute(" UNION ALL ".join(looks))
        return [table for (table,) in cursor.fetchall()]

    @contextmanager
    def _owner(self) -> Iterator[BaseDatabaseWrapper]:
        # Under a name of its own: Django forbids a test every alias of the settings that the test has not declared.
        with closing(connections[self._alias].copy("emptying")) as owner:
            if owner.vendor == "postgresql":
                with owner.cursor() as cursor:
                    cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            yield owner

    def _point_to(self, names: dict[str, str]) -> None:
        for alias, name in names.items():
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = name


def empty() -> None:
    """Empty the test database now; call this in the main thread, outside a transaction."""
    connections["default"].ops.execute_sql_flush([])


def owner_alias() -> str:
    """Return the alias of the role that owns the database."""
    return "owner" if "owner" in settings.DATABASES else "default"


def url(alias: str = "default") -> str:
    """Return the DATABASE_URL by which another process opens the test database as that alias does."""
    config = settings.DATABASES[alias]
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return f"sqlite:///{config['NAME']}"
    password = f":{quote(config['PASSWORD'], safe='')}" if config["PASSWORD"] else ""
    return f"postgresql://{config['USER']}{password}@{config['HOST']}:{config['PORT']}/{config['NAME']}"


def run(cursor: CursorWrapper, statements: list[str]) -> None:
    for statement in statements:
        cursor.execute(statement)
