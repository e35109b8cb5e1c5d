"""Claims of the demo: drafted on some evenings, made ready where the scrub finds nothing, one batch written,
some sent by hand. How VA answered is in ``answers``."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

from billing import queries
from billing.domain.channels import Channel
from billing.models import Claim
from billing.services import claims, submissions
from billing.services.proofs import Proof
from billing.services.submissions import ByHand
from referrals.domain.routing import bills_va
from referrals.domain.states import Affiliation
from vca.core.access import Actor
from vca.demo import answers
from vca.demo.clinics import Clinic
from vca.demo.days import Deed, last_workday, moment
from vca.demo.papers import screenshot
from vca.demo.work import print_paper, write_batch

RUNS = (49, 28, 13, 3)  # days ago; what was completed since the last one is left for whoever tries the product
BATCH_AFTER, BY_HAND_AFTER = 28, 13
ANSWERED, MENDED, ANSWERED_AGAIN = 21, 20, 6  # days ago
BILLED_AT, READ_AT = time(17, 30), time(10, 15)
FORGOTTEN = timedelta(days=100)  # what is older when the bills are written is not looked at any more
PRINTED = timedelta(minutes=10)  # after the bills, and before the envelope is closed
BY_HAND = ((Channel.MAIL, "9400 0000 0000 0000 0000 17"), (Channel.PORTAL, "TEST-000017"), (Channel.FAX, ""))
LEFT_IN_DRAFT = 6  # of the last run, every so many-th claim is not looked at again


def billing_deeds(clinic: Clinic, *, today: date) -> list[Deed]:
    """Return the billing runs, of which the early ones go out in one file, and the mornings when VA's answers came."""
    by = clinic.staff.biller
    runs = [_deed(clinic, today, ago, BILLED_AT, partial(_bill, by, ago)) for ago in RUNS]
    return [
        *runs,
        _deed(clinic, today, ANSWERED, READ_AT, partial(answers.to_the_file, by)),
        _deed(clinic, today, MENDED, READ_AT, partial(answers.mend_one, by)),
        _deed(clinic, today, ANSWERED_AGAIN, READ_AT, partial(answers.to_the_portal, by)),
    ]


def _deed(clinic: Clinic, today: date, ago: int, clock: time, do: Callable[[datetime], object]) -> Deed:
    return Deed(moment(clinic.sites[0].place, last_workday(today - timedelta(days=ago)), clock), do)


def _bill(by: Actor, ago: int, at: datetime) -> None:
    """Draft what is completed and not billed yet, then make ready what is sound."""
    rows = queries.unbilled_visits(by, since=at.date() - FORGOTTEN)
    ours = [visit.pk for visit in rows if bills_va(Affiliation(visit.authorization.referral.affiliation))]
    if not ours:
        return
    drafted = claims.draft(visit_ids=ours, by=by, at=at)
    left = set(drafted[::LEFT_IN_DRAFT]) if ago == RUNS[-1] else set()
    for claim in drafted:
        if claim not in left:
            _make_ready(claim, by, at)
    if ago == BATCH_AFTER:
        write_batch(by, at=at)
    if ago == BY_HAND_AFTER:
        _send_by_hand(by, at + PRINTED)


def _send_by_hand(by: Actor, at: datetime) -> None:
    """Print and mail one claim, type another into the portal, fax a third; each with what shows it."""
    ready = queries.ready_ids(by)
    if len(ready) > len(BY_HAND):  # some stay ready for whoever tries the product
        print_paper(by, ready[:1], at=at)
        _sent(ready, by, at + PRINTED)


def _sent(ready: Sequence[int], by: Actor, at: datetime) -> None:
    for claim_id, (channel, receipt) in zip(ready, BY_HAND, strict=False):
        sent = ByHand(channel, at, receipt, Proof(screenshot(channel), f"{channel.lower()}.png"))
        submissions.record_by_hand(claim_ids=[claim_id], sent=sent, by=by, at=at)


def _make_ready(claim: Claim, by: Actor, at: datetime) -> None:
    """Let the claim go, or leave it among the drafts with what the scrub found."""
    try:
        claims.make_ready(claim=claim, by=by, at=at)
    except claims.FindingsBlock:
        return
