import subprocess
import sys
from threading import Thread

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

pytestmark = pytest.mark.both
COUNT = "from django.contrib.contenttypes.models import ContentType; print('kinds', ContentType.objects.count())"


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE core_practice CASCADE",
        "CREATE TABLE mine (id int)",
        "ALTER TABLE core_practice ADD COLUMN mine int",
    ],
)
def test_the_application_changes_no_schema(statement: str) -> None:
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_emptying_brings_back_what_the_migrations_left() -> None:
    before = list(ContentType.objects.order_by("pk").values_list())
    first = ContentType.objects.create(app_label="none", model="nothing").pk
    ContentType.objects.filter(app_label="core").delete()

    call_command("flush", verbosity=0, interactive=False)

    assert list(ContentType.objects.order_by("pk").values_list()) == before
    assert ContentType.objects.create(app_label="none", model="nothing").pk == first


@pytest.mark.django_db(transaction=True)
def test_a_thread_sees_what_was_committed() -> None:
    ContentType.objects.create(app_label="none", model="nothing")
    seen: list[int] = []

    def look() -> None:
        seen.append(ContentType.objects.filter(app_label="none").count())
        connection.close()

    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_what_was_committed(process_environment: dict[str, str]) -> None:
    ContentType.objects.create(app_label="none", model="nothing")
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", COUNT]
    seen = subprocess.run(command, env=process_environment, capture_output=True, text=True, check=True)
    assert seen.stdout == f"kinds {ContentType.objects.count()}\n"
