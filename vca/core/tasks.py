"""The only two Celery tasks. Arguments are ids; everything that matters is in the job table."""

from uuid import UUID

from vca.celery import app
from vca.core import jobs


@app.task(name="vca.core.tasks.ring")
def ring(job_id: str) -> None:
    """Do one job, if it is still due."""
    jobs.run(UUID(job_id))


@app.task(name="vca.core.tasks.sweep")
def sweep() -> None:
    """Ring for every due job, lost doorbells included."""
    jobs.sweep(jobs.ring)
