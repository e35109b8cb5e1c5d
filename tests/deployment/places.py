"""Empty installations of a test: a database, a folder for documents, and the environment of `manage.py` there."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from tests import databases
from vca.settings import BASE_DIR

NOT_OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass(frozen=True)
class Installation:
    """Its state lies in a folder; its keys are those of this test."""

    folder: Path
    environment: Mapping[str, str]

    def manage(self, *arguments: str, text: bool = True, **options: Any) -> subprocess.CompletedProcess[Any]:
        """Run a command there and return how it ended."""
        options |= {"env": self.environment, "cwd": BASE_DIR, "capture_output": True, "text": text, "timeout": 120}
        return subprocess.run([sys.executable, "manage.py", *arguments], **options)


def on_sqlite(folder: Path) -> Installation:
    """Return an installation as the try-out has it."""
    folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    own = {"VCA_STATE_DIR": str(folder), "DOCUMENTS_DIR": str(folder / "documents"), "EMAIL_URL": "memorymail://"}
    keys = {name: getattr(settings, name) for name in ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY")}
    return Installation(folder, kept | own | keys)


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Installation]:
    """Have an installation on a new, empty database beside the test's."""
    name = f"restored_{uuid.uuid4().hex[:12]}"
    owner, app = (url.rpartition("/")[0] for url in (databases.url("owner"), databases.url()))
    with psycopg.connect(f"{owner}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            there = {"DATABASE_URL": f"{app}/{name}", "DATABASE_OWNER_URL": f"{owner}/{name}"}
            base = on_sqlite(folder)
            yield Installation(folder, {**base.environment, **there})
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
