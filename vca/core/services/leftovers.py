"""What is kept for a while and then of no use: answers to what was sent once, and rows of ended daily work.

Also how rows are deleted and counted when a Veteran is disposed of. Files are swept by ``documents``.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from vca.core import access, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, Delivery, IdempotencyKey, Job, JobState, Task
from vca.core.services import parameters, practices

AT_MOST = 1000  # rows in one transaction
ENDED = (JobState.DONE, JobState.CANCELLED)


def old_answers(by: Actor, *, at: datetime) -> QuerySet[IdempotencyKey]:
    """Return the keys that no caller and no browser repeats any more."""
    return access.scope(IdempotencyKey.objects.all(), by).filter(created_at__lt=_since("keep-api-answers-days", by, at))


def old_runs(by: Actor, *, at: datetime) -> QuerySet[Job]:
    """Return ended daily work that nobody asked for, but for the last run of each, from which the next is planned.

    What a person asked for stays: it is the record of a deed, and its file hangs on it.
    """
    newer = Job.objects.filter(kind=OuterRef("kind"), key=OuterRef("key"), due_at__gt=OuterRef("due_at"))
    daily = access.scope(Job.objects.all(), by).filter(kind__in=vocabulary.daily_jobs(), state__in=ENDED)
    past = daily.filter(user__isnull=True, finished_at__lt=_since("keep-ended-work-days", by, at))
    return past.filter(Exists(newer))


def _since(name: str, by: Actor, at: datetime) -> datetime:
    today = practices.civil_day(by, at=at)
    return at - timedelta(days=int(parameters.value(name, practice_id=by.practice_id, on=today)))


def delete_some(rows: QuerySet[Any]) -> int:
    """Delete as many of these rows as one short transaction takes; return how many."""
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_MOST])
    return rows.model._default_manager.filter(pk__in=some).delete()[0]


def gone(rows: QuerySet[Any]) -> Counter[str]:
    """Delete these rows; return how many of each table. Raises ProtectedError while something points at them."""
    return Counter(rows.delete()[1])


def forget_about(kind: str, ids: Collection[int], *, by: Actor) -> Counter[str]:
    """Delete the alerts and tasks about rows that are disposed of; return how many of each table."""
    about = {"subject_kind": kind, "subject_id__in": list(ids)}
    rows = [access.scope(model._default_manager.filter(**about), by) for model in (Delivery, Alert, Task)]
    return sum((gone(some) for some in rows), Counter[str]())
