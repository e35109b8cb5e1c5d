"""When cover ends at the present pace, and by when VA must be asked for more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from referrals import queries as referrals
from referrals.domain.forecast import Forecast, forecast
from referrals.domain.states import ReferralState
from vca.core.access import Actor
from vca.core.services import parameters
from vca.desk.queries.calendar import Calendar

SHOWN_AT_MOST = timedelta(days=366)  # what is foretold beyond a year is no news, and no sure one


@dataclass(frozen=True, slots=True)
class Running:
    """An authorization of a confirmed referral: its last day, and today where it has its home."""

    pk: int
    last_day: date | None
    today: date


def of_authorizations(rows: Iterable[Any], by: Actor, calendar: Calendar) -> dict[int, Forecast]:
    """Return the forecast of each authorization of a confirmed referral by its id."""
    running = [
        Running(row.pk, row.terms.valid_through, calendar.day_at(row.home_location_id))
        for row in rows
        if row.referral.state == ReferralState.ACCEPTED
    ]
    return foretold(running, by)


def of_visits(visits: Iterable[Any], by: Actor, days: Mapping[int, date]) -> dict[int, Forecast]:
    """Return the same of the authorizations of visits, by the day where they are given; ``days`` by location id."""
    covered = [one for one in visits if one.authorization.referral.state == ReferralState.ACCEPTED]
    ends = {one.authorization_id: (one.authorization.terms.valid_through, days[one.location_id]) for one in covered}
    return foretold([Running(pk, *end) for pk, end in ends.items()], by)


def of_rows(rows: Iterable[Mapping[str, Any]], by: Actor) -> dict[int, Forecast]:
    """Return the same of rows of the list of authorizations."""
    accepted = (row for row in rows if row["state"] == ReferralState.ACCEPTED)
    return foretold([Running(row["authorization_id"], row["valid_through"], row["today"]) for row in accepted], by)


def foretold(running: Iterable[Running], by: Actor) -> dict[int, Forecast]:
    """Return the forecast of those that still run and of which something can be told."""
    open_ = [one for one in running if not one.last_day or one.last_day >= one.today]
    if not open_:
        return {}
    today = max(one.today for one in open_)
    lead, pace = _spans(by, today)
    courses = referrals.courses([one.pk for one in open_], by, since=today - pace)
    told = (
        (one, forecast(courses.get(one.pk, ()), last_day=one.last_day, today=one.today, lead=lead)) for one in open_
    )
    return {one.pk: known for one, known in told if known and known.runs_out_on <= one.today + SHOWN_AT_MOST}


def _spans(by: Actor, today: date) -> tuple[timedelta, timedelta]:
    """Return how long before the end VA has to be asked, and how far back the pace is taken from."""
    known = {one.name: setting.value for one, setting in parameters.all_in_force(practice_id=by.practice_id, on=today)}
    lead = int(known["va-turnaround-days"]) + int(known["request-margin-days"])
    return timedelta(days=lead), timedelta(days=int(known["pace-days"]))
