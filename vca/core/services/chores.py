"""Tasks for people: opened by a cause, closed with a proof or by themselves when the cause is gone."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from vca.core import audit, vocabulary
from vca.core.access import Actor
from vca.core.models import Task


def open_task(*, kind: str, subject: Model, headline: str, by: Actor, due_on: date | None = None) -> Task:
    """Open the task of that kind on that subject, or return the one that is open. Raises KeyError when undeclared."""
    vocabulary.words(vocabulary.Family.TASK, kind)
    about = _about(kind, subject, by)
    with transaction.atomic():
        known = Task.objects.filter(**about, closed_at__isnull=True).first()
        if known:
            return known
        # Two at once: the constraint lets one in, and both return it.
        Task.objects.bulk_create([Task(**about, headline=headline, due_on=due_on)], ignore_conflicts=True)
        task = Task.objects.get(**about, closed_at__isnull=True)
        audit.record(by=by, action="task.opened", subject=task, changes={"kind": kind})
    return task


def _about(kind: str, subject: Model, by: Actor) -> dict[str, Any]:
    named = {"subject_kind": subject._meta.model_name, "subject_id": subject.pk}
    return {"practice_id": by.practice_id, "kind": kind, **named}


def close_tasks(*, kind: str, subject: Model, proof: str, by: Actor, at: datetime) -> int:
    """Close the open task of that kind on that subject, if there is one; return how many were closed."""
    with transaction.atomic():
        closing = list(open_tasks(by).filter(**_about(kind, subject, by)).select_for_update())
        Task.objects.filter(pk__in=[task.pk for task in closing]).update(
            closed_at=at, closed_by_id=by.user_id, proof=proof
        )
        for task in closing:
            audit.record(by=by, action="task.closed", subject=task, changes={"kind": kind})
    return len(closing)


def open_tasks(by: Actor) -> QuerySet[Task]:
    """Return the practice's open tasks."""
    return Task.objects.filter(practice_id=by.practice_id, closed_at__isnull=True)
