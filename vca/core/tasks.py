"""The only two Celery tasks, and core's own background work. Arguments are ids; what matters is in the job table."""

from uuid import UUID

from django.utils import timezone

from vca.celery import app
from vca.core import audit, jobs
from vca.core.jobs import Run
from vca.core.services import digests, leftovers
from vca.domain.wording import counted


@app.task(name="vca.core.tasks.ring")
def ring(job_id: str) -> None:
    """Do one job, if it is still due."""
    jobs.run(UUID(job_id))


@app.task(name="vca.core.tasks.sweep")
def sweep() -> None:
    """Ring for every due job, lost doorbells included."""
    jobs.sweep(jobs.ring)


@jobs.handler("purge_leftovers")
def purge_leftovers(run: Run) -> None:
    """Delete what was kept long enough, in short transactions; the last one, which finds nothing, ends the job."""
    now = timezone.now()
    purged, some = 0, 1
    while some:
        with run.chunk():
            answers, runs = leftovers.old_answers(run.by, at=now), leftovers.old_runs(run.by, at=now)
            some = leftovers.delete_some(answers) + leftovers.delete_some(runs)
            purged += some
            if not some:
                audit.record(by=run.by, action="leftovers.purged", subject="", changes={"rows": purged})
                run.finish(f"{counted(purged, 'row')} purged")


@jobs.handler("send_digests")
def send_digests(run: Run) -> None:
    """Tell everybody by e-mail of their new alerts, each message in a transaction of its own."""
    waiting = digests.due(run.by)
    for number, digest in enumerate(waiting):
        with run.chunk(done=number, total=len(waiting)):
            digests.send(digest, job=run.job, by=run.by, at=timezone.now())
    with run.chunk(done=len(waiting), total=len(waiting)):
        run.finish(f"{counted(len(waiting), 'message')} sent")
