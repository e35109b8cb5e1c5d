"""Tasks for people: opened by a cause, closed with a proof or by themselves when the cause is gone."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Model, QuerySet

from vca.core import access, audit, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert, Task, User


def open_task(*, kind: str, subject: Model, headline: str, by: Actor, due_on: date | None = None) -> Task:
    """Open the task of that kind on that subject, or return the one that is open. Raises KeyError when undeclared."""
    vocabulary.words(vocabulary.Family.TASK, kind)
    about = _about(kind, subject, by)
    with transaction.atomic():
        task = None
        while task is None:  # the one that is in the way may be closed before it is read
            known = Task.objects.select_for_update(no_key=True).filter(**about, closed_at__isnull=True).first()
            if known:
                return _keep_true(known, headline=headline, due_on=due_on)
            task = _insert(Task(**about, headline=headline, due_on=due_on))
        audit.record(by=by, action="task.opened", subject=task, changes={"kind": kind})
    return task


def _keep_true(task: Task, *, headline: str, due_on: date | None) -> Task:
    """Let an open task say what is so now, such as fewer visits beyond the limit."""
    if (task.headline, task.due_on) != (headline, due_on):
        task.headline, task.due_on = headline, due_on
        task.save(update_fields=["headline", "due_on"])
    return task


def _insert(task: Task) -> Task | None:
    """Insert the task, or return ``None`` when somebody has opened the same one in the meantime."""
    try:
        with transaction.atomic():
            task.save(force_insert=True)
    except IntegrityError:
        return None  # task_one_open_per_subject_and_kind
    return task


def _about(kind: str, subject: Model, by: Actor) -> dict[str, Any]:
    named = {"subject_kind": subject._meta.model_name, "subject_id": subject.pk}
    return {"practice_id": by.practice_id, "kind": kind, **named}


def close_tasks(*, kind: str, subject: Model, proof: str, by: Actor, at: datetime) -> int:
    """Close the open task of that kind on that subject, if there is one; return how many were closed."""
    with transaction.atomic():
        closing = list(open_tasks(by).filter(**_about(kind, subject, by)).select_for_update(no_key=True))
        Task.objects.filter(pk__in=[task.pk for task in closing]).update(
            closed_at=at, closed_by_id=by.user_id, proof=proof
        )
        for task in closing:
            audit.record(by=by, action="task.closed", subject=task, changes={"kind": kind})
    return len(closing)


def open_tasks(by: Actor) -> QuerySet[Task]:
    """Return the practice's open tasks."""
    return Task.objects.filter(practice_id=by.practice_id, closed_at__isnull=True)


def tasks_for(by: Actor) -> QuerySet[Task]:
    """Return the practice's open tasks of the kinds that are the actor's to do, the one due first on top."""
    mine = [kind for kind in vocabulary.kinds(vocabulary.Family.TASK) if by.may(vocabulary.in_charge(kind))]
    return open_tasks(by).filter(kind__in=mine).order_by(F("due_on").asc(nulls_last=True), "pk")


def take(*, task: Task, by: Actor) -> bool:
    """Let the actor see to an open task, also in the place of somebody else; tell whether that changed anything.

    Raises NotPermitted.
    """
    access.require(by, vocabulary.in_charge(task.kind))
    others = open_tasks(by).filter(pk=task.pk).exclude(owner_id=by.user_id)
    return hand(others, task, by=by, owner_id=by.user_id, action="task.taken")


def give_back(*, task: Task, by: Actor) -> bool:
    """Leave a task of the actor's to anybody; tell whether it was theirs and open."""
    mine = open_tasks(by).filter(pk=task.pk, owner_id=by.user_id)
    return hand(mine, task, by=by, owner_id=None, action="task.given_back")


def hand(which: QuerySet[Any], row: Task | Alert, *, by: Actor, owner_id: int | None, action: str) -> bool:
    """Hand a task or an alert to somebody, or to nobody, if it is still among these; tell whether it was.

    The event says whose it was and whose it is.
    """
    with transaction.atomic():
        handed = which.update(owner_id=owner_id)
        if handed:
            audit.record(by=by, action=action, subject=row, changes={"from": row.owner_id, "to": owner_id})
    return bool(handed)


def hand_over(*, task: Task, owner: User | None, by: Actor) -> bool:
    """Give somebody's open task to another, or to whoever may do it; tell whether it was open."""
    owner_id = owner.pk if owner else None
    return hand(open_tasks(by).filter(pk=task.pk), task, by=by, owner_id=owner_id, action="task.handed_over")
