"""What the apps declare: their pages in one order, and their tables that are only added to."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.urls import NoReverseMatch, reverse

from vca.core import vocabulary
from vca.core.vocabulary import Family, Role

pytestmark = pytest.mark.both


def test_navigation_has_the_pages_of_all_apps_in_their_order() -> None:
    labels = [one.label for one in vocabulary.navigation()]

    assert labels == ["Today", "Referrals", "Authorizations", "Veterans", "Claims", "Alerts", "Dashboard", "Practice"]


def test_no_two_entries_have_one_place() -> None:
    places = [one.place for one in vocabulary.navigation()]

    assert len(set(places)) == len(places)


def test_every_kind_of_alert_is_told_to_somebody_who_may_see_alerts() -> None:
    kinds = vocabulary.alerts_told(frozenset(Role))

    assert kinds.keys() == vocabulary.kinds(Family.ALERT).keys()
    assert [one for one in kinds.values() for role in one.roles if "see_alerts" not in permissions(role)] == []


def permissions(role: Role) -> frozenset[str]:
    return vocabulary.permissions_of(frozenset([role]))


def test_kinds_of_alert_about_money_are_told_to_those_who_see_claims() -> None:
    roles = {role for role in Role if "see_claims" in permissions(role)}

    assert set(vocabulary.alert_kind("filing_limit").roles) == roles


@pytest.mark.parametrize("kind", sorted(vocabulary.kinds(Family.ALERT)))
def test_act_of_a_kind_of_alert_leads_to_a_page_and_its_thresholds_are_days(kind: str) -> None:
    found = vocabulary.alert_kind(kind)

    assert has_page(found.page)
    assert found.days == "" or vocabulary.parameter(found.days).read is vocabulary.whole_numbers


def has_page(name: str) -> bool:
    for args in ([], [1]):
        try:
            return bool(reverse(name, args=args))
        except NoReverseMatch:
            continue
    return False


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
