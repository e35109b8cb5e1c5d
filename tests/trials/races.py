"""Fifty people at once on the ledger of visits: never one too many, no error, and every count is its recount.

Guards stand behind each other: the authorization's row is locked, lines are locked in one order, the draw is one
conditional UPDATE, and a CHECK forbids the rest. Each control takes a guard away and leaves what is often written.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

from django.db.models import Q

from referrals import queries
from referrals.domain.drawdown import VisitsExhausted
from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind, VisitState
from referrals.models import Authorization, AuthorizedService, Visit
from referrals.services import amendments, ledger, visits
from referrals.services.amendments import Limit
from tests import databases, world
from tests.trials.crowd import Crowd, Deed, crowd
from tests.trials.registry import Outcome, trial
from tests.world import NOW, World
from vca.core.access import Actor
from vca.domain.errors import RuleError

PEOPLE = 50
USED = (VisitState.ARRIVED, VisitState.COMPLETED)
Attempt = Callable[[World, Crowd, int], list[str]]
Control = Callable[[], AbstractContextManager[None]]
Raised = Sequence[BaseException | None]
change_at_once = ledger._change


def repeated(attempt: Attempt, n: int, *, start: int, control: Control, every: int) -> Iterator[Outcome]:
    """Make attempts in one world, each on an authorization of its own, every so often a second one as a control."""
    databases.empty()
    harbor = world.practice()
    with crowd(PEOPLE) as people:
        for number in range(start, n):
            complaints = attempt(harbor, people, number)
            for complaint in complaints:
                print(f"trial {number}: {complaint}", file=sys.stderr)
            broke = None
            if number % every == 0:
                with control():
                    broke = bool(attempt(harbor, people, number))
            yield Outcome(kept=not complaints, control_broke=broke)
    databases.empty()


def naive_change(lines: Sequence[int], guard: Q, held: int, used: int) -> int:
    """Change counters as they are often changed: read, check, write.

    The pause stands for what a request does in between; without it a busy machine lets some crowds pass one by one.
    """
    rows = list(AuthorizedService.objects.filter(guard, pk__in=lines))
    time.sleep(0.02)
    for row in rows:
        row.visits_held += held
        row.visits_used += used
        row.save(update_fields=["visits_held", "visits_used"])
    return len(rows)


def unlocked(authorization: Authorization, *, by: Actor) -> Authorization:
    """Return the authorization as ``authorizations.locked`` does, but for the lock."""
    return Authorization.objects.select_related("current__seoc_version", "referral").get(pk=authorization.pk)


@contextmanager
def guard_off() -> Iterator[None]:
    """Take away the conditional UPDATE and the lock of the authorization, for every thread."""
    with patch.object(ledger, "_change", naive_change), patch.object(visits, "locked", unlocked):
        yield


def change_in_any_order(lines: Sequence[int], guard: Q, held: int, used: int) -> int:
    """Change counters line by line, in whatever order the lines come."""
    return sum(change_at_once([line], guard, held, used) for line in Random().sample(lines, len(lines)))


def order_off() -> AbstractContextManager[None]:
    """Take away the one order in which lines are locked."""
    return patch.object(ledger, "_change", change_in_any_order)


def only(found: dict[str, bool]) -> list[str]:
    return [what for what, so in found.items() if so]


def miscounted(line: AuthorizedService, harbor: World) -> list[str]:
    """Return what is wrong with a line: by its ledger, by its visits, and by its limit."""
    line.refresh_from_db()
    on_line = Visit.objects.filter(services__service=line).distinct()
    booked, given = on_line.filter(state=VisitState.BOOKED).count(), on_line.filter(state__in=USED).count()
    drawn, authorized = line.count.spoken_for, line.visits_authorized or 0
    differs = queries.miscounted(harbor.by).filter(pk=line.pk).exists()
    return only(
        {
            f"line {line.number} is not what its ledger adds up to": differs,
            f"{line.visits_held} held, {booked} booked": line.visits_held != booked,
            f"{line.visits_used} used, {given} given": line.visits_used != given,
            f"{drawn} drawn of {authorized}, {line.visits_over} over": line.visits_over != max(0, drawn - authorized),
        }
    )


def errors(raised: Raised) -> list[str]:
    """Return what was raised and is no refusal of ours: deadlocks, broken ledgers, violated constraints."""
    return [f"{type(one).__name__}: {one}" for one in raised if one and not isinstance(one, RuleError)]


def last_visit(act: Callable[..., Visit], harbor: World, people: Crowd, _: int) -> list[str]:
    """Let everybody draw the last of six visits, five of them given before; return what is wrong afterwards."""
    authorization = world.authorization(harbor, visits=6)
    line = world.line(authorization)
    amendments.set_opening_balance(service=line, visits=5, source="letter of 2 April", by=harbor.by, at=NOW)
    plan = world.plan(harbor, authorization)
    raised = people.at_once([partial(act, plan=plan, by=harbor.by, at=NOW)] * people.size)
    got, made = sum(one is None for one in raised), authorization.visits.count()
    refused = sum(isinstance(one, VisitsExhausted) for one in raised)
    wrong = only(
        {
            f"{got} got the last visit, {refused} were refused, {made} were made": (got, refused, made)
            != (1, people.size - 1, 1)
        }
    )
    return wrong + errors(raised) + miscounted(line, harbor)


@trial(
    "races-walk-ins",
    full=2000,
    ci=20,
    control=0.95,
    claim="50 walk in at once on the last visit: one is seen, 49 are refused",
)
def walk_ins(n: int, *, start: int) -> Iterator[Outcome]:
    return repeated(partial(last_visit, visits.walk_in), n, start=start, control=guard_off, every=10)


@trial(
    "races-bookings",
    full=2000,
    ci=20,
    control=0.95,
    claim="50 book the last visit at once: one gets it, 49 are refused",
)
def bookings(n: int, *, start: int) -> Iterator[Outcome]:
    return repeated(partial(last_visit, visits.book), n, start=start, control=guard_off, every=10)


def on_each(act: Callable[..., None], rows: Sequence[Visit], by: World, **said: Any) -> Iterator[Deed]:
    """Yield an act on each visit, each with a row of its own, as each request reads one."""
    for row in rows:
        yield partial(act, visit=Visit.objects.get(pk=row.pk), by=by.by, at=NOW, **said)


def set_limit(line: AuthorizedService, harbor: World, *, most: int) -> None:
    """Amend the line as VA would."""
    mine = AuthorizedService.objects.get(pk=line.pk)
    limit = Limit(line.description, LimitKind.COUNTED, most, ())
    amendments.set_limit(service=mine, limit=limit, reason="VA amended it", by=harbor.by, at=NOW)


def everything(harbor: World, people: Crowd, number: int) -> list[str]:
    """Mix all acts on twelve visits, nine of them spoken for; in every second attempt VA cuts and adds as well."""
    authorization = world.authorization(harbor, visits=12)
    line, plan = world.line(authorization), world.plan(harbor, authorization)
    said = {"plan": plan, "by": harbor.by, "at": NOW}
    booked = [visits.book(**said) for _ in range(6)]
    seen = [visits.walk_in(**said) for _ in range(3)]
    gone = [visits.book(**said) for _ in range(2)]
    for deed in on_each(visits.cancel, gone, harbor, reason=""):
        deed()
    deeds = [
        *on_each(visits.cancel, booked, harbor, reason=""),
        *on_each(visits.check_in, booked, harbor),
        *on_each(visits.no_show, booked[:3], harbor, reason=""),
        *on_each(visits.undo, [*seen, *gone, *booked[:3]], harbor),
        *on_each(visits.void, seen, harbor, reason="entered twice"),
        *[partial(set_limit, line, harbor, most=most) for most in (8, 14) if number % 2],
    ]
    return at_random(
        deeds, [partial(visits.walk_in, **said), partial(visits.book, **said)], people, number
    ) + miscounted(line, harbor)


def at_random(deeds: Sequence[Deed], others: Sequence[Deed], people: Crowd, number: int) -> list[str]:
    """Do these deeds and enough of the others at once, in an order that the number gives; return the errors."""
    dice = Random(number)
    all_of_them = [*deeds, *dice.choices(others, k=people.size - len(deeds))]
    return errors(people.at_once(dice.sample(all_of_them, people.size)))


@trial(
    "races-mixed",
    full=1000,
    ci=12,
    control=0.95,
    claim="50 book, walk in, check in, cancel, miss, undo, void and amend at once: every count is its recount",
)
def mixed(n: int, *, start: int) -> Iterator[Outcome]:
    return repeated(everything, n, start=start, control=guard_off, every=4)


def two_lines(harbor: World, people: Crowd, number: int) -> list[str]:
    """Cancel, check in, void and walk in on two lines, named in either order, or on one of them."""
    stated = [StatedLine(name, LimitKind.COUNTED, 40, ("96365",)) for name in ("Infusion", "Psychotherapy")]
    authorization = world.authorization(harbor, lines=tuple(stated))
    plans = [world.plan(harbor, authorization, lines=lines) for lines in ((1, 2), (2, 1), (1,), (2,))]
    said = {"by": harbor.by, "at": NOW}
    booked = [visits.book(plan=plans[place % 4], **said) for place in range(16)]
    seen = [visits.walk_in(plan=plans[place % 4], **said) for place in range(8)]
    deeds = [
        *on_each(visits.cancel, booked[:8], harbor, reason=""),
        *on_each(visits.check_in, booked[8:], harbor),
        *on_each(visits.void, seen, harbor, reason="entered twice"),
    ]
    raised = at_random(deeds, [partial(visits.walk_in, plan=plan, **said) for plan in plans], people, number)
    return raised + [what for line in (1, 2) for what in miscounted(world.line(authorization, line), harbor)]


@trial(
    "races-two-lines",
    full=1000,
    ci=8,
    claim="50 draw and give back on two lines in either order at once: no deadlock, every count is its recount",
)
def across_two_lines(n: int, *, start: int) -> Iterator[Outcome]:
    return repeated(two_lines, n, start=start, control=order_off, every=8)
