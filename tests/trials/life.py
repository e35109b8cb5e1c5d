"""A year in the life of a practice with two places: what people do, done by the services, and noted in the almanac."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from unittest.mock import patch
from zoneinfo import ZoneInfo

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Acknowledgment
from billing.services import acknowledgments, claims, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from referrals.domain.states import LimitKind
from referrals.models import OpenDay
from referrals.services import amendments, referrals, visits
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.trials.almanac import DESK
from tests.trials.office import DAY, HISTORY, Office, Paper, Seen
from vca.core.models import ServiceLocation
from vca.domain.errors import RuleError
from vca.domain.holidays import holiday_on

EVERYBODY = (*DESK, "CLINICIAN", "NURSE", "FRONT_DESK")
SEE_VETERANS = ("ADMINISTRATOR", "CLINICIAN", "NURSE", "FRONT_DESK")
SPOKEN_FOR = ("BOOKED", "COMPLETED")


class Life(Office):
    """The practice at the instant ``at``. ``act`` lets somebody do something at random."""

    def __init__(self, dice: Random, zones: Sequence[str], at: datetime) -> None:
        super().__init__(dice, zones, at)
        self.papers: list[Paper] = []
        for _ in range(4):
            self.receive()

    def act(self) -> None:
        """Do something; what is refused was not done."""
        often = {
            self.receive: 2,
            self.amend: 4,
            self.set_limit: 2,
            self.stop_or_go_on: 3,
            self.book: 5,
            self.give: 7,
            self.drop: 2,
            self.bill: 7,
            self.hear: 4,
            self.take_back: 2,
            self.renew: 2,
            self.end_agreement: 1,
            self.change_numbers: 2,
            self.come_or_go: 2,
            self.choose_mail: 1,
            self.dismiss: 3,
            self.reopen: 3,
            self.snooze: 8,
            self.wake: 2,
        }
        [deed] = self.dice.choices(list(often), weights=list(often.values()))
        with suppress(RuleError):
            deed()

    def receive(self) -> None:
        """VA sends an authorization: now and then it ends on the leap day."""
        place, today = self.dice.choice(self.places), self.today()
        last = today + self.dice.randint(0, 150) * DAY
        leap = date(last.year, 3, 1) - DAY  # or the day before the first of March of another year
        if leap > today and self.dice.random() < 0.5:
            last = leap
        first = min(today - self.dice.randint(0, 20) * DAY, last)
        number = self.dice.choice([1, 2, 3, 4, 6, None])
        with patch.object(world, "NOW", self.at):
            there = replace(self.harbor, location=place)
            row = world.authorization(there, visits=number, referral_date=first, expiration_date=last)
        paper = Paper(row, place, first, last, number)
        self.papers.append(paper)
        ending = self.watch(
            "authorization_ending", row.pk, "authorization-ending-days", partial(self.days_of_paper, paper)
        )
        few = self.watch("visits_left", world.line(row).pk, "visits-left", partial(self.visits_of_paper, paper))
        asking = self.watch("request_due", row.pk, "request-due-days", partial(self.days_to_ask, paper))
        for cause in (ending, few):
            self.watch_at(place, cause).roles = EVERYBODY
        self.watch_at(place, asking).roles = (*DESK, "CLINICIAN")

    def days_of_paper(self, paper: Paper, today: date) -> tuple[int, str] | None:
        left = (paper.last - today).days
        return (left, str(paper.last)) if paper.state == "ACCEPTED" and left >= -HISTORY else None

    def visits_of_paper(self, paper: Paper, today: date) -> tuple[int, str] | None:
        if paper.visits is None or not self.days_of_paper(paper, today):
            return None
        drawn = sum(one.paper is paper and one.state in SPOKEN_FOR for one in self.seen)
        return paper.visits - drawn, str(paper.visits)

    def days_to_ask(self, paper: Paper, today: date) -> tuple[int, str] | None:
        """Four weeks and its holidays before cover ends: on its last day, or when what is left came as often as now.

        How often tells the distance of the days on which they came in the last six weeks, or will.
        """
        if paper.state != "ACCEPTED" or paper.last < today:
            return None
        mine = [one for one in self.seen if one.paper is paper]
        came = [one.on for one in mine if one.state == "COMPLETED" and one.on >= today - 42 * DAY]
        will = sorted(one.on for one in mine if one.state == "BOOKED")
        left = (paper.visits or 0) - sum(one.state == "COMPLETED" for one in mine)
        ends, known = paper.last, sorted({*came, *will})
        if paper.visits is not None and len(known) > 1:
            ends = min(ends, self.last_visit(left, came, will, known, today))
        days = (ends - number * DAY for number in range(28, 60))
        ask_by = next(
            day for day in days if day.weekday() < 5 and not holiday_on(day) and self.open_days(day, ends) > 27
        )
        return (ask_by - today).days, f"{paper.last} {paper.visits or 0}"

    @staticmethod
    def open_days(day: date, last: date) -> int:
        between = (day + number * DAY for number in range(1, (last - day).days))
        return 1 + sum(not holiday_on(one) for one in between)

    @staticmethod
    def last_visit(left: int, came: list[date], will: list[date], known: list[date], today: date) -> date:
        if left <= len(will):
            return will[left - 1] if left > 0 else max(came, default=today)
        span, steps = (known[-1] - known[0]).days, len(known) - 1

        def after(visits: int) -> timedelta:
            return -(-span * visits // steps) * DAY

        return max(known[-1] + after(1), today) + after(left - len(will) - 1)

    def amend(self) -> None:
        """VA extends or cuts the time."""
        paper = self.dice.choice(self.papers)
        last = max(paper.first, paper.last + self.dice.choice([-40, -10, -1, 1, 10, 45, 90]) * DAY)
        terms = Terms(paper.first, last)
        amendments.amend(authorization=paper.row, terms=terms, reason="VA amended it", by=self.by, at=self.at)
        paper.last = last

    def set_limit(self) -> None:
        """VA gives more visits, or fewer."""
        paper, number = self.dice.choice(self.papers), self.dice.randint(1, 8)
        limit = Limit("Ketamine infusion", LimitKind.COUNTED, number)
        line = world.line(paper.row)
        amendments.set_limit(service=line, limit=limit, reason="VA amended it", by=self.by, at=self.at)
        paper.visits = number

    def stop_or_go_on(self) -> None:
        """VA revokes a referral, or it is suspended or resumed."""
        paper = self.dice.choice(self.papers)
        ways = {"ACCEPTED": [(referrals.suspend, "SUSPENDED")] * 3 + [(referrals.cancel, "CANCELLED")]}
        move, state = self.dice.choice(ways.get(paper.state, [(referrals.resume, "ACCEPTED")]))
        move(referral=paper.row.referral, reason="VA said so", by=self.by, at=self.at)
        paper.state = state

    def plan(self, paper: Paper, on: date) -> visits.Plan:
        moment = datetime.combine(on, time(10), ZoneInfo(paper.place.time_zone))
        return world.plan(replace(self.harbor, location=paper.place), paper.row, at=moment)

    def book(self) -> None:
        """Somebody books a visit."""
        paper = self.dice.choice(self.papers)
        on = self.today(paper.place) + self.dice.randint(0, 50) * DAY
        row = visits.book(plan=self.plan(paper, on), by=self.by, at=self.at)
        self.seen.append(Seen(row, paper, on, "BOOKED"))
        self.watch_filing(self.seen[-1])
        self.watch_day(paper.place, on)

    def watch_day(self, place: ServiceLocation, on: date) -> None:
        """A day is to be closed on the day after, by those who see Veterans."""
        day, is_first = OpenDay.objects.get_or_create(practice=place.practice, location=place, on=on)
        if is_first:
            left = partial(self.days_to_close, place, on)
            self.watch_at(place, self.watch("day_not_closed", day.pk, "", left)).roles = SEE_VETERANS

    def days_to_close(self, place: ServiceLocation, on: date, today: date) -> tuple[int, str] | None:
        open_ = any(one.on == on and one.paper.place == place and one.state == "BOOKED" for one in self.seen)
        return ((on + DAY - today).days, str(on)) if open_ else None

    def watch_filing(self, seen: Seen) -> None:
        left = partial(self.days_to_file, seen)
        self.watch_at(seen.paper.place, self.watch("filing_limit", seen.row.pk, "filing-limit-left-days", left))

    def days_to_file(self, seen: Seen, today: date) -> tuple[int, str] | None:
        last = seen.on + self.almanac.numbers("filing-limit-days", seen.on)[0] * DAY
        waits = seen.state == "COMPLETED" and not seen.billed and (last - today).days >= -HISTORY
        basis = f"{last} R{seen.rejection.pk}" if seen.rejection else str(last)
        return ((last - today).days, basis) if waits else None

    def give(self) -> None:
        """A visit is given: a booked one whose day has come, or a walk-in."""
        ready = [one for one in self.seen if one.state == "BOOKED" and one.on <= self.today(one.paper.place)]
        if not ready or self.dice.random() < 0.3:
            paper = self.dice.choice(self.papers)
            on = self.today(paper.place)
            row = visits.walk_in(plan=self.plan(paper, on), by=self.by, at=self.at)
            ready = [Seen(row, paper, on, "ARRIVED")]
            self.seen += ready
            self.watch_filing(ready[0])
        one = self.dice.choice(ready)
        if one.state == "BOOKED":
            visits.check_in(visit=one.row, by=self.by, at=self.at)
        visits.complete(visit=one.row, by=self.by, at=self.at)
        one.state = "COMPLETED"

    def drop(self) -> None:
        """A visit is cancelled, or struck because it never was."""
        for one in self.some([one for one in self.seen if one.state in SPOKEN_FOR and not one.billed]):
            if one.state == "BOOKED":
                visits.cancel(visit=one.row, reason="", by=self.by, at=self.at)
                one.state = "CANCELLED"
            else:
                visits.void(visit=one.row, reason="entered twice", by=self.by, at=self.at)
                one.state = "VOIDED"

    def bill(self) -> None:
        """A visit is billed to VA, or once more after a rejection."""
        for one in self.some([one for one in self.seen if one.state == "COMPLETED" and not one.billed]):
            if one.claim is None:
                [one.claim] = claims.draft(visit_ids=[one.row.pk], by=self.by, at=self.at)
            one.claim.refresh_from_db()
            if one.claim.state == "REJECTED":
                claims.back_to_draft(claim=one.claim, by=self.by)
            claims.make_ready(claim=one.claim, by=self.by, at=self.at)
            sent = ByHand(Channel.PORTAL, self.at, receipt="R-1")
            submissions.record_by_hand(claim_ids=[one.claim.pk], sent=sent, by=self.by, at=self.at)
            one.billed = True

    def hear(self) -> None:
        """The clearinghouse rejects a claim."""
        for one in self.some([one for one in self.seen if one.claim and one.billed]):
            on = self.today(one.paper.place)
            answer = Answer(Verdict.REJECTED, Source.CLEARINGHOUSE, on, words="A7:562", reference="R-2")
            one.claim.refresh_from_db()
            one.rejection = acknowledgments.take(claim=one.claim, answer=answer, by=self.by, at=self.at)
            one.billed = False

    def take_back(self) -> None:
        """The rejection was recorded by mistake; the claim waits at VA as before."""
        for one in self.some([one for one in self.seen if one.rejection and not one.billed]):
            acknowledgments.undo(acknowledgment=one.rejection, reason="another claim's", by=self.by, at=self.at)
            earlier = Acknowledgment.objects.filter(submitted__claim=one.claim, withdrawn_at=None).order_by("-pk")
            one.rejection, one.billed = earlier.first(), True
