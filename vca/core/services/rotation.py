"""Seal anew, with the first of FIELD_KEYS, what older keys have sealed: every sealed column and every kept file.

Others serve meanwhile. A value is replaced by one conditional UPDATE, so that nothing that somebody else writes is
written over; what a process with the old keys still seals is found by the next look. What is done is left alone, so a
rotation that was stopped goes on where it was. Source: NIST SP 800-57 part 1, 5.3.6, cryptoperiods.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.functions import Substr

from vca.core import access, audit, crypto, documents, policies
from vca.core.access import Nowhere
from vca.core.audit import By
from vca.core.crypto import SealBroken, Sealed, SealedTextField
from vca.core.isolation import within
from vca.core.models import Practice

AT_ONCE = 500  # rows in one transaction
FILES_AT_ONCE = 50
LOOKS = 5
WHAT = "rotate keys"
Tell = Callable[[str], object]
Anew = tuple[Sealed, Any, Sealed]  # the new value, the key of its row, the value that it replaces


@dataclass(slots=True)
class Rotation:
    """What was sealed anew by table and column, or as files, and the places that do not open."""

    done: Counter[str] = field(default_factory=Counter)
    broken: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Column:
    """A sealed column, in one practice or of none."""

    model: type[models.Model]
    field: SealedTextField
    by: By

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.model._meta.db_table}.{self.field.column}"

    def stale(self) -> models.QuerySet[Any]:
        """Return the rows that another key has sealed, in order of their keys."""
        fresh = f"{crypto.sealing()}:"
        rows = self.model._base_manager.exclude(**{self.field.name: Sealed("")})
        if policies.column(self.model):
            rows = rows.filter(practice_id=self.by.practice_id)
        # Not startswith: on SQLite that takes small letters for capitals.
        begin = Substr(self.field.name, 1, len(fresh), output_field=models.TextField())
        return rows.annotate(sealed_by=begin).exclude(sealed_by=fresh).order_by("pk")


def rotate(*, tell: Tell) -> Rotation:
    """Seal anew until a look finds nothing that opens and is left; tell what is being done."""
    rotation = Rotation()
    for _ in range(LOOKS):
        before = rotation.done.total()
        for by in _everybody():
            for column in _columns(by):
                _rows(column, rotation, tell)
            if by.practice_id:
                _files(by, rotation, tell)
        if rotation.done.total() == before:
            break
    return rotation


def left() -> Counter[str]:
    """Return how much another key than the first has sealed, by the place where it lies."""
    found: Counter[str] = Counter()
    for by in _everybody():
        with within(by.practice_id):
            found.update({column.name: column.stale().count() for column in _columns(by)})
        if by.practice_id:
            found["files"] += sum(1 for _ in _stale_files(by.practice_id))
    return +found


def _everybody() -> list[By]:
    """Return who acts: for each practice, and for what belongs to none."""
    with within(None):
        practices = list(Practice.objects.order_by("pk"))
    return [Nowhere(None, acting_as=WHAT), *(access.acting_for(practice, what=WHAT) for practice in practices)]


def _columns(by: By) -> Iterator[Column]:
    for model in apps.get_models():
        if bool(policies.column(model)) == bool(by.practice_id):
            sealed = (one for one in model._meta.concrete_fields if isinstance(one, SealedTextField))
            yield from (Column(model, one, by) for one in sealed)


def _rows(column: Column, rotation: Rotation, tell: Tell) -> None:
    """Seal the rows of a column anew, in short transactions, each with its event."""
    last: Any = None
    with within(column.by.practice_id):
        while True:
            with transaction.atomic():
                rows = column.stale() if last is None else column.stale().filter(pk__gt=last)
                some = list(rows.only(column.field.name)[:AT_ONCE])
                done = _replace(column, list(_sealed_anew(some, column.field, rotation)))
                _record(column.by, column.name, done)
            if not some:
                return
            last = some[-1].pk
            rotation.done[column.name] += done
            tell(f"{column.name}: {rotation.done[column.name]:,}")


def _sealed_anew(rows: list[models.Model], column: SealedTextField, rotation: Rotation) -> Iterator[Anew]:
    """Yield each value sealed anew, with the key of its row and what lay there; note what does not open."""
    for row in rows:
        held = row.__dict__[column.attname]
        try:
            yield column.close(column.open(held, row), row), row.pk, held
        except SealBroken:
            rotation.broken.add(column.about(row))


def _replace(column: Column, anew: list[Anew]) -> int:
    """Replace values in one journey, each where nobody has changed it meanwhile; return how many."""
    if not anew:
        return 0
    key, quote = column.model._meta.pk, connection.ops.quote_name
    name, table = quote(column.field.column or ""), quote(column.model._meta.db_table)
    rows = [(str(new), key.get_db_prep_value(pk, connection), str(old)) for new, pk, old in anew]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {name} = %s WHERE {quote(key.column or '')} = %s AND {name} = %s",  # noqa: S608  # our own names
            rows,
        )
        return cursor.rowcount


def _files(by: By, rotation: Rotation, tell: Tell) -> None:
    with within(by.practice_id):
        stale = _stale_files(by.practice_id or 0)
        for begin in range(0, len(stale), FILES_AT_ONCE):
            done = sum(_reseal_file(path, rotation) for path in stale[begin : begin + FILES_AT_ONCE])
            with transaction.atomic():
                _record(by, "files", done)
            rotation.done["files"] += done
            tell(f"files: {rotation.done['files']:,}")


def _stale_files(practice_id: int) -> list[Path]:
    fresh = crypto.sealing()
    return [path for path in documents.kept_files(practice_id) if documents.key_of(path) != fresh]


def _reseal_file(path: Path, rotation: Rotation) -> int:
    try:
        with transaction.atomic():
            documents.reseal(path)
    except SealBroken:
        rotation.broken.add("/".join(path.parts[-4:]))
        return 0
    return 1


def _record(by: By, what: str, done: int) -> None:
    if done:
        audit.record(by=by, action="keys.rotated", subject=what[:40], changes={"key": crypto.sealing(), "count": done})
