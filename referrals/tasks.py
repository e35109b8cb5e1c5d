"""Background work of referrals."""

from django.utils import timezone

from referrals.services import watch
from vca.core import audit, jobs
from vca.core.jobs import Run
from vca.core.models import ServiceLocation

CHUNK = 100


@jobs.handler("watch_authorizations")
def watch_authorizations(run: Run) -> None:
    """The daily sweep of one location: chunks under the lease, the last one closes what is gone and ends the job."""
    location = ServiceLocation.objects.get(pk=run.job.subject_ids[0])
    now = timezone.now()
    today = location.civil_day(now)
    due = watch.thresholds(run.by, today=today)
    rows = watch.watched(location, by=run.by, today=today)
    raised = 0
    for start in range(0, len(rows), CHUNK):
        with run.chunk(done=start, total=len(rows)):
            raised += watch.look(rows[start : start + CHUNK], at_most=due, today=today, by=run.by, at=now)
    with run.chunk(done=len(rows), total=len(rows)):
        closed = watch.close_gone(at_most=due, location=location, today=today, by=run.by, at=now)
        audit.record(by=run.by, action="watch.swept", subject=location, changes={"raised": raised, "closed": closed})
        run.finish(f"{len(rows)} authorizations watched, {raised} alerts raised, {closed} closed")
