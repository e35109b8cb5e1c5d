"""Whose records are past their time: computed, never stored; a Veteran's go together or not at all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q

from referrals.domain.retention import Due, Kept, last_of, past
from referrals.domain.states import OPEN, ReferralState
from referrals.models import Referral, Veteran, Visit
from referrals.queries import PLANNED, holds_standing
from referrals.signals import InUse, in_use_elsewhere
from vca.core import access
from vca.core.access import Actor
from vca.core.db import Among
from vca.core.models import Alert, AlertState, Practice
from vca.core.services import chores, parameters, practices
from vca.core.services.parameters import Setting
from vca.core.signals import whose_are
from vca.domain.wording import counted

IDENTITIES, REFERRALS, VISITS = (f"keep-{what}-years" for what in ("identities", "referrals", "visits"))
SHORTEST = timedelta(days=365)  # of a year: whoever this lets through is looked into by the calendar
_OF_REFERRALS = (
    *("received_at", "confirmed_at", "notices__received_at", "notices__settled_at"),
    *("authorization__versions__recorded_at", "authorization__current__valid_through"),
)
_OF_VISITS = ("on", "booked_at", "arrived_at", "completed_at", "ended_at", "entries__recorded_at")


@dataclass(frozen=True, slots=True)
class PastTime:
    """A Veteran of whom everything is past its time: what there is, by which rule and source, and what keeps it."""

    due: Due
    source: str
    what: tuple[str, ...]
    open: tuple[str, ...]
    is_held: bool

    @property
    def is_ready(self) -> bool:
        """Whether it may be disposed of."""
        return not (self.is_held or self.open)


def past_their_time(by: Actor, *, at: datetime, among: Collection[int] | None = None) -> list[PastTime]:
    """Return the practice's Veterans of whom everything is past its time, the longest due first; ``among`` these."""
    today = practices.civil_day(by, at=at)
    stated = _unchanged(by, at=at, today=today, among=among)
    answers = [_in_use(stated, by, today), *in_use_elsewhere(list(stated), by=by)]
    kept = [one for answer in answers for one in answer.kept]
    rules = _rules({one.rule for one in kept}, by, today)
    due = past(kept, {name: int(one.value) for name, one in rules.items()}, today=today)
    held, waiting = _held(by), _waited_for(by) if due else set[int]()
    return [
        PastTime(
            due=one,
            source=rules[one.rule].source,
            what=tuple(row.what for row in kept if row.veteran_id == pk),
            open=(
                *(words for answer in answers for words in answer.open.get(pk, ())),
                *(["an alert or a task"] if pk in waiting else []),
            ),
            is_held=None in held or pk in held,
        )
        for pk, one in sorted(due.items(), key=lambda pair: (pair[1].due_on, pair[0]))
    ]


def _rules(names: set[str], by: Actor, today: date) -> dict[str, Setting]:
    return {name: parameters.in_force(name, practice_id=by.practice_id, on=today) for name in sorted(names)}


def _unchanged(by: Actor, *, at: datetime, today: date, among: Collection[int] | None) -> dict[int, datetime]:
    """Return the Veterans to look into, with the instant of their facts: about as long ago as the identity is kept."""
    years = int(parameters.value(IDENTITIES, practice_id=by.practice_id, on=today))
    rows = access.scope(Veteran.objects.all(), by).filter(current__recorded_at__lt=at - years * SHORTEST)
    if among is not None:
        rows = rows.filter(pk__in=among)
    return dict(rows.order_by("pk").values_list("pk", "current__recorded_at"))


def _in_use(stated: dict[int, datetime], by: Actor, today: date) -> InUse:
    """Return the last acts on these Veterans' facts, referrals and visits, and what is open of them."""
    ids = list(stated)
    kept = [Kept(pk, IDENTITIES, last_of([at]), "name and facts") for pk, at in stated.items()]
    kept += _last_acts(Referral, _OF_REFERRALS, REFERRALS, "referral", ids, by)
    kept += _last_acts(Visit, _OF_VISITS, VISITS, "visit", ids, by)
    return InUse(kept, _open(ids, by, today))


def _last_acts(model: Any, acts: tuple[str, ...], rule: str, what: str, ids: list[int], by: Actor) -> list[Kept]:
    rows = access.scope(model.objects.filter(Among("veteran_id", ids)), by).order_by().values_list("veteran_id")
    summed = rows.annotate(Count("pk", distinct=True), *(Max(name) for name in acts))
    return [Kept(pk, rule, last_of(moments), counted(number, what)) for pk, number, *moments in summed]


def _open(ids: list[int], by: Actor, today: date) -> dict[int, list[str]]:
    """Return what of referrals and visits waits for somebody, by the Veteran's id."""
    ends = "authorization__current__valid_through"
    lasting = Q(state=ReferralState.ACCEPTED) & (Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gte": today}))
    referrals = Referral.objects.filter(Q(state__in=(*OPEN, ReferralState.SUSPENDED)) | lasting)
    visits = Visit.objects.filter(state__in=PLANNED)
    found: dict[int, list[str]] = {}
    for rows, what in ((referrals, "referral not ended"), (visits, "visit not over")):
        for pk in access.scope(rows.filter(Among("veteran_id", ids)), by).values_list("veteran_id", flat=True):
            found.setdefault(pk, []).append(what)
    return found


def _held(by: Actor) -> set[int | None]:
    return set(holds_standing(by).values_list("veteran_id", flat=True))


def _waited_for(by: Actor) -> set[int]:
    """Return the Veterans about whom an alert or a task is open."""
    rows = access.scope(Alert.objects.filter(state=AlertState.OPEN), by)
    about = ("subject_kind", "subject_id")
    return whose_are([*rows.only(*about), *chores.open_tasks(by).only(*about)])


def tell(found: list[PastTime], *, by: Actor, at: datetime) -> None:
    """Open the task of the practice's administrators, or close it when nothing is due any more."""
    practice = Practice.objects.get(pk=by.practice_id)
    ready = sum(one.is_ready for one in found)
    if ready:
        headline = f"Records of {counted(ready, 'Veteran')} are past their time"
        chores.open_task(kind="records_due", subject=practice, headline=headline, by=by)
    else:
        chores.close_tasks(kind="records_due", subject=practice, proof="nothing is past its time", by=by, at=at)
