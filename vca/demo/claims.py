"""Claims of the demo: drafted on some evenings, made ready where the scrub finds nothing, one batch written,
some sent by hand."""

from datetime import date, datetime, time, timedelta

from billing import queries
from billing.domain.channels import Channel
from billing.models import Claim
from billing.services import claims, submissions
from billing.services.submissions import ByHand, Proof
from referrals.domain.routing import bills_va
from referrals.domain.states import Affiliation
from vca.core.access import Actor
from vca.demo.clinics import Clinic
from vca.demo.days import Deed, last_workday, moment
from vca.demo.papers import screenshot
from vca.demo.work import print_paper, write_batch

RUNS = (49, 28, 13, 3)  # days ago; what was completed since the last one is left for whoever tries the product
BATCH_AFTER = 28
BILLED_AT = time(17, 30)
BY_HAND_AFTER = 13
BY_HAND = ((Channel.MAIL, "9400 0000 0000 0000 0000 17"), (Channel.PORTAL, "TEST-000017"), (Channel.FAX, ""))
LEFT_IN_DRAFT = 6  # of the last run, every so many-th claim is not looked at again


def billing_deeds(clinic: Clinic, *, today: date) -> list[Deed]:
    """Return the billing runs; the claims of the early ones go out in one file."""
    return [_run(clinic, ago, today) for ago in RUNS]


def _run(clinic: Clinic, ago: int, today: date) -> Deed:
    day = last_workday(today - timedelta(days=ago))
    return Deed(moment(clinic.sites[0].place, day, BILLED_AT), lambda at: _bill(clinic.staff.biller, ago, at))


def _bill(by: Actor, ago: int, at: datetime) -> None:
    """Draft what is completed and not billed yet, then make ready what is sound."""
    rows = queries.unbilled_visits(by)
    ours = [visit.pk for visit in rows if bills_va(Affiliation(visit.authorization.referral.affiliation))]
    if not ours:
        return
    drafted = claims.draft(visit_ids=ours, by=by, at=at)
    left = set(drafted[::LEFT_IN_DRAFT]) if ago == RUNS[-1] else set()
    for claim in drafted:
        if claim not in left:
            _make_ready(claim, by, at)
    if ago == BATCH_AFTER:
        write_batch(by)
    if ago == BY_HAND_AFTER:
        _send_by_hand(by, at)


def _send_by_hand(by: Actor, at: datetime) -> None:
    """Type one claim into the portal, print and mail another, fax a third; each with what shows it."""
    ready = queries.ready_ids(by)
    if len(ready) > len(BY_HAND):  # some stay ready for whoever tries the product
        print_paper(by, ready[:1])
        for claim_id, (channel, receipt) in zip(ready, BY_HAND, strict=False):
            sent = ByHand(channel, at, receipt, Proof(screenshot(channel), f"{channel.lower()}.png"))
            submissions.record_by_hand(claim_ids=[claim_id], sent=sent, by=by, at=at)


def _make_ready(claim: Claim, by: Actor, at: datetime) -> None:
    """Let the claim go, or leave it among the drafts with what the scrub found."""
    try:
        claims.make_ready(claim=claim, by=by, at=at)
    except claims.FindingsBlock:
        return
