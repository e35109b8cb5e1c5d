"""Background work of referrals."""

from django.utils import timezone

from referrals.intake import json_reader
from referrals.models import Disposal
from referrals.services import (
    approvals,
    asking,
    closing,
    disposals,
    forecasts,
    imports,
    pencils,
    referrals,
    retention,
    unnamed,
    watch,
)
from referrals.services.referrals import Outcome
from vca.core import alerts, audit, documents, jobs
from vca.core.jobs import Run
from vca.core.models import Document, ServiceLocation
from vca.core.services import digests
from vca.domain.wording import counted

RECORDS = 25  # of a list, in one transaction of well under a second


@jobs.handler("import_referrals")
def import_referrals(run: Run) -> None:
    """Take over a long list in chunks under the lease; it was read whole before, so that no record of it is broken.

    Done again after a worker died, records that had been taken over already are told as unchanged.
    """
    document = Document.objects.get(pk=run.job.subject_ids[0])
    received = json_reader.read(documents.read(document))
    now, outcomes = timezone.now(), list[Outcome]()
    for start in range(0, len(received), RECORDS):
        with run.chunk(done=start, total=len(received)):
            some = received[start : start + RECORDS]
            outcomes += imports.receive_some(some, document=document, by=run.by, at=now)
    with run.chunk(done=len(received), total=len(received)):
        report = imports.close(outcomes, document=document, by=run.by)
        told = ", ".join(f"{count} {what}" for what, count in referrals.counted(outcomes).items())
        run.finish(f"{len(outcomes)} records: {told}", result=report)


@jobs.handler("watch_authorizations")
def watch_authorizations(run: Run) -> None:
    """The daily sweep of one location: chunks under the lease, the last one closes what is gone and ends the job."""
    location = ServiceLocation.objects.get(pk=run.job.subject_ids[0])
    now = timezone.now()
    today = location.civil_day(now)
    rows = watch.watched(location, by=run.by, today=today)
    with run.chunk():
        left_open = closing.due(location, by=run.by, today=today)
    for start in range(0, len(rows), forecasts.LOT):
        with run.chunk():
            forecasts.keep(rows[start : start + forecasts.LOT], by=run.by, today=today)
    ending = watch.due(rows, today=today, by=run.by)
    to_ask = asking.due(rows, today=today, by=run.by)
    due = [*ending, *to_ask, *left_open]
    raised = 0
    for start in range(0, len(due), alerts.CHUNK):
        with run.chunk(done=start, total=len(due)):
            raised += alerts.raise_each(due[start : start + alerts.CHUNK], by=run.by, at=now)
    with run.chunk(done=len(due), total=len(due)):
        pencils.give_up_due(location, by=run.by, at=now)
        closed = watch.close_gone(ending, location=location, by=run.by, at=now)
        closed += asking.close_gone(to_ask, location=location, by=run.by, at=now)
        closed += closing.close_gone(left_open, location=location, by=run.by, at=now)
        looked_at = {"watched": len(rows), "ids_sha256": audit.digest_of_ids(row.pk for row in rows)}
        done = {"raised": raised, "closed": closed}
        audit.record(by=run.by, action="watch.swept", subject=location, changes=done | looked_at)
        digests.ask_if_due(by=run.by, at=now)
        run.finish(f"{counted(len(rows), 'authorization')} watched, {counted(raised, 'alert')} raised, {closed} closed")


@jobs.handler("watch_approvals")
def watch_approvals(run: Run) -> None:
    """The daily look at agreements and licenses, and at the DEA registrations of one location."""
    location = ServiceLocation.objects.get(pk=run.job.subject_ids[0])
    now = timezone.now()
    raised, closed = approvals.bring_up_to_date(location, by=run.by, at=now, within=run.chunk)
    with run.chunk():
        audit.record(
            by=run.by, action="approvals.swept", subject=location, changes={"raised": raised, "closed": closed}
        )
        digests.ask_if_due(by=run.by, at=now)
        run.finish(f"{counted(raised, 'alert')} raised, {closed} closed")


@jobs.handler("find_due_records")
def find_due_records(run: Run) -> None:
    """The daily look for records that are past their time: a task tells the administrators, nothing is deleted."""
    now = timezone.now()
    found = retention.past_their_time(run.by, at=now)
    ready, held = sum(one.is_ready for one in found), sum(one.is_held for one in found)
    with run.chunk():
        retention.tell(found, by=run.by, at=now)
        swept = {"ready": ready, "held": held, "found": len(found)}
        if found:
            audit.record(by=run.by, action="records.swept", subject="", changes=swept)
        run.finish(f"{counted(len(found), 'Veteran')} past their time, {ready} may be disposed of, {held} held")


@jobs.handler("dispose_records")
def dispose_records(run: Run) -> None:
    """Dispose of each Veteran's records in a transaction of its own; done again after a worker died, of the rest."""
    ids, now = run.job.subject_ids, timezone.now()
    reports = disposals.reports_naming(ids, by=run.by)
    for place, veteran_id in enumerate(ids, start=1):
        with run.chunk(done=place, total=len(ids)):
            disposals.dispose(veteran_id=veteran_id, by=run.by, at=now, reports=reports[veteran_id])
    with run.chunk():
        retention.tell(retention.past_their_time(run.by, at=now), by=run.by, at=now)
        gone = Disposal.objects.filter(veteran_number__in=ids).count()
        run.finish(f"records of {gone} of {counted(len(ids), 'Veteran')} disposed of, the others are kept")


@jobs.handler("dispose_files")
def dispose_files(run: Run) -> None:
    """Dispose of files that name nobody, and of reports that name nobody any more, some at a time."""
    now = timezone.now()
    ids = [*run.job.subject_ids, *unnamed.reports(run.by, at=now)]
    for start in range(0, len(ids), unnamed.AT_ONCE):
        with run.chunk(done=start, total=len(ids)):
            unnamed.dispose(ids[start : start + unnamed.AT_ONCE], by=run.by, at=now)
    with run.chunk(done=len(ids), total=len(ids)):
        run.finish(f"{counted(len(ids), 'file')} looked at; what names nobody and is not held is gone")
