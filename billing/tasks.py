"""Background work of billing."""

from datetime import datetime

from django.utils import timezone

from billing import queries
from billing.domain.paper import NOWHERE
from billing.services import assembly, claims, filing, paper_claims, submissions
from billing.services.assembly import Assembled
from billing.services.paper_claims import Judged, Review
from billing.services.printing import print_sheets
from vca.core import audit, jobs
from vca.core.jobs import Run
from vca.core.models import ServiceLocation
from vca.core.services import digests, practices
from vca.domain.wording import counted

CHUNK = 50


@jobs.handler("write_837p")
def write_837p(run: Run) -> None:
    """Assemble and scrub the ready claims outside any long transaction, then write them in one."""
    ids = queries.ready_ids(run.by, among=run.job.subject_ids or None)
    now = timezone.now()
    sound: list[Assembled] = []
    held_back = 0
    for start in range(0, len(ids), CHUNK):
        some, refused = _judge(run, ids[start : start + CHUNK], now)
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
                f"batch {submission.batch_number}: {counted(submission.claim_count, 'claim')}{said}",
                result=submission.document,
            )


def _judge(run: Run, ids: list[int], now: datetime) -> tuple[list[Assembled], list[Assembled]]:
    """Return what may be sent now, and the claims that a rule has come to block since they were made ready."""
    assembled = assembly.assemble(ids, by=run.by, at=now)
    found = claims.scrub_all(assembled, by=run.by)
    blocked = {claim_id for claim_id, findings in found.items() if claims.blocking(findings)}
    sound = [one for one in assembled if one.claim_id not in blocked]
    return sound, [one for one in assembled if one.claim_id in blocked]


@jobs.handler(paper_claims.WITH_FORM)
def write_cms1500(run: Run) -> None:
    """Print claims on our drawing of the form."""
    _print(run, with_form=True)


@jobs.handler(paper_claims.TEXT_ALONE)
def write_cms1500_text(run: Run) -> None:
    """Print claims for pre-printed paper."""
    _print(run, with_form=False)


def _print(run: Run, *, with_form: bool) -> None:
    """Judge and print outside any long transaction; the file is kept in the commit that ends the job."""
    ids, now = run.job.subject_ids, timezone.now()
    on = practices.civil_day(run.by, at=now)
    judged: list[Judged] = []
    for start in range(0, len(ids), CHUNK):
        judged += paper_claims.review(ids[start : start + CHUNK], by=run.by, at=now).judged
        with run.chunk(done=min(start + CHUNK, len(ids)), total=len(ids)):
            pass  # the progress is all that is written
    whole = Review(tuple(judged))
    said = _left_out(whole)
    shift = NOWHERE if with_form else paper_claims.shift(by=run.by, on=on)
    content = print_sheets(whole.sheets, with_form=with_form, shift=shift) if whole.printed else b""
    with run.chunk():
        if not content:
            run.finish(f"nothing could be printed{said}")
            return
        printed, sheets = len(whole.printed), len(whole.sheets)
        document = paper_claims.keep(content, whole=whole, by=run.by, at=now)
        run.finish(f"{counted(printed, 'claim')} on {counted(sheets, 'sheet')}{said}", result=document)


def _left_out(whole: Review) -> str:
    """Say how many claims are not printed, and by which rules."""
    codes = {finding.code for one in whole.left_out for finding in claims.blocking(one.findings)}
    return f", {len(whole.left_out)} left out ({', '.join(sorted(codes))})" if codes else ""


@jobs.handler("watch_filing")
def watch_filing(run: Run) -> None:
    """The daily look at the visits at one location that wait to be billed."""
    location = ServiceLocation.objects.get(pk=run.job.subject_ids[0])
    now = timezone.now()
    raised, closed = filing.bring_up_to_date(location, by=run.by, at=now, within=run.chunk)
    with run.chunk():
        audit.record(by=run.by, action="filing.swept", subject=location, changes={"raised": raised, "closed": closed})
        digests.ask_if_due(by=run.by, at=now)
        run.finish(f"{counted(raised, 'alert')} raised, {closed} closed")
