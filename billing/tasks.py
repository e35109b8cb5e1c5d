"""Background work of billing."""

from django.utils import timezone

from billing import queries
from billing.domain.findings import Finding
from billing.services import assembly, claims, submissions
from billing.services.assembly import Assembled
from vca.core import jobs
from vca.core.jobs import Run
from vca.core.services import practices
from vca.domain.rules import Severity

CHUNK = 50


@jobs.handler("write_837p")
def write_837p(run: Run) -> None:
    """Assemble and scrub the ready claims outside any long transaction, then write them in one."""
    ids = queries.ready_ids(run.by)
    now = timezone.now()
    sound: list[Assembled] = []
    held_back = 0
    for start in range(0, len(ids), CHUNK):
        some, refused = _judge(run, ids[start : start + CHUNK])
        sound += some
        with run.chunk(done=min(start + CHUNK, len(ids)), total=len(ids)):
            held_back += sum(
                claims.hold_back(claim_id=one.claim_id, revision=one.revision, by=run.by) for one in refused
            )
    with run.chunk():
        submission = submissions.store(sound, job=run.job, by=run.by, at=now)
        said = f", {held_back} held back by the scrub" if held_back else ""
        if submission is None:
            run.finish(f"nothing was ready to be written{said}")
        else:
            run.finish(
                f"batch {submission.batch_number}: {submission.claim_count} claims{said}", result=submission.document
            )


def _judge(run: Run, ids: list[int]) -> tuple[list[Assembled], list[Assembled]]:
    """Return what may be sent today, and the claims that a rule has come to block since they were made ready."""
    today = practices.civil_day(run.by, at=timezone.now())
    assembled = assembly.assemble(ids, by=run.by, on=today)
    found = claims.scrub_all(assembled, by=run.by, today=today)
    blocked = {claim_id for claim_id, findings in found.items() if _blocks(findings)}
    sound = [one for one in assembled if one.claim_id not in blocked]
    return sound, [one for one in assembled if one.claim_id in blocked]


def _blocks(found: tuple[Finding, ...]) -> bool:
    return any(finding.severity == Severity.BLOCK for finding in found)
