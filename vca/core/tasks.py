"""The only two Celery tasks, and core's own background work. Arguments are ids; what matters is in the job table."""

from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from uuid import UUID

from celery.exceptions import WorkerTerminate
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from vca.celery import app
from vca.core import audit, documents, jobs
from vca.core.jobs import Run
from vca.core.services import digests, emergencies, leftovers, start, tries
from vca.domain.wording import counted

UNFINISHED_FOR = timedelta(days=1)  # then what a write has left is nobody's: none takes a minute
PERMANENT = 500  # of a mail server's reply codes, from here on


@worker_init.connect
def refuse_unsafe(**_: object) -> None:
    """Let no worker begin beside unsafe settings: Celery only logs other faults of what listens here."""
    try:
        start.refuse_unsafe()
    except ImproperlyConfigured as fault:
        raise WorkerTerminate(str(fault)) from fault
    finally:
        connection.close()  # each child that is forked opens one of its own


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
    """Delete what was kept long enough, in short transactions; the last one, which finds nothing, ends the job.

    Files that no row names go too: a crash has left them, or their record was disposed of. So does what a killed write
    has left.
    """
    now = timezone.now()
    purged, some = 0, 1
    while some:
        with run.chunk():
            answers, runs = leftovers.old_answers(run.by, at=now), leftovers.old_runs(run.by, at=now)
            some = leftovers.delete_some(answers) + leftovers.delete_some(runs) + tries.forget_old(at=now)
            purged += some
            if not some:
                files = sum(documents.remove_unnamed(one) for one in documents.unnamed_files(run.by.practice_id))
                files += documents.remove_unfinished(run.by.practice_id, before=now - UNFINISHED_FOR)
                gone = {"rows": purged, "files": files}
                audit.record(by=run.by, action="leftovers.purged", subject="", changes=gone)
                run.finish(f"{counted(purged, 'row')} and {counted(files, 'file')} purged")


@jobs.handler("end_emergency")
def end_emergency(run: Run) -> None:
    """Write the end of an hour of emergency access, unless it was ended by hand."""
    with run.chunk():
        emergencies.end_in_time(run)
        run.finish("over")


@jobs.handler("send_digests")
def send_digests(run: Run) -> None:
    """Tell everybody by e-mail of their new alerts: note, send with no transaction open, tick off.

    A message that is refused keeps nobody else's back. Raises what the last refusal raised, to be tried again; one that
    an address refuses for good is given up.
    """
    with run.chunk():
        messages = digests.note(job=run.job, by=run.by, at=timezone.now())
    refusals = []
    for number, digest in enumerate(messages, start=1):
        refusal = _send(digests.message(digest, by=run.by))
        with run.chunk(done=number, total=len(messages)):
            if _is_for_good(refusal):
                digests.give_up(digest, by=run.by)
            elif refusal:
                refusals.append(refusal)
            else:
                digests.tick_off(digest, by=run.by)
    if refusals:
        raise refusals[-1]
    with run.chunk():
        run.finish(f"{counted(len(messages), 'message')} sent")


def _send(message: EmailMessage) -> SMTPException | OSError | None:
    """Hand a message to the mail server; return why that failed."""
    try:
        message.send()
    except (SMTPException, OSError) as refusal:
        return refusal
    return None


def _is_for_good(refusal: Exception | None) -> bool:
    """Tell whether the mail server refused everybody the message was for, with a permanent code. Source: RFC 5321."""
    codes = [code for code, _ in refusal.recipients.values()] if isinstance(refusal, SMTPRecipientsRefused) else []
    return bool(codes) and min(codes) >= PERMANENT
