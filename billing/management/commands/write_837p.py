"""Write the ready claims of a practice as one 837P file, or write the bytes of an earlier batch again."""

import os
import time
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import queries
from billing.models import Submission
from billing.services import submissions
from vca.core import access, documents, jobs
from vca.core.access import Actor
from vca.core.isolation import within
from vca.core.models import Document, Job, JobState, Practice
from vca.domain.wording import counted

PATIENCE_SECONDS = 600


class Command(BaseCommand):
    """./run manage write_837p --practice CODE --out FILE [--batch N|latest]"""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Which practice, which file, and perhaps which stored batch."""
        parser.add_argument("--practice", required=True, help="the practice's code")
        parser.add_argument("--out", required=True, type=Path)
        parser.add_argument("--batch", default="", help="a batch number, or latest: write its stored bytes again")

    def handle(self, *, practice: str, out: Path, batch: str, **_: Any) -> None:
        """Exit code 1 when nothing is ready, or when there is no such batch."""
        row = Practice.objects.filter(code=practice).first()
        if row is None:
            raise CommandError(f"There is no practice with the code {practice}.")
        if out.is_dir() or not os.access(out.parent, os.W_OK):
            raise CommandError(f"{out} cannot be written. Nothing was done: name a file in a folder that is there.")
        by = access.acting_for(row, what="write_837p")
        with within(row.pk):
            submission = _stored(by, batch) if batch else _written(by)
            content = documents.opened(cast(Document, submission.document), by=by)  # every file has its bytes
        try:
            _write(out, content)
        except OSError as fault:
            again = f"The batch is stored; write it again with --batch {submission.batch_number}."
            raise CommandError(f"{out} cannot be written: {fault.strerror}. {again}") from fault
        self.stdout.write(f"batch {submission.batch_number}: {counted(submission.claim_count, 'claim')}, {out}")


def _write(out: Path, content: bytes) -> None:
    """Write for this account alone: the file names Veterans."""
    with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _stored(by: Actor, batch: str) -> Submission:
    rows = queries.claim_files(by)
    if batch.isdecimal():
        rows = rows.filter(batch_number=int(batch))
    elif batch != "latest":
        raise CommandError("--batch takes a batch number, or the word latest.")
    found = rows.first()
    if found is None:
        raise CommandError("There is no such batch." if batch.isdecimal() else "No batch has been written yet.")
    return found


def _written(by: Actor) -> Submission:
    """Do the job here unless a worker has taken it already; then wait for the worker."""
    try:
        job = submissions.ask(by=by)
    except submissions.NothingReady as refusal:
        raise CommandError(f"{refusal.detail.capitalize()}. {refusal.rule.next_act}") from refusal
    jobs.run(job.pk)
    ended = _wait(job)
    found = Submission.objects.select_related("document").filter(job=ended).first()
    if found is None:
        raise CommandError(f"No file was written: {ended.outcome}.")
    return found


def _wait(job: Job) -> Job:
    for _ in range(PATIENCE_SECONDS * 5):
        job.refresh_from_db()
        if job.state not in jobs.LIVE:
            return job
        time.sleep(0.2)
        jobs.run(job.pk)
    raise CommandError(
        f"The job is still {JobState(job.state).lower()}. Its file can be written later with --batch latest."
    )
