"""Ready claims, the job that writes them to a file, and what must be so whoever was killed meanwhile.

    by = ready_claims(40)
    job = submissions.ask(by=by)
    ...                                # kill, recover
    assert wrongs(job) == []
    forget()

``wrongs`` reads the file with its own eyes and takes nothing from the code that wrote it.
"""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.utils import load_backend
from django.utils import timezone

from billing.domain.states import ClaimState
from billing.models import Claim, Submission, SubmittedClaim
from billing.services import claims, submissions
from tests import world
from tests.faults.kill_lines import lines_of, run_until
from tests.faults.processes import started
from vca.core import documents, jobs
from vca.core.access import Actor
from vca.core.models import AuditEvent, Document, Job, JobState
from vca.core.services import practices
from vca.environment import database
from vca.settings import BASE_DIR

SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
JOB = (  # what reads or writes; the rest is plain arithmetic, of which nothing outlives its process
    "billing.models",
    "billing.queries",
    "billing.services",
    "billing.tasks",
    "django.db.transaction",
    "referrals.models",
    "referrals.queries",
    "tests.faults.naive",
    "tests.faults.paper",
    "vca.core",
)
MONTH = timedelta(days=30)
WRITTEN = AuditEvent.objects.filter(action="submission.written")


def ready_claims(number: int) -> Actor:
    """Make that many ready claims of one visit each; return a command that acts for their practice.

    They are as old as the real clock wants them, for a worker process judges by it whether they are timely.
    """
    now = timezone.now() - timedelta(days=2)
    harbor = world.practice()
    period = {"valid_from": (now - 2 * MONTH).date(), "valid_through": (now + 2 * MONTH).date()}
    facts = {"number": "A-2", "va_facility": "VA Portland", "station": "648", **period}
    practices.record_agreement(facts=facts, by=harbor.by, locations=[harbor.location], clinicians=[harbor.clinician])
    term = {"referral_date": (now - MONTH).date(), "expiration_date": (now + MONTH).date()}
    authorization = world.authorization(harbor, visits=number, **term)
    for hour in range(number):
        visit = world.completed(harbor, authorization, at=now - timedelta(hours=hour))
        for claim in claims.draft(visit_ids=[visit.pk], by=harbor.by, at=now):
            claims.make_ready(claim=claim, by=harbor.by, at=now)
    Claim.objects.update(revision=0)
    return harbor.by


def forget() -> None:
    """Bring every claim back to ready, as if no file had ever been asked for; numbers that were taken stay taken."""
    SubmittedClaim.objects.all().delete()
    Submission.objects.all().delete()
    Job.objects.all().delete()
    Document.objects.filter(kind="claims_837p").delete()
    Claim.objects.update(state=ClaimState.READY, sent_at=None, revision=0)


def let_lease_run_out(job_id: UUID) -> bool:
    """Move the lease of a running job into the past, as waiting would; tell whether it was running."""
    gone = timezone.now() - timedelta(seconds=1)
    return bool(Job.objects.filter(pk=job_id, state=JobState.RUNNING).update(locked_until=gone))


@dataclass(frozen=True, slots=True)
class File:
    """What a reader of a claim file finds in it: ISA13, GS06, CLM01 and the sum of CLM02."""

    interchange: int
    group: int
    claims: tuple[str, ...]
    total: Decimal


def read(content: bytes) -> File:
    """Read a claim file as its receiver would."""
    segments = [segment.strip().split("*") for segment in content.decode("ascii").split("~")]
    found = {name: [segment for segment in segments if segment[0] == name] for name in ("ISA", "GS", "CLM", "IEA")}
    (isa,), (gs,), (_,) = found["ISA"], found["GS"], found["IEA"]
    charges = sum((Decimal(segment[2]) for segment in found["CLM"]), Decimal(0))
    return File(int(isa[13]), int(gs[6]), tuple(segment[1] for segment in found["CLM"]), charges)


