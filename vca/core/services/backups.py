"""Back up and restore everything: each table, each kept file. The same archive moves the try-out to PostgreSQL.

Rows are written as the columns hold them, so that what is sealed stays sealed; instants, money and numbers are written
in one way for every database. Files are copied as they lie, encrypted. Source: 45 CFR 164.308(a)(7)(ii)(A) and (B),
data backup plan and disaster recovery plan.
"""

import gzip
import io
import json
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Value

from vca.core import access, audit, documents
from vca.core.crypto import Sealed, SealedTextField
from vca.core.isolation import within
from vca.core.models import AuditEvent, BackupDeed, BackupRun, Document, Practice, User
from vca.core.services.archive import FRAME, Reader, Unreadable, Writer
from vca.core.signals import restored
from vca.domain.wording import counted

OLDEST = timedelta(days=2)  # of the last backup, before Today warns
ROWS = 1000  # in one member of the archive
MADE_BY_MIGRATIONS = ("django_migrations", "django_content_type", "auth_permission")
TRANSACTION = AuditEvent._meta.get_field("transaction_id")
LEFT_OUT = (*MADE_BY_MIGRATIONS, "django_session")  # everybody signs in again


@dataclass(slots=True)
class Summary:
    """What an archive holds: rows by table, and kept files with their size in bytes."""

    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    size: int = 0

    def __str__(self) -> str:
        return f"{self.rows.total()} rows of {len(self.rows)} tables, {self.files} files of {self.size} bytes"


class NotEmpty(Exception):
    """There is something here already, and a restore adds to nothing."""


def owner() -> str:
    """Return the connection of the tables' owner, who sees every practice; the only one where there is none."""
    return "owner" if "owner" in connections else "default"


def back_up(file: Any, *, at: datetime, alias: str) -> Summary:
    """Write everything into a binary file, as it stood at one moment, read through the connection of the tables' owner.

    Raises OSError when a kept file is missing.
    """
    summary = Summary()
    with (
        Writer(file, made_at=at.isoformat(), schema=schema(alias)) as sealed,
        tarfile.open(mode="w|", fileobj=sealed, format=tarfile.PAX_FORMAT) as tar,
    ):
        with snapshot(alias):
            for table, number, rows in tables(alias):
                _add(tar, f"tables/{table}/{number:06d}.json.gz", gzip.compress(rows, 6, mtime=0))
                summary.rows[table] += rows.count(b"\n")
            kept = Document.objects.using(alias).order_by("pk")
            paths = [documents.path(document) for document in kept.iterator()]
        # What a kept file says never changes: those that the rows of that moment name are copied afterwards.
        for path in paths:
            content = path.read_bytes()
            _add(tar, f"documents/{path.relative_to(settings.DOCUMENTS_DIR)}", content)
            summary.files, summary.size = summary.files + 1, summary.size + len(content)
        _add(tar, "end.json", json.dumps({"rows": summary.rows, "files": summary.files}).encode())
    counts = {"rows": summary.rows.total(), "files": summary.files}
    with transaction.atomic():
        record("backup.made")
        BackupRun.objects.create(deed=BackupDeed.MADE, archive=sealed.id, at=at, **counts)
    return summary


def restore(file: Any, *, alias: str) -> Summary:
    """Fill an empty installation from an archive, through the connection of the tables' owner; all of it or nothing.

    Raises Unreadable, and NotEmpty when there is a person or a practice here.
    """
    with transaction.atomic(using=alias):
        summary = fill(Reader(file), alias=alias, put=documents.put_back)
        _settle(alias)
    with transaction.atomic():
        record("backup.restored")
    return summary


def fill(
    reader: Reader,
    *,
    alias: str,
    put: Callable[[Path, bytes], None],
    seen: Callable[[str, bytes], None] = lambda *_: None,
) -> Summary:
    """Fill an empty database; give each file to ``put`` with its place, and tell ``seen`` the rows of each table.

    Raises Unreadable, NotEmpty.
    """
    if reader.told.get("schema") != (here := schema(alias)):
        raise Unreadable(_other_schema(reader.told.get("schema"), here))
    if User.objects.using(alias).exists() or Practice.objects.using(alias).exists():
        raise NotEmpty("there are people or practices here; restore into an empty database")
    with transaction.atomic(using=alias):
        return _take(reader, alias, put, seen)


def snapshot(alias: str) -> Any:
    """Return a transaction in which every table is read as it stood at one moment."""
    block = transaction.atomic(using=alias, durable=True)
    return _OneMoment(block, alias) if connections[alias].vendor == "postgresql" else block


class _OneMoment:
    """A transaction that takes PostgreSQL's snapshot once; SQLite's transactions all do."""

    def __init__(self, block: Any, alias: str) -> None:
        self._block, self._alias = block, alias

    def __enter__(self) -> None:
        self._block.__enter__()
        with connections[self._alias].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def __exit__(self, *raised: Any) -> Any:
        return self._block.__exit__(*raised)


