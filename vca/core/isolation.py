"""Whose rows the database shows: those of one practice at a time, whatever the code above forgets to ask for.

On PostgreSQL every table with a practice's data has a policy (vca.core.policies) that compares its rows with the
connection's setting ``vca.practice``. ``within`` sets it and puts back what was there before. Where nothing is set,
such a table raises; only the few that are read to find the practice can be read. SQLite has no policies: there
``scope`` and ``own`` (vca.core.access) stand alone. Source: 45 CFR 164.312(a)(1), access control; OWASP
ASVS 8.4.1.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created
from django.dispatch import receiver

SET = "SELECT set_config('vca.practice', %s, false)"

# In force outside of any ``within``: nothing. Only a test database has more to say here (tests/databases.py).
resting: int | None = None
_chosen: ContextVar[int | None] = ContextVar("practice")


def in_force() -> int | None:
    """Return the id of the practice whose rows are shown now."""
    return _chosen.get(resting)


@contextmanager
def within(practice_id: int | None) -> Iterator[None]:
    """Show the rows of that practice alone, or with ``None`` only what is read to find one. Also a decorator.

    PostgreSQL takes a setting back with the transaction in which it was made, and blocks of transactions and of
    practices lie inside one another: what a rollback leaves is always what the block around it had set.
    """
    before = _chosen.set(practice_id)
    expected: tuple[type[Exception], ...] = (DatabaseError,)  # of a broken transaction: its rollback sets it back
    try:
        _tell(connection)
        yield
        expected = ()
    finally:
        _chosen.reset(before)
        with suppress(*expected):
            _tell(connection)


def switch(practice_id: int) -> None:
    """Go on in a practice to the end of the ``within`` around: for what is known in its middle, as behind a token."""
    _chosen.set(practice_id)
    _tell(connection)


def _tell(connection: Any) -> None:
    """Tell the connection, if it is open and was told otherwise last.

    Outside a transaction one that cannot be told is closed, and never used again.
    """
    wanted = "" if in_force() is None else str(in_force())
    if connection.vendor != "postgresql" or connection.connection is None or connection.told_practice == wanted:
        return
    connection.told_practice = None  # nobody knows, should this fail
    try:
        with connection.cursor() as cursor, connection.wrap_database_errors:
            # Past Django's own wrapper: this is no query of a page, and no test counts it as one.
            cursor.cursor.execute(SET, [wanted])
    except DatabaseError:
        if not connection.in_atomic_block:
            connection.close()
        raise
    connection.told_practice = wanted


@receiver(connection_created, dispatch_uid="tell a new connection whose rows it shows")
def _tell_new(connection: Any, **_: Any) -> None:
    connection.told_practice = ""
    _tell(connection)
