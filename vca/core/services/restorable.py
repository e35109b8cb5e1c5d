"""Prove that a backup can be restored: into an empty database, with the keys of this installation, and compared.

Nothing of it is left: the database lies in memory unless another one is named, and files are opened without being
written. Source: 45 CFR 164.308(a)(7)(ii)(D), testing and revision procedures; 164.310(d)(2)(iv).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections, models, transaction

from vca import environment
from vca.core import documents
from vca.core.crypto import SealBroken, SealedTextField
from vca.core.models import BackupDeed, BackupRun, Document
from vca.core.services import backups
from vca.core.services.archive import Reader
from vca.core.services.backups import Summary

ALIAS = "proof"
IN_MEMORY = "sqlite://:memory:"
SQLITE = "django.db.backends.sqlite3"


class NotRestorable(Exception):
    """What was restored is not what the backup holds, or cannot be read."""


def prove(file: Any, *, at: datetime, into: str = IN_MEMORY) -> Summary:
    """Restore into an empty database, compare, and record that it held; ``into`` is the address of another one.

    Raises NotRestorable, Unreadable, NotEmpty, and DatabaseError where the database refuses what the backup holds.
    """
    reader = Reader(file)
    archive = str(reader.told["id"])
    if not BackupRun.objects.filter(deed=BackupDeed.MADE, archive=archive).exists():
        raise NotRestorable("this backup was not made by this installation, so it proves nothing for it")
    check = Comparison()
    with _empty_database(into):
        summary = backups.fill(reader, alias=ALIAS, put=check.file, seen=check.lines)
        check.against(ALIAS)
    with transaction.atomic():
        backups.record("backup.proven")
        BackupRun.objects.create(
            deed=BackupDeed.PROVEN, archive=archive, rows=summary.rows.total(), files=summary.files, at=at
        )
    return summary


@contextmanager
def _empty_database(url: str) -> Iterator[None]:
    """Have an empty database, with tables, under the alias; it is forgotten afterwards."""
    config = environment.database("--into", url) if url != IN_MEMORY else {"ENGINE": SQLITE, "NAME": ":memory:"}
    connections.databases[ALIAS] = {**connections.databases["default"], "TEST": {}, "OPTIONS": {}, **config}
    try:
        call_command("migrate", database=ALIAS, verbosity=0, interactive=False)
        yield
    finally:
        connections[ALIAS].close()
        del connections[ALIAS], connections.databases[ALIAS]


class Comparison:
    """What an archive says, in a form that does not depend on the order in which a database tells it."""

    def __init__(self) -> None:
        self.said: dict[str, Counter[str]] = {}
        self.places: set[Path] = set()

    def lines(self, table: str, lines: bytes) -> None:
        """Note the rows of a table."""
        self.said.setdefault(table, Counter()).update(map(_fingerprint, lines.splitlines()))

    def file(self, place: Path, sealed: bytes) -> None:
        """Open a kept file. Raises NotRestorable."""
        try:
            whole = hashlib.sha256(documents.unsealed(place, sealed)).hexdigest() == place.name
        except SealBroken:
            whole = False
        if not whole:
            raise NotRestorable(f"the kept file {place} does not open, or is another one than its row says")
        self.places.add(place)

    def against(self, alias: str) -> None:
        """Compare with what lies in a database now. Raises NotRestorable."""
        found = Comparison()
        for table, _, lines in backups.tables(alias):
            found.lines(table, lines)
        if differing := sorted(name for name in self.said | found.said if self.said.get(name) != found.said.get(name)):
            raise NotRestorable(f"what was restored differs in: {', '.join(differing)}")
        rows = Document.objects.using(alias).order_by("pk")
        if self.places != {documents.place_of(row) for row in rows.iterator()}:
            raise NotRestorable("kept files are missing, or belong to no row")
        for model in backups.kept_models():
            _open_all(model, alias)


def _fingerprint(line: bytes) -> str:
    return hashlib.sha256(json.dumps(json.loads(line), sort_keys=True).encode()).hexdigest()


def _open_all(model: type[models.Model], alias: str) -> None:
    columns = [one.attname for one in model._meta.concrete_fields if isinstance(one, SealedTextField)]
    for row in model._base_manager.using(alias).iterator() if columns else ():
        for name in columns:
            try:
                getattr(row, name)
            except SealBroken as fault:
                raise NotRestorable(
                    f"{model._meta.db_table}.{name} of {row.pk} does not open: {fault.detail}"
                ) from fault