def wrongs(job: Job) -> list[str]:
    """Return what is wrong with the files and the claims after a job: nothing lost, nothing twice, nothing half."""
    job.refresh_from_db()
    files = {row: documents.read(row.document) for row in Submission.objects.select_related("document")}
    sent = Counter(number for content in files.values() for number in read(content).claims)
    states = dict(Claim.objects.values_list("control_number", "state"))
    found = {
        f"the job is {job.state}: {job.outcome}": job.state != JobState.DONE,
        f"{len(files)} files": [row.job_id for row in files] != [job.pk],
        "the job names another file": [row.document_id for row in files] != [job.result_id],
        f"{len(states) - len(sent)} claims in no file": states.keys() - sent.keys() != set(),
        f"{sum(sent.values()) - len(sent)} claims twice": set(sent.values()) != {1},
        "a state that its file does not bear out": {name for name in states if states[name] == "SENT"} != sent.keys(),
        "a claim that did not become sent": set(states.values()) != {ClaimState.SENT},
        "a claim that did not move once": set(Claim.objects.values_list("revision", flat=True)) != {1},
    }
    return [what for what, so in found.items() if so] + [what for row in files.items() for what in differences(*row)]


def differences(row: Submission, content: bytes) -> Iterator[str]:
    """Yield where a submission's rows and its bytes differ."""
    file = read(content)
    listed = sorted(row.submitted.values_list("claim__control_number", flat=True))
    if hashlib.sha256(content).hexdigest() != row.document.sha256:
        yield f"submission {row.pk}: other bytes than were kept"
    if (file.interchange, file.group) != (row.interchange_control_number, row.group_control_number):
        yield f"submission {row.pk}: other control numbers"
    if listed != sorted(file.claims) or row.claim_count != len(listed):
        yield f"submission {row.pk}: other claims"
    if file.total != row.total_charge:
        yield f"submission {row.pk}: another total"
    if (told := WRITTEN.filter(subject_id=str(row.pk)).count()) != 1:
        yield f"submission {row.pk}: told {told} times"


def do(job: Job) -> bool:
    """Do the job as a worker does."""
    return jobs.run(job.pk)


def lines_of_the_job(by: Actor) -> int:
    """Return at how many lines the job can be killed."""
    for _ in range(2):  # what a process works out once and keeps is not met again
        count = lines_of(partial(do, submissions.ask(by=by)), modules=JOB)
        forget()
    return count


def killed_at(line: int, by: Actor) -> list[str]:
    """Ask for a file, kill the worker at that line of the job, let another one recover; return what is wrong then."""
    job = submissions.ask(by=by)
    recover(job, line=line)
    found = wrongs(job)
    forget()
    return found


def recover(job: Job, *, line: int) -> None:
    """Kill a worker at that line of the job and let another one take over. Raises AssertionError without a kill."""
    assert run_until(partial(do, job), modules=JOB, line=line), f"the job ends before line {line}"
    let_lease_run_out(job.pk)
    do(job)


@contextmanager
def tryout(directory: Path) -> Iterator[dict[str, str]]:
    """Stand on a try-out of its own, made as ./run makes it; yield the environment in which its worker runs."""
    url, papers = f"sqlite:///{directory / 'vca.sqlite3'}", directory / "documents"
    bare = {name: value for name, value in os.environ.items() if name not in SERVERS}
    environment = bare | {"DATABASE_URL": url, "DOCUMENTS_DIR": str(papers), "EMAIL_URL": "memorymail://"}
    with started([sys.executable, "manage.py", "prepare_database"], env=environment, cwd=BASE_DIR) as process:
        process.wait(timeout=60)
    config = connections.configure_settings({"default": database("DATABASE_URL", url)})["default"]
    before = (connections["default"], settings.DOCUMENTS_DIR, settings.REDIS_URL)
    connections["default"] = load_backend(config["ENGINE"]).DatabaseWrapper(config, "default")
    settings.DOCUMENTS_DIR, settings.REDIS_URL = papers, ""
    try:
        yield environment
    finally:
        connections["default"].close()
        connections["default"], settings.DOCUMENTS_DIR, settings.REDIS_URL = before
