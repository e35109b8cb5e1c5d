"""/healthz and /readyz: what they answer, to whom, and what makes them answer otherwise."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tests.faults.processes import free_port
from vca.core import health

pytestmark = [pytest.mark.both, pytest.mark.django_db]


def asked(client: Client, path: str) -> tuple[int, dict[str, Any]]:
    response = client.get(path, headers={"host": "10.0.0.7"})
    return response.status_code, response.json()


@pytest.fixture
def no_redis(settings: Any) -> None:
    settings.REDIS_URL = ""


def test_healthz_asks_for_nothing(client: Client) -> None:
    assert asked(client, "/healthz") == (200, {"alive": True})


def test_readyz_names_its_parts(client: Client, no_redis: None) -> None:
    told = {"ready": True, "database": "ok", "documents": "ok", "doorbell": "not used"}
    assert asked(client, "/readyz") == (200, told)


def test_readyz_waits_for_the_tables_of_this_version(
    client: Client, no_redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = MigrationRecorder(connection).applied_migrations()
    older = {key: row for key, row in applied.items() if key[0] != "billing"}
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _: older)
    status, told = asked(client, "/readyz")
    assert (status, told["database"]) == (503, "waits for prepare_database")


def test_readyz_without_a_place_for_files(client: Client, no_redis: None, settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "gone" / "documents"
    status, told = asked(client, "/readyz")
    assert (status, told["ready"], told["documents"]) == (503, False, "cannot be written")


def test_readyz_does_not_wait_for_redis(client: Client, settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    status, told = asked(client, "/readyz")
    assert (status, told["ready"], told["doorbell"]) == (200, True, "does not answer")


@pytest.mark.redis
def test_readyz_says_that_the_doorbell_works(client: Client) -> None:
    assert asked(client, "/readyz")[1]["doorbell"] == "ok"


def test_readyz_without_a_database(client: Client, no_redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise health.DatabaseError("connection refused")

    monkeypatch.setattr(health, "MigrationExecutor", away)
    assert asked(client, "/readyz") == (
        503,
        {"ready": False, "database": "does not answer", "documents": "ok", "doorbell": "not used"},
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_reaches_the_product_without_tls_and_host(path: str, client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["vca.example.org"]
    assert asked(client, path)[0] == 200
