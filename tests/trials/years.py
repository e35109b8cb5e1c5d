"""A year of two places and their worker: each warning reaches everybody once, on its day there, and none is missing.

The real jobs run on a moved clock. Between the mornings people act as they do (``life``). The worker sleeps for up to
forty nights, sweeps twice, or two sweep at once; the mail server is away, or takes a message and does not say so. What
must have been told says ``almanac``.

Each control is a watch as it is often written.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial, partialmethod
from itertools import pairwise
from random import Random
from time import sleep
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID
from zoneinfo import ZoneInfo

import time_machine
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connections

from tests import databases
from tests.trials.almanac import Key
from tests.trials.crowd import Crowd, crowd
from tests.trials.kills import told
from tests.trials.life import Life
from tests.trials.office import DAY
from tests.trials.registry import Outcome, trial
from vca.core import alerts, jobs, vocabulary
from vca.core.models import Alert, Delivery, Job, ServiceLocation
from vca.core.services.digests import GATHERED

ZONES = ("America/Los_Angeles", "America/New_York", "America/Phoenix", "Pacific/Honolulu", "Pacific/Guam")
WATCHES = ("watch_approvals", "watch_authorizations", "watch_filing")
NIGHTS = (2, 6, 12, 20, 28, 38, 40)  # between two mornings
KEY = ("kind", "subject_id", "threshold", "basis", "recipient_id")
send_messages = EmailBackend.send_messages


def turns(zone: ZoneInfo, today: date) -> Iterator[int]:
    """Yield in how many days the clocks change there, or the leap day comes."""
    midnights = [datetime.combine(today + days * DAY, time(), zone) for days in range(NIGHTS[-1] + 2)]
    for days, (one, following) in enumerate(pairwise(midnights)):
        if one.utcoffset() != following.utcoffset() or (one.month, one.day) == (2, 29):
            yield days


class Year:
    """One simulated year; ``complaints`` lives it and says what is wrong as soon as it is."""

    def __init__(self, number: int, workers: Crowd) -> None:
        self.dice, self.workers = Random(number), workers
        self.zones = self.dice.sample(ZONES, 2)
        self.begin = datetime(2024 + number % 8, 1, 1, 20, tzinfo=UTC)
        self.server, self.looks = "there", 0
        self.unanswered = Counter[str]()  # by name of a message: how often it was taken and nobody was told so

    def complaints(self) -> Generator[str]:
        """Live the year. Each complaint begins with what it is."""
        databases.empty()
        mail.outbox.clear()
        with ExitStack() as stack:
            stack.enter_context(patch.object(vocabulary, "_daily", set(WATCHES)))
            stack.enter_context(patch.object(settings, "REDIS_URL", ""))
            stack.enter_context(patch.object(jobs, "logger"))
            stack.enter_context(patch.object(EmailBackend, "send_messages", partialmethod(take, self)))
            with time_machine.travel(self.begin, tick=False):
                self.life = Life(self.dice, self.zones, self.begin)
            at = self.begin
            while at < self.begin + 365 * DAY:
                before, at = at, self.next_wake(at)
                self.act_between(before, at)
                yield from self.wake(at)
            yield from self.mail_differs()

    def next_wake(self, at: datetime) -> datetime:
        """Return when the worker works next: often at the edge of a day on which a warning is due or clocks change."""
        zone = ZoneInfo(self.dice.choice(self.zones))
        today = at.astimezone(zone).date()
        edges = [days for days in (*turns(zone, today), *self.due_in(zone, today)) if 1 < days <= NIGHTS[-1]]
        nights = self.dice.choice(NIGHTS)
        if edges and self.dice.random() < 0.7:
            nights = self.dice.choice(edges)
        early, hour, minute = self.dice.choice([(0, 6, 0), (0, 6, 0), (0, 0, 10), (1, 23, 40), (1, 23, 40)])
        return datetime.combine(today + (nights - early) * DAY, time(hour, minute), zone).astimezone(UTC)

    def due_in(self, zone: ZoneInfo, today: date) -> Iterator[int]:
        """Yield in how many days something passes a threshold there."""
        book = self.life.almanac
        for cause in book.causes:
            if cause.zone == zone and cause.kind != "visits_left" and (left := cause.left(today)):
                yield from (left[0] - number for number in book.numbers(cause.parameter, today))

    def act_between(self, before: datetime, at: datetime) -> None:
        """Let people act, each at an instant of their own: what two did at one instant has no order."""
        begin = before + (at - before) * 0.6
        for second in range(self.dice.choice([0, 2, 5, 9])):
            self.life.at = begin + timedelta(seconds=second)
            with time_machine.travel(self.life.at, tick=False):
                self.life.act()

    def wake(self, at: datetime) -> Iterator[str]:
        """Let the worker do what is due, and five minutes later send what it wrote, unless it went to sleep again."""
        self.server = self.dice.choices(["there", "away", "mute"], weights=[8, 1, 1])[0]
        book = self.life.almanac
        book.mailable.update(book.to_mail(at))
        looked = [place for place in self.life.places if book.morning(place.pk, ZoneInfo(place.time_zone), at)]
        self.looks += len(looked)
        book.mailable.update(book.to_mail(at))
        with time_machine.travel(at, tick=False):
            yield from self.sweep()
        mailed = False
        if self.dice.random() < 0.9:
            with time_machine.travel(at + GATHERED, tick=False):
                jobs.sweep(jobs.run)
            mailed = bool(looked) and self.server == "there"
        if mailed:
            book.mailed.update(book.to_mail(at))
        yield from self.differences(at, all_mailed=mailed)

    def sweep(self) -> Iterator[str]:
        """Sweep with one worker, once or twice, or with two at once."""
        how = self.dice.choice(["one", "twice", "two"])
        if how == "two":
            raised = self.workers.at_once([partial(jobs.sweep, jobs.run)] * self.workers.size)
            yield from (f"error: {type(one).__name__}: {one}" for one in raised if one)
        for _ in range({"one": 1, "twice": 2}.get(how, 0)):
            jobs.sweep(jobs.run)

    def differences(self, at: datetime, *, all_mailed: bool) -> Iterator[str]:
        """Compare what was delivered, what stands open and what the jobs did with the almanac."""
        book = self.life.almanac
        rows = list(Delivery.objects.values_list(*KEY, "channel", "outcome", "at"))
        if len({row[:6] for row in rows}) < len(rows):
            yield "twice: a delivery was made twice"
        found = {row[:5]: row[6:] for row in rows if row[5] == "IN_PRODUCT"}
        yield from (f"missing: {one}, {book.told[one]}" for one in book.told.keys() - found.keys())
        yield from (f"unasked: {one}, {found[one]}" for one in found.keys() - book.told.keys())
        both = found.keys() & book.told.keys()
        yield from (
            f"differs: {one}, {found[one]}, not {book.told[one]}" for one in both if found[one] != book.told[one]
        )
        mailed: dict[Key, str] = {row[:5]: row[6] for row in rows if row[5] == "EMAIL"}
        yield from (f"missing mail: {one}" for one in book.mailed - mailed.keys())
        yield from (f"unasked mail: {one}" for one in mailed.keys() - book.mailed - book.mailable)
        left = [one for one, outcome in mailed.items() if outcome == "NOTED" and reachable(self.life, one)]
        yield from (f"unsent: {one}" for one in left if all_mailed)
        opened = set(Alert.objects.filter(state="OPEN").values_list("kind", "subject_id", "threshold", "basis"))
        yield from (f"not open: {one}" for one in book.open() - opened)
        yield from (f"open: {one}" for one in opened - book.open())
        asleep = set(Alert.objects.filter(state="OPEN", wakes_at__gt=at).values_list("kind", "subject_id"))
        yield from (f"awake: {one}" for one in book.asleep(at) - asleep)
        yield from (f"asleep: {one}" for one in asleep - book.asleep(at))
        yield from self.jobs_differ()

    def jobs_differ(self) -> Iterator[str]:
        mine = Job.objects.filter(kind__in=WATCHES)
        done = mine.filter(state="DONE").count()
        if done != self.looks * len(WATCHES):
            yield f"looks: {done} jobs were done, {self.looks * len(WATCHES)} were to be"
        for job in Job.objects.exclude(state="DONE").exclude(state="QUEUED", attempt=0):
            if not job.outcome.endswith(("ConnectionRefusedError", "ConnectionResetError")):
                yield f"error: {job.kind} {job.state}: {job.outcome}"

    def mail_differs(self) -> Iterator[str]:
        """Say whether a message was sent twice although an answer came, in two wordings, or ticked off and not sent."""
        words = Counter((name_of(one), one.subject, one.body, *one.to) for one in mail.outbox)
        sent = Counter(name_of(one) for one in mail.outbox)
        if len(words) != len(sent):
            yield "twice: one name of a message stands for two wordings"
        ticked = Delivery.objects.filter(channel="EMAIL", outcome="DELIVERED")
        answered = len(set(ticked.values_list("recipient__user", "at")))
        if sum((sent - self.unanswered).values()) != answered:
            yield f"mail: {answered} messages were ticked off; sent: {sent}, of which unanswered: {self.unanswered}"


def take(backend: EmailBackend, year: Year, messages: Any) -> int:
    """Take messages as the mail server does today."""
    if year.server == "away":
        raise ConnectionRefusedError("no server")
    count = send_messages(backend, messages)
    if year.server == "mute":
        year.unanswered.update(map(name_of, messages))
        raise ConnectionResetError("no answer")
    return count


def name_of(message: Any) -> str:
    return str(message.extra_headers["Message-ID"])


def reachable(life: Life, key: Key) -> bool:
    person = life.almanac.people[key[4]]
    return person.here and person.wants_mail


def take_anyway(job_id: UUID, *, now: datetime) -> Job | None:
    """Take a job as is often done: by looking."""
    job = jobs.due(now).filter(pk=job_id).first()
    sleep(0.02)
    return job


def write_anyway(run: jobs.Run, **values: Any) -> None:
    """Write the end of a job without looking whose it is."""
    if "state" in values:
        Job.objects.filter(pk=run.job.pk).update(**values)


def slowly(look: Callable[..., Any], *about: Any) -> Any:
    """Look, and let another worker look too, as happens between two requests of a busy machine."""
    found = look(*about)
    sleep(0.02)
    return found


@contextmanager
def once_off() -> Iterator[None]:
    """Take away the unique constraint, and the lease and the lock that stand before it."""
    constraint = next(one for one in Delivery._meta.constraints if one.name == "delivery_once_for_ever")
    with closing(connections[databases.owner_alias()].copy("constraints")) as owner, ExitStack() as stack:
        with owner.schema_editor(atomic=False) as editor:
            editor.remove_constraint(Delivery, constraint)
        stack.enter_context(patch.object(jobs, "take", take_anyway))
        stack.enter_context(patch.object(jobs.Run, "_write", write_anyway))
        stack.enter_context(patch.object(alerts, "_last", last_unlocked))
        stack.enter_context(patch.object(alerts, "_undelivered", partial(slowly, alerts._undelivered)))
        try:
            yield
        finally:
            databases.empty()
            with owner.schema_editor(atomic=False) as editor:
                editor.add_constraint(Delivery, constraint)


def last_unlocked(due: alerts.Reached, by: Any) -> Alert | None:
    return Alert.objects.filter(**alerts._about(due, by)).order_by("-pk").first()


@contextmanager
def exact_day() -> Iterator[None]:
    """Warn on the day of a threshold, as is often done, and not from that day on."""
    with ExitStack() as stack:
        for service in ("referrals.services.watch", "referrals.services.approvals", "billing.services.filing"):
            stack.enter_context(patch(f"{service}.passed_day_thresholds", lambda left, days: (left,) * (left in days)))
        yield


@contextmanager
def greenwich() -> Iterator[None]:
    """Count days in UTC; mornings are still those of the place."""

    def morning(place: ServiceLocation, now: datetime) -> datetime:
        return next_morning(
            cast(ServiceLocation, SimpleNamespace(civil_day=partial(civil_day, place), zone=place.zone)), now
        )

    next_morning, civil_day = jobs.next_morning, ServiceLocation.civil_day
    utc = patch.object(ServiceLocation, "civil_day", lambda place, at: at.date())
    with utc, patch.object(jobs, "next_morning", morning):
        yield


CONTROLS = ((once_off, ("twice",)), (exact_day, ("missing",)), (greenwich, ("unasked", "missing", "differs")))


def breaks(number: int, workers: Crowd) -> bool:
    """Tell whether the year finds what one of the controls does wrong."""
    control, words = CONTROLS[number // 5 % len(CONTROLS)]
    with control(), closing(Year(number, workers).complaints()) as complaints:
        return any(complaint.startswith(words) for complaint in complaints)


@trial(
    "alerts-years",
    alone=False,
    full=400,
    ci=8,
    control=0.95,
    claim="a year of clock changes, skipped nights and two workers: each warning once, on its day, none missing",
)
def years(n: int, *, start: int) -> Iterator[Outcome]:
    """Live one year after the other; every fifth once more without a guard."""
    with crowd(2) as workers:
        for number in range(start, n):
            kept = told(number, list(Year(number, workers).complaints()))
            yield Outcome(kept, control_broke=breaks(number, workers) if number % 5 == 0 else None)
    databases.empty()
