"""Tasks, each with the authorization that it is about."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models.functions import Coalesce

from referrals import queries as referrals
from vca.core.access import Actor
from vca.core.models import Task
from vca.core.pages import KeysetPage, keyset_by_day
from vca.core.services import chores
from vca.core.signals import note_subjects


def task_page(by: Actor, *, mine: bool, after: str) -> KeysetPage[dict[str, Any]]:
    """Return a page of the actor's tasks, or of those alone that they have taken, the one due first on top."""
    rows = chores.tasks_for(by).annotate(day=Coalesce("due_on", date.max))
    rows = rows.filter(owner_id=by.user_id) if mine else rows
    page = keyset_by_day(rows.values("pk", "day"), "day", after=after)
    found = rows.filter(pk__in=[row["pk"] for row in page.rows]).select_related("owner").order_by("day", "pk")
    return KeysetPage(tasks_shown(found, by), page.older)


def tasks_shown(tasks: Iterable[Task], by: Actor) -> list[dict[str, Any]]:
    """Return tasks with the id of the authorization on whose page each is done."""
    tasks = list(tasks)
    note_subjects(tasks)
    line_ids = {task.subject_id for task in tasks if task.subject_kind == "authorizedservice"}
    referral_ids = {task.subject_id for task in tasks if task.subject_kind == "referral"}
    visit_ids = {task.subject_id for task in tasks if task.subject_kind == "visit"}
    mine = referrals.authorizations(by).filter(referral__in=referral_ids)
    page = {
        "referral": dict(mine.order_by().values_list("referral_id", "pk")),
        "authorizedservice": referrals.authorization_of_lines(line_ids, by),
        "visit": referrals.authorization_of_visits(visit_ids, by),
    }
    return [{"task": one, "authorization_id": page.get(one.subject_kind, {}).get(one.subject_id)} for one in tasks]
