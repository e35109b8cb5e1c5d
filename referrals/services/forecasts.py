"""The day on which cover ends, kept with the authorization so that a list can be sorted by it.

It is an estimate (referrals.domain.forecast): foretold anew after every act that changes visits, days or limits, and
each morning, for the pace follows the calendar too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from referrals import queries
from referrals.models import Authorization
from vca.core import access
from vca.core.access import Actor

LOT = 500  # rows that one statement changes


def keep(authorizations: Iterable[Authorization], *, by: Actor, today: date) -> int:
    """Write down when the cover of each ends, as foretold on that civil day; return for how many that changed."""
    rows = [access.own(one, by) for one in authorizations]
    told = queries.foretold([queries.Running(one.pk, one.terms.valid_through, today) for one in rows], by)
    changed = []
    for row in rows:
        ends = told[row.pk].runs_out_on if row.pk in told else row.terms.valid_through
        if row.runs_out_on != ends:
            row.runs_out_on = ends
            changed.append(row)
    Authorization.objects.bulk_update(changed, ["runs_out_on"], batch_size=LOT)
    return len(changed)


def keep_one(authorization_id: int, *, by: Actor, at: datetime) -> None:
    """Write down when the cover of one ends, once, after the act on it is committed.

    Within the act it would take the authorization after visits and lines, against the order of locks. A process that
    is killed in between leaves the older day until the next act or morning.
    """
    keeping = _Keeping(authorization_id, by, at)
    if all(waiting != keeping for _, waiting, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(keeping, robust=True)


@dataclass(frozen=True, slots=True)
class _Keeping:
    """What is still to be foretold: equal ones are one."""

    authorization_id: int
    by: Actor
    at: datetime

    def __call__(self) -> None:
        rows = access.scope(Authorization.objects.filter(pk=self.authorization_id), self.by)
        for row in rows.select_related("current", "home_location__practice"):
            today = row.home_location.civil_day(self.at) if row.home_location else self.at.date()
            keep([row], by=self.by, today=today)
