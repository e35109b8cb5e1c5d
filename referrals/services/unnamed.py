"""Files that were never anybody's, or are no more: lists of which nothing was taken over, and reports of such lists.

Nobody's time decides about them, so they have days of their own. While any hold stands none goes: what it is about may
be in a file that nobody has read.
"""

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, ForeignObjectRel, Model, OuterRef, QuerySet

from referrals import queries
from referrals.services.disposals import NotThatMany
from vca.core import access, alerts, audit, documents, jobs
from vca.core.access import Actor
from vca.core.models import Document, Job, JobState
from vca.core.services import parameters, practices
from vca.core.signals import whose
from vca.domain.wording import counted

DAYS = "keep-unnamed-files-days"
REPORT = "va_referral_report"  # it is tied to its Veterans by what it says, and nothing points at it
AT_ONCE = 50  # files in one transaction


def files(by: Actor, *, at: datetime) -> QuerySet[Document]:
    """Return the practice's files, but for reports, at which nothing but the work that made them has pointed long."""
    return _past_their_days(by, at).exclude(kind=REPORT)


def _past_their_days(by: Actor, at: datetime) -> QuerySet[Document]:
    days = int(parameters.value(DAYS, practice_id=by.practice_id, on=practices.civil_day(by, at=at)))
    rows = access.scope(Document.objects.filter(created_at__lt=at - timedelta(days=days)), by)
    rows = rows.exclude(pk__in=_being_imported(by))
    for model, column in pointers():
        rows = rows.exclude(Exists(model._default_manager.filter(**{column: OuterRef("pk")})))
    return rows.none() if queries.holds_standing(by).exists() else rows.order_by("pk")


def _being_imported(by: Actor) -> set[int]:
    """Return the lists of which records are still to be taken over: one that came before too is as old as it was."""
    waiting = Job.objects.filter(kind="import_referrals", state__in=(*jobs.LIVE, JobState.PARKED))
    return {pk for ids in access.scope(waiting, by).values_list("subject_ids", flat=True) for pk in ids}


def pointers() -> list[tuple[type[Model], str]]:
    """Return the tables and columns that point at documents, but for the work that made them; the hidden ones too."""
    every = Document._meta.get_fields(include_hidden=True)
    found = [one for one in every if isinstance(one, ForeignObjectRel) and one.related_model is not Job]
    return [(one.related_model, one.field.name) for one in found]


def ask(*, typed: int, by: Actor, at: datetime) -> Job:
    """Ask for the disposal of the files that name nobody. Raises NotThatMany."""
    ids = list(files(by, at=at).values_list("pk", flat=True))
    if not ids or typed != len(ids):
        raise NotThatMany(f"{counted(len(ids), 'file')} to dispose of, {typed} typed")
    return jobs.enqueue(kind="dispose_files", key=jobs.digest(ids), subject_ids=ids, by=by)


def reports(by: Actor, *, at: datetime) -> list[int]:
    """Return the ids of the reports that name nobody any more; each is read for that."""
    return [one.pk for one in _past_their_days(by, at).filter(kind=REPORT) if not whose(one)]


def dispose(document_ids: list[int], *, by: Actor, at: datetime) -> None:
    """Delete those of these files that still name nobody, behind the lock that who places a hold waits for."""
    with transaction.atomic():
        alerts.hold(by)
        rows = list(_past_their_days(by, at).filter(pk__in=document_ids))
        for document in rows:
            documents.discard(document)
        if not rows:
            return
        kinds = dict(Counter(one.kind for one in rows))
        audit.record(by=by, action="files.disposed", subject="", changes={"files": len(rows), "kinds": kinds})
