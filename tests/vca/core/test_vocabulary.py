"""What the apps declare: their pages in one order, and their tables that are only added to."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from vca.core import vocabulary

pytestmark = pytest.mark.both


def test_navigation_has_the_pages_of_all_apps_in_their_order() -> None:
    labels = [one.label for one in vocabulary.navigation()]

    assert labels == ["Today", "Referrals", "Authorizations", "Veterans", "Claims", "Alerts", "Practice"]


def test_no_two_entries_have_one_place() -> None:
    places = [one.place for one in vocabulary.navigation()]

    assert len(set(places)) == len(places)


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(vocabulary.append_only()))
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_application_may_neither_change_nor_delete_what_is_only_added_to(label: str, statement: str) -> None:
    model = apps.get_model(label)
    column = model._meta.pk.column if model._meta.pk else ""

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(model._meta.db_table, column, column))