def schema(alias: str) -> list[str]:
    """Return the migrations that stand: an archive fits where they are the same."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connections[alias]).applied_migrations())


def _other_schema(there: Any, here: list[str]) -> str:
    known = set(there) if isinstance(there, list) else set()
    differing = sorted(known ^ set(here))
    return (
        "this backup was made by another version of the product. Restore it with that version, then upgrade. "
        f"They differ in: {', '.join(differing)}"
    )


def kept_models() -> list[type[models.Model]]:
    """Return the models whose rows are kept, by the name of their table."""
    every = apps.get_models(include_auto_created=True)
    return sorted(
        (model for model in every if model._meta.managed and model._meta.db_table not in LEFT_OUT),
        key=lambda model: model._meta.db_table,
    )


def tables(alias: str) -> Iterator[tuple[str, int, bytes]]:
    """Return the tables in parts: name, number of the part, a JSON list of the columns' values on each line."""
    for model in kept_models():
        # No number of a transaction is kept: another cluster counts its own anew.
        names = [Value(0) if one is TRANSACTION else one.attname for one in model._meta.concrete_fields]
        rows = model._base_manager.using(alias).order_by("pk").values_list(*names).iterator(chunk_size=ROWS)
        for number in count(1):
            part = b"".join(_line(row) for row in islice(rows, ROWS))
            if not part:
                break
            yield model._meta.db_table, number, part


def _line(row: Iterable[Any]) -> bytes:
    return json.dumps(list(row), default=_text, separators=(",", ":")).encode() + b"\n"


def _text(value: Any) -> str:
    """Return what ``to_python`` of the column reads: to the microsecond and to the cent. Raises TypeError."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"a column holds a {type(value).__name__}, which no backup knows how to write")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _take(
    reader: Reader, alias: str, put: Callable[[Path, bytes], None], seen: Callable[[str, bytes], None]
) -> Summary:
    """Read the archive to its end. Raises Unreadable."""
    summary, told = Summary(), None
    by_table = {model._meta.db_table: model for model in kept_models()}
    with tarfile.open(mode="r|", fileobj=reader, bufsize=FRAME) as tar:
        for member in tar:
            content = tar.extractfile(member).read()  # type: ignore[union-attr]  # only files are in it
            kind, _, rest = member.name.partition("/")
            if kind == "tables":
                table = rest.partition("/")[0]
                lines = gzip.decompress(content)
                summary.rows[table] += _insert(by_table[table], lines, alias)
                seen(table, lines)
            elif kind == "documents":
                put(Path(rest), content)
                summary.files, summary.size = summary.files + 1, summary.size + len(content)
            else:
                told = json.loads(content)
    reader.read()  # to the last frame, which is sealed as the last
    if told != {"rows": summary.rows, "files": summary.files}:
        raise Unreadable("this backup does not hold what it says it holds")
    return summary


def _insert(model: type[models.Model], lines: bytes, alias: str) -> int:
    connection, columns = connections[alias], model._meta.concrete_fields
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(column.column)) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    rows = [_values(columns, json.loads(line), connection) for line in lines.splitlines()]
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})", rows)  # noqa: S608
    return len(rows)


def _values(columns: Iterable[Any], row: list[Any], connection: Any) -> list[Any]:
    return [_value(column, value, connection) for column, value in zip(columns, row, strict=True)]


def _value(column: Any, value: Any, connection: Any) -> Any:
    """Return a value as this database's driver takes it."""
    if isinstance(column, SealedTextField):
        return None if value is None else str(Sealed(value))
    target = column
    while target.remote_field:
        target = target.target_field
    return target.get_db_prep_save(target.to_python(value), connection)


def _settle(alias: str) -> None:
    """Let new rows come after the old ones."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), kept_models()):
            cursor.execute(statement)


def record(action: str) -> None:
    """Tell each practice's audit trail, and after a restore each app. Must run in a transaction."""
    for practice in Practice.objects.order_by("pk"):
        by = access.acting_for(practice, what=action)
        with within(practice.pk):
            if action == "backup.restored":
                restored.send(sender=Summary, by=by)
            audit.record(by=by, action=action, subject="backup")


def warning(*, at: datetime) -> str:
    """Return what to say to who runs a practice of real people when the last backup is too old, else nothing."""
    last = BackupRun.objects.filter(deed=BackupDeed.MADE).order_by("-at").first()
    if last and at - last.at <= OLDEST:
        return ""
    so = f"The last backup is {counted((at - last.at).days, 'day')} old." if last else "Nothing has been backed up yet."
    return f"{so} Whoever runs this installation makes a backup: ./run manage backup FILE"
