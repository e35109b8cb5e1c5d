"""A Veteran with a row in every table that there is: closed years ago, to be disposed of."""

from datetime import timedelta

from billing.domain.answers import Source, Verdict
from billing.domain.states import ClaimState
from billing.models import Claim
from billing.services import acknowledgments, claims, paper_claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.proofs import Proof
from referrals.models import Authorization, FactSource, Veteran
from referrals.services import holds, imports, referrals, veterans, visits
from tests import world
from tests.vca.core.uploads.samples import PDF
from tests.world import NOW, World
from vca.core import alerts, jobs
from vca.core.alerts import Reached

LATER = NOW + timedelta(days=365 * 10 + 60)  # all of what was done at NOW, and authorized then, is past its time
NAME, STREET, SSN, WORDS = "Quillfeather", "77 Marrowbone Way", "219479999", "Zephyrine was not eligible"


def settled(one: World, **stated: str) -> Veteran:
    """Return somebody whose referral was completed after one visit."""
    authorization = world.authorization(one, **stated)
    world.completed(one, authorization)
    referrals.complete(referral=authorization.referral, reason="done", by=one.by, at=NOW)
    close_alerts(one)
    return authorization.veteran


def full(one: World) -> Veteran:
    """Return somebody with claims sent, printed, answered and closed, alerts, tasks, files, and a hold lifted."""
    authorization = world.authorization(one, last_name=NAME)
    veteran, by = authorization.veteran, one.by
    facts = {"street": STREET, "ssn": SSN}
    veterans.change(veteran=veteran, facts=facts, source=FactSource.VA, by=by, at=NOW)
    hold = holds.place(veteran=veteran, matter="2024-17", reason="Request of counsel", by=by, at=NOW)
    holds.lift(hold=hold, reason="Settled", by=by, at=NOW)
    _billed(one, authorization)
    never = world.booked(one, authorization, at=NOW + timedelta(days=1))
    visits.cancel(visit=never, reason=f"{NAME} moved", by=by, at=NOW)
    report = [f"{authorization.referral.number} created"]
    imports.keep_report(report, filename="list.json", by=by)
    due = Reached(*("visits_left", "AUTH-02", "authorizedservice", world.line(authorization).pk, (2,), "6", NAME, None))
    alerts.raise_alert(due, by=by, at=NOW)
    referrals.complete(referral=authorization.referral, reason="done", by=by, at=NOW)
    close_alerts(one)
    return veteran


def _billed(one: World, authorization: Authorization) -> None:
    """Make a claim that was sent, accepted and paid, and one that was drafted and closed."""
    by = one.by
    sent, closed = (_draft(one, authorization, days) for days in (0, 1))
    claims.make_ready(claim=sent, by=by, at=NOW)
    for job in (paper_claims.ask([sent.pk], with_form=False, by=by), submissions.ask(by=by)):
        jobs.run(job.pk)
    answer = Answer(Verdict.ACCEPTED, Source.PORTAL, NOW.date(), words=WORDS, proof=Proof(PDF, f"{NAME}.pdf"))
    acknowledgments.take(claim=sent, answer=answer, by=by, at=NOW)
    Claim.objects.filter(pk=sent.pk).update(state=ClaimState.PAID)  # which nothing posts yet
    claims.close(claim=closed, reason="not billed", by=by, at=NOW)


def _draft(one: World, authorization: Authorization, days: int) -> Claim:
    visit = world.completed(one, authorization, at=NOW - timedelta(days=days))
    (claim,) = claims.draft(visit_ids=[visit.pk], by=one.by, at=NOW)
    return claim


def close_alerts(one: World) -> None:
    """Dismiss what the visits have raised, and let nobody wait."""
    for alert in alerts.open_alerts(one.by):
        alerts.dismiss(alert=alert, reason="test", by=one.by, at=NOW)
