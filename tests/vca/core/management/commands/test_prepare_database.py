"""A database of another commit is refused in one sentence, not by a traceback of every request."""

from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection

from vca.core.management.commands.prepare_database import refuse_of_another_commit

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def test_database_of_this_commit_is_taken() -> None:
    refuse_of_another_commit(connection)


@pytest.mark.parametrize(("gone", "named"), [("core_tries", "core_tries.failures"), ("key", "core_tries.key")])
def test_database_without_a_table_or_a_column_is_refused(
    monkeypatch: pytest.MonkeyPatch, gone: str, named: str
) -> None:
    asks = connection.introspection
    tables, columns = asks.table_names, asks.get_table_description

    def described(cursor: Any, table: str) -> list[Any]:
        return [row for row in columns(cursor, table) if table != "core_tries" or row.name != gone]

    monkeypatch.setattr(asks, "table_names", lambda cursor: [one for one in tables(cursor) if one != gone])
    monkeypatch.setattr(asks, "get_table_description", described)

    with pytest.raises(CommandError, match=f"made by another commit: {named} is not in it"):
        refuse_of_another_commit(connection)
