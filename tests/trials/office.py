"""The office of a practice with two places: who works there, its approvals, the numbers it wants, the alerts it reads.

What is done is done by the services, and noted in the almanac.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from billing.models import Acknowledgment, Claim
from referrals.models import Authorization, Visit
from tests import world
from tests.trials.almanac import SHIPPED, Almanac, Cause, Person, Said
from vca.core import alerts
from vca.core.models import Agreement, Alert, DeaRegistration, License, Membership, ServiceLocation, User
from vca.core.services import digests, inbox, parameters, people, practices
from vca.core.services.inbox import Snooze
from vca.core.vocabulary import Role

Thing = TypeVar("Thing")
DAY = timedelta(days=1)
HISTORY = 30  # days after which an end is no news
OTHER_NUMBERS = {
    "authorization-ending-days": ("45,30,21,7", "60,14", "30,10,1,0"),
    "visits-left": ("2,0", "3,1", "0"),
    "request-due-days": ("7,0", "10,3", "0"),
    "license-ending-days": ("180,90,60", "120,30"),
    "dea-ending-days": ("180,90,60", "45,7"),
    "agreement-ending-days": ("180,90,60", "200,20"),
    "filing-limit-left-days": ("150,90,30,10", "120,60,5", "175,1"),
    "filing-limit-days": ("180", "150"),
}


@dataclass(slots=True)
class Paper:
    """What VA has authorized, as this year knows it."""

    row: Authorization
    place: ServiceLocation
    first: date
    last: date
    visits: int | None
    state: str = "ACCEPTED"


@dataclass(slots=True)
class Seen:
    """A visit."""

    row: Visit
    paper: Paper
    on: date
    state: str
    claim: Claim | None = None
    billed: bool = False
    rejection: Acknowledgment | None = None


@dataclass(slots=True)
class Approval:
    """A license, a DEA registration or an agreement; ``at`` is the place of a registration."""

    what: str
    row_id: int
    last: date
    at: ServiceLocation | None = None
    renewed: bool = False


class Office:
    """Two places at the instant ``at``, their people and approvals."""

    def __init__(self, dice: Random, zones: Sequence[str], at: datetime) -> None:
        self.dice, self.at, self.almanac = dice, at, Almanac()
        self.harbor = world.practice(zone=zones[0])
        self.by = self.harbor.by
        address = {"street": "1 Example Way", "city": "Portland", "state": "OR", "zip_code": "972051234"}
        other = practices.record_location(facts={"name": "Other", "time_zone": zones[1], **address}, by=self.by)
        self.places = [self.harbor.location, other]
        world.cover(self.harbor)
        Agreement.objects.update(valid_from=date(2020, 1, 1), valid_through=date(2050, 12, 31))  # covers every visit
        self.seen: list[Seen] = []
        self.approvals: list[Approval] = []
        for role in (Role.BILLER, Role.ADMINISTRATOR, Role.ADMINISTRATOR, Role.CLINICIAN, Role.NURSE):
            self.join(role)
        for what in ("license", "dea", "dea", "agreement"):
            self.approve(what, self.today() + self.dice.randint(5, 300) * DAY)

    def today(self, place: ServiceLocation | None = None) -> date:
        return self.at.astimezone(ZoneInfo((place or self.places[0]).time_zone)).date()

    def watch(self, kind: str, subject: int, parameter: str, left: Callable[[date], tuple[int, str] | None]) -> Cause:
        home = self.places[0]
        cause = Cause(kind, subject, parameter, ZoneInfo(home.time_zone), None, left)
        self.almanac.causes.append(cause)
        return cause

    def watch_at(self, place: ServiceLocation, cause: Cause) -> Cause:
        cause.place, cause.zone = place.pk, ZoneInfo(place.time_zone)
        return cause

    def approve(self, what: str, last: date, *, at: ServiceLocation | None = None, since: date | None = None) -> None:
        """Record a license, a registration or an agreement through that day."""
        facts: dict[str, Any] = {"number": f"{what}-{len(self.approvals)}"[:9], "valid_through": last}
        place = at or (self.dice.choice(self.places) if what == "dea" else None)
        row: License | DeaRegistration | Agreement
        if what == "license":
            facts |= {"state": "OR", "valid_from": date(2020, 1, 1)}
            row = practices.record_license(clinician=self.harbor.clinician, facts=facts, by=self.by)
        elif what == "dea":
            facts |= {"location": place}
            row = practices.record_dea(clinician=self.harbor.clinician, facts=facts, by=self.by)
        else:
            facts |= {"va_facility": "VA Seattle", "valid_from": since or date(2020, 1, 1)}
            row = practices.record_agreement(facts=facts, by=self.by, locations=[], clinicians=[])
        approval = Approval(what, row.pk, last, place)
        self.approvals.append(approval)
        for old in self.approvals[:-1]:
            self.settle(old, approval, since)
        cause = self.watch(f"{what}_ending", row.pk, f"{what}-ending-days", partial(self.days_of_approval, approval))
        if place:
            self.watch_at(place, cause)

    @staticmethod
    def settle(old: Approval, new: Approval, since: date | None) -> None:
        """Of two of a kind the one that lasts longer counts; an agreement takes another's place only without a gap."""
        if (old.what, old.at) == (new.what, new.at) and (since is None or since <= old.last + DAY):
            shorter = old if old.last <= new.last else new
            shorter.renewed = True

    def days_of_approval(self, approval: Approval, today: date) -> tuple[int, str] | None:
        left = (approval.last - today).days
        past = [one for one in self.seen if one.state == "BOOKED" and one.on >= today and one.on > approval.last]
        beyond = approval.what != "agreement" and any(approval.at in (None, one.paper.place) for one in past)
        return (left, str(approval.last)) if not approval.renewed and (beyond or left >= -HISTORY) else None

    def renew(self) -> None:
        """An approval is renewed, an agreement at times with a gap."""
        old = self.dice.choice([one for one in self.approvals if not one.renewed])
        last = max(old.last, self.today()) + self.dice.randint(20, 400) * DAY
        gap = self.dice.choice([1, 1, 6]) if old.what == "agreement" else None
        self.approve(old.what, last, at=old.at, since=old.last + gap * DAY if gap else None)

    def end_agreement(self) -> None:
        """VA ends an agreement before its day."""
        old = self.dice.choice([one for one in self.approvals if one.what == "agreement" and not one.renewed])
        last = self.today() + self.dice.randint(5, 100) * DAY
        row = Agreement.objects.get(pk=old.row_id)
        if last < old.last and row.valid_from <= last:
            facts = {"ended_on": last, "ended_by": "VA"}
            practices.record_agreement(facts=facts, by=self.by, locations=[], clinicians=[], agreement=row)
            old.last = last

    def change_numbers(self) -> None:
        """The practice wants to be told earlier, or later, from a day on."""
        name = self.dice.choice(sorted(SHIPPED))
        value, since = self.dice.choice(OTHER_NUMBERS[name]), self.today() + self.dice.randint(-3, 20) * DAY
        parameters.set_value(name=name, value=value, valid_from=since, source="our own", verified_on=None, by=self.by)
        self.almanac.parameters.setdefault(name, {})[since] = value

    def join(self, role: Role) -> None:
        user = User.objects.create_user(f"{len(self.almanac.people)}@example.org", name=role.capitalize())
        self.almanac.people[people.give_role(user=user, role=role, by=self.by).pk] = Person(role)

    def come_or_go(self) -> None:
        """Somebody comes, goes, or comes back."""
        pk, person = self.dice.choice(sorted(self.almanac.people.items(), key=lambda one: one[0]))
        membership = Membership.objects.get(pk=pk)
        if self.dice.random() < 0.3:
            self.join(self.dice.choice([Role.BILLER, Role.CLINICIAN, Role.ADMINISTRATOR, Role.FRONT_DESK]))
        elif person.here:
            people.end_role(membership=membership, by=self.by)
            person.here = False
        else:
            people.give_role(user=membership.user, role=Role(person.role), by=self.by)
            person.here = True

    def choose_mail(self) -> None:
        """Somebody wants no e-mail, or wants it again."""
        pk = self.dice.choice(sorted(self.almanac.people))
        person = self.almanac.people[pk]
        digests.choose(user=Membership.objects.get(pk=pk).user, wanted=not person.wants_mail, by=self.by)
        person.wants_mail = not person.wants_mail

    def dismiss(self) -> None:
        """Somebody dismisses an alert."""
        for alert in self.some(Alert.objects.filter(state="OPEN").order_by("pk")):
            alerts.dismiss(alert=alert, reason="known", by=self.by, at=self.at)
            self.almanac.alerts[alert.kind, alert.subject_id].state = "DISMISSED"

    def reopen(self) -> None:
        """Somebody undoes a dismissal, also an old one, unless a newer alert stands open."""
        for alert in self.some(Alert.objects.filter(state="DISMISSED").order_by("pk")):
            if alerts.reopen(alert=alert, by=self.by):
                said = Said(alert.threshold, alert.basis, wakes=alert.wakes_at)
                self.almanac.reopened(alert.kind, alert.subject_id, said)

    def snooze(self) -> None:
        """Somebody wants to hear of an alert later; what is due, or would sleep too long, is refused."""
        for alert in self.some(Alert.objects.filter(state="OPEN").order_by("pk")):
            zone = ZoneInfo(alert.location.time_zone) if alert.location else ZoneInfo(self.places[0].time_zone)
            until = self.at.astimezone(zone).date() + self.dice.choice([1, 2, 5, 9, 14, 30, 60]) * DAY
            inbox.snooze([alert], asked=Snooze(until), by=self.by, at=self.at)
            wakes = datetime.combine(until, time(), zone).astimezone(UTC)
            self.almanac.alerts[alert.kind, alert.subject_id].wakes = wakes

    def wake(self) -> None:
        """Somebody wants to hear of it at once after all."""
        asleep = Alert.objects.filter(state="OPEN", wakes_at__gt=self.at)
        for alert in self.some(asleep.order_by("pk")):
            inbox.wake([alert], by=self.by)
            self.almanac.alerts[alert.kind, alert.subject_id].wakes = None

    def some(self, choice: Iterable[Thing]) -> list[Thing]:
        """Return one of these, or nothing where there is none."""
        return self.dice.sample(found, 1) if (found := list(choice)) else []
