"""Lists of VA's referral service as a clerk sends them: short ones at once, long ones as a job, each with its report.

A report is a document with one line a record, the same lines as ``import_referrals`` prints.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from referrals.intake import json_reader
from referrals.intake.json_reader import Received
from referrals.models import FactSource
from referrals.services import referrals
from referrals.services.referrals import Outcome
from vca.core import access, alerts, audit, documents, jobs
from vca.core.access import Actor
from vca.core.models import Document, Job
from vca.core.uploads import gate
from vca.core.uploads.kinds import Kind, Limits

AT_ONCE = 200  # records; some seconds of work


def take(*, content: bytes, filename: str, by: Actor, at: datetime) -> Document | Job:
    """Import a list and return its report, or the job that does it when the list is long.

    Raises NotAdmitted, BrokenFile.
    """
    gate.admit(content, filename=filename, among=(Kind.JSON,), limits=Limits(size=json_reader.LARGEST), field="file")
    received = json_reader.read(content)
    with transaction.atomic():
        if len(received) > AT_ONCE:
            alerts.hold(by)  # who disposes of files that name nobody looks again behind it
            document = referrals.keep_list(content, filename=filename, by=by)
            return jobs.enqueue(
                kind="import_referrals", key=f"document {document.pk}", subject_ids=[document.pk], by=by
            )
        outcomes = referrals.import_list(content=content, received=received, filename=filename, by=by, at=at)
        return keep_report([one.line for one in outcomes], filename=filename, by=by)


def receive_some(some: Sequence[Received], *, document: Document, by: Actor, at: datetime) -> list[Outcome]:
    """Take over some records of a list that is kept already."""
    access.own(document, by)
    return [referrals.receive(one, source=FactSource.IMPORT, document=document, by=by, at=at) for one in some]


def close(outcomes: Sequence[Outcome], *, document: Document, by: Actor) -> Document:
    """Record that the whole list is imported, and return its report."""
    access.own(document, by)
    with transaction.atomic():
        audit.record(by=by, action="referral.imported", subject=document, changes=referrals.counted(outcomes))
        return keep_report([one.line for one in outcomes], filename=document.filename, by=by)


def keep_report(lines: Sequence[str], *, filename: str, by: Actor) -> Document:
    """Keep what became of each record. The lines name no person."""
    content = "".join(f"{line}\n" for line in lines) or "The list is empty; there was nothing to import.\n"
    return documents.keep(
        content.encode(),
        kind="va_referral_report",
        filename=f"{documents.masked(filename)}.txt",
        media_type="text/plain",
        by=by,
    )
