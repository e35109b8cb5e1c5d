"""The day on which cover ends, kept with the authorization so that a list can be sorted by it.

It is an estimate (referrals.domain.forecast): foretold anew after every act that changes visits, days or limits, and
each morning, for the pace follows the calendar too.
"""

from collections.abc import Iterable
from datetime import date, datetime

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
    """Write down when the cover of one ends, after an act on it: within its transaction."""
    rows = access.scope(Authorization.objects.filter(pk=authorization_id), by)
    row = rows.select_related("current", "home_location__practice").get()
    today = row.home_location.civil_day(at) if row.home_location else at.date()
    keep([row], by=by, today=today)
