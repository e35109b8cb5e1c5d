"""Random acts on one authorization beside a model: the ledger of visits counts what the model counts.

A visit stands on one of two lines or on both. After each act the counters are the model's and the ledger's recount;
an act that the model refuses is refused, for the reason that it gives, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from referrals import queries
from referrals.domain.drawdown import VisitsExhausted
from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind
from referrals.models import AuthorizedService, LedgerEntry, Visit
from referrals.services import amendments, visits
from referrals.services.amendments import Limit
from referrals.services.visits import MoveNotOffered
from tests import world
from tests.world import NOW, World
from vca.core.models import AuditEvent
from vca.domain.errors import RuleError

LINES = (1, 2)
WAYS = ((1,), (2,), (1, 2), (2, 1))
VISITS = 3  # that VA authorizes on each line at first
GIVEN = ("ARRIVED", "COMPLETED")
TARGETS = {
    "check_in": "ARRIVED",
    "complete": "COMPLETED",
    "cancel": "CANCELLED",
    "no_show": "NO_SHOW",
    "void": "VOIDED",
}
SOURCES = {"complete": ("ARRIVED",), "void": GIVEN}
UNDONE = {"ARRIVED": "BOOKED", "COMPLETED": "ARRIVED", "CANCELLED": "BOOKED", "NO_SHOW": "BOOKED"}


@dataclass
class Booked:
    """A visit as the model knows it."""

    lines: tuple[int, ...]
    state: str
    walk_in: bool


@dataclass
class Model:
    """What must be so: visits, and by line what VA authorizes and what was given before us."""

    authorized: dict[int, int] = field(default_factory=lambda: dict.fromkeys(LINES, VISITS))
    before: dict[int, int] = field(default_factory=lambda: dict.fromkeys(LINES, 0))
    visits: list[Booked] = field(default_factory=list)

    def count(self, line: int, *states: str) -> int:
        return sum(line in visit.lines and visit.state in states for visit in self.visits)

    def drawn(self, line: int) -> int:
        return self.before[line] + self.count(line, "BOOKED", *GIVEN)

    def has_room(self, lines: tuple[int, ...]) -> bool:
        return all(self.drawn(line) < self.authorized[line] for line in lines)

    def draw(self, lines: tuple[int, ...], state: str) -> type[RuleError] | None:
        if not self.has_room(lines):
            return VisitsExhausted
        self.visits.append(Booked(lines, state, walk_in=state == "ARRIVED"))
        return None

    def move(self, visit: Booked, act: str) -> type[RuleError] | None:
        if visit.state not in SOURCES.get(act, ("BOOKED",)):
            return MoveNotOffered
        visit.state = TARGETS[act]
        return None

    def undo(self, visit: Booked) -> type[RuleError] | None:
        if visit.state not in UNDONE:
            return MoveNotOffered
        if visit.state in ("CANCELLED", "NO_SHOW") and not self.has_room(visit.lines):
            return VisitsExhausted
        struck = visit.walk_in and visit.state == "ARRIVED"
        visit.state = "VOIDED" if struck else UNDONE[visit.state]
        return None


class LedgerMachine(RuleBasedStateMachine):
    """Acts of a clinic, of VA, and of somebody who enters what was before; an example leaves nothing behind."""

    harbor: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        stated = [StatedLine(name, LimitKind.COUNTED, VISITS, ("96365",)) for name in ("Infusion", "Psychotherapy")]
        self.authorization = world.authorization(self.harbor, lines=tuple(stated))
        self.plans = {lines: world.plan(self.harbor, self.authorization, lines=lines) for lines in WAYS}
        self.said = {"by": self.harbor.by, "at": NOW}
        self.model = Model()
        self.rows: list[int] = []
        self.most = dict.fromkeys(LINES, VISITS)  # that may be drawn: what is authorized, or was drawn before a cut

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @rule(lines=st.sampled_from(WAYS))
    def book(self, lines: tuple[int, ...]) -> None:
        self.draw(lines, "BOOKED", visits.book)

    @rule(lines=st.sampled_from(WAYS))
    def walk_in(self, lines: tuple[int, ...]) -> None:
        self.draw(lines, "ARRIVED", visits.walk_in)

    def draw(self, lines: tuple[int, ...], state: str, act: Callable[..., Visit]) -> None:
        refusal = self.model.draw(lines, state)
        visit = self.expect(refusal, lambda: act(plan=self.plans[lines], **self.said))
        if visit:
            self.rows.append(visit.pk)

    @precondition(lambda self: self.rows)
    @rule(act=st.sampled_from(sorted(TARGETS)), place=st.integers(0, 99))
    def move(self, act: str, place: int) -> None:
        row, visit = self.pick(place)
        reason = {} if act in ("check_in", "complete") else {"reason": "asked for"}
        self.expect(self.model.move(visit, act), lambda: getattr(visits, act)(visit=row, **reason, **self.said))

    @precondition(lambda self: self.rows)
    @rule(place=st.integers(0, 99))
    def undo(self, place: int) -> None:
        row, visit = self.pick(place)
        self.expect(self.model.undo(visit), lambda: visits.undo(visit=row, **self.said))

    def pick(self, place: int) -> tuple[Visit, Booked]:
        place %= len(self.rows)
        return Visit.objects.get(pk=self.rows[place]), self.model.visits[place]

    @rule(number=st.sampled_from(LINES), most=st.integers(0, 6))
    def amend(self, number: int, most: int) -> None:
        self.model.authorized[number] = most
        limit = Limit("amended", LimitKind.COUNTED, most, ())
        amendments.set_limit(service=self.line(number), limit=limit, reason="VA amended it", **self.said)
        self.most[number] = max(most, self.model.drawn(number))

    @rule(number=st.sampled_from(LINES), before=st.integers(0, 3))
    def enter_what_was_before(self, number: int, before: int) -> None:
        self.model.before[number] = before
        amendments.set_opening_balance(service=self.line(number), visits=before, source="letter", **self.said)
        self.most[number] = max(self.model.authorized[number], self.model.drawn(number))

    def expect(self, refusal: type[RuleError] | None, deed: Callable[[], Visit | None]) -> Visit | None:
        """Do the deed, or see it refused for that reason and nothing changed."""
        if refusal is None:
            return deed()
        before = self.picture()
        with pytest.raises(refusal):
            deed()
        assert self.picture() == before
        return None

    def picture(self) -> list[object]:
        rows = [AuthorizedService.objects.order_by("pk").values(), Visit.objects.order_by("pk").values()]
        return [*map(list, rows), LedgerEntry.objects.count(), AuditEvent.objects.count()]

    def line(self, number: int) -> AuthorizedService:
        return world.line(self.authorization, number)

    @invariant()
    def counters_are_those_of_the_model_and_of_the_ledger(self) -> None:
        for number in LINES:
            line, model = self.line(number), self.model
            counted = (line.visits_held, line.visits_used, line.visits_before_us, line.visits_authorized)
            held, used = model.count(number, "BOOKED"), model.count(number, *GIVEN)
            assert counted == (held, used, model.before[number], model.authorized[number])
            drawn = model.drawn(number)
            assert (line.visits_over, drawn <= self.most[number]) == (max(0, drawn - model.authorized[number]), True)
        assert list(queries.miscounted(self.harbor.by)) == []
