"""Nothing is served, and no worker begins, where real people's data would be beside what belongs to the try-out."""

from unittest.mock import patch

import pytest
from celery.exceptions import WorkerTerminate
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.db.models import QuerySet
from pytest_django import Settings

from tests.world import NOW
from vca.core import tasks
from vca.core.models import RealData, User
from vca.core.services import start

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def keep_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection of a test holds its transaction."""
    monkeypatch.setattr(tasks.connection, "close", lambda: None)


def real_data() -> None:
    RealData.objects.create(since=NOW)


def demo_person(*, active: bool = True) -> None:
    User.objects.create(email="biller@demo.example", name="Biller", is_demo=True, is_active=active)


def test_debug_beside_real_data_is_refused(settings: Settings) -> None:
    settings.DEBUG = True
    real_data()

    with pytest.raises(ImproperlyConfigured, match="DEBUG is on"):
        start.refuse_unsafe()


def test_demo_beside_real_data_is_refused() -> None:
    real_data()
    demo_person()

    with pytest.raises(ImproperlyConfigured, match="people of the demo"):
        start.refuse_unsafe()


@pytest.mark.parametrize("debug", [True, False])
def test_try_out_starts(settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    demo_person()

    start.refuse_unsafe()


def test_real_data_by_itself_starts() -> None:
    real_data()
    demo_person(active=False)

    start.refuse_unsafe()


def test_database_that_is_away_refuses_nothing() -> None:
    with patch.object(QuerySet, "exists", side_effect=DatabaseError):
        start.refuse_unsafe()


def test_workers_do_not_begin(settings: Settings) -> None:
    settings.DEBUG = True
    real_data()

    with pytest.raises(WorkerTerminate):
        tasks.refuse_unsafe()
    with pytest.raises(ImproperlyConfigured):
        call_command("work")


def test_practice_of_real_people_is_not_made_with_debug_on(settings: Settings) -> None:
    settings.DEBUG = True

    with pytest.raises(CommandError, match="DEBUG is on"):
        call_command("create_practice", "harbor", "Harbor", "--administrator=dana@example.org")
