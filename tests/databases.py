"""The test database: made, migrated and emptied by its owner, used by the application role.

On PostgreSQL the alias "owner" creates it, and prepare_database grants the role of the alias "default" its rights, so
that every test runs with the rights of production. Where there is no owner (SQLite) "default" does both.

A test makes and looks at the rows of several practices. For that a test database has one policy more, by which practice
0 sees everything, and practice 0 is in force wherever a test has set no other. Requests, jobs and commands set theirs,
or none, as in production, and then this policy shows nothing.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from vca.core import isolation, policies
from vca.core.db import TRAIL, trail_guards

EVERYTHING = 0
LOCK_TIMEOUT = "10s"  # a test that left a transaction open gets an error, not an eternal wait


def analyze() -> None:
    """Let the owner look at what committed rows are like, after many were written at once.

    Without it PostgreSQL plans a join of thousands of rows as one of a few, and takes minutes for it.
    """
    with closing(connections[owner_alias()].copy("analyze")) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")


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
        show_everything()
        self._look()
        # Through this method Django empties the database after a test with real transactions; "default" may not.
        connections["default"].ops.execute_sql_flush = lambda _: self.empty()

    def drop(self) -> None:
        """Remove it, and point the aliases to where they pointed before."""
        isolation.resting = None
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
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("BEGIN")
            filled = self._filled(cursor)
            with unguarded(cursor) if set(filled) & set(TRAIL) else nullcontext():
                for table in filled:  # TRUNCATE of all would take a quarter of a second
                    cursor.execute(f'DELETE FROM "{table}"')
            run(cursor, owner.ops.sequence_reset_by_name_sql(no_style(), self._sequences))
            for table, rows in self._kept.items():
                places = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
            run(cursor, owner.ops.sequence_reset_sql(no_style(), kept_models))
            cursor.execute("COMMIT")

    def _look(self) -> None:
        """Learn the tables, their sequences, and the rows that the migrations have left."""
        with as_owner() as owner, owner.cursor() as cursor:
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

    def _point_to(self, names: dict[str, str]) -> None:
        for alias, name in names.items():
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = name


def empty() -> None:
    """Empty the test database now; call this in the main thread, outside a transaction."""
    connections["default"].ops.execute_sql_flush([])


def show_everything() -> None:
    """Let practice 0 see everything, and be in force in this process."""
    isolation.resting = EVERYTHING
    sees = f"USING (current_setting('vca.practice', true) = '{EVERYTHING}')"
    _on_each_covered_table(f'CREATE POLICY tests ON "{{}}" TO {settings.DATABASES["default"]["USER"]} {sees}')


def show_one_practice_at_a_time() -> None:
    """Leave the policies that production has: a benchmark measures those."""
    isolation.resting = None
    _on_each_covered_table('DROP POLICY tests ON "{}"')


def _on_each_covered_table(statement: str) -> None:
    with as_owner() as owner, owner.cursor() as cursor:
        if owner.vendor == "postgresql":
            run(cursor, [statement.format(table) for table in policies.covered()])


@contextmanager
def as_owner() -> Iterator[BaseDatabaseWrapper]:
    """Open a connection of the owner's to the test database."""
    # Under a name of its own: Django forbids a test every alias of the settings that the test has not declared.
    with closing(connections[owner_alias()].copy("as_owner")) as owner:
        if owner.vendor == "postgresql":
            with owner.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        yield owner


@contextmanager
def unguarded(cursor: CursorWrapper) -> Iterator[None]:
    """Take the triggers of the audit trail away for the block, in the owner's transaction, as whoever tampers would."""
    postgresql = cursor.db.vendor == "postgresql"
    if postgresql:
        run(cursor, [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TRAIL])
    else:
        run(cursor, [f"DROP TRIGGER {table}_{verb}" for table in TRAIL for verb in ("UPDATE", "DELETE")])
    yield
    if postgresql:
        run(cursor, ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"])  # none may be pending
        run(cursor, [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in TRAIL])
    else:
        run(cursor, trail_guards("sqlite"))


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
