"""When cover ends at the present pace, and by when VA must be asked for more."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from referrals import queries as referrals
from referrals.domain.forecast import Forecast
from referrals.domain.states import ReferralState
from vca.core.access import Actor
from vca.desk.queries.calendar import Calendar


def of_authorizations(rows: Iterable[Any], by: Actor, calendar: Calendar) -> dict[int, Forecast]:
    """Return the forecast of each authorization of a confirmed referral by its id."""
    running = [
        referrals.Running(row.pk, row.terms.valid_through, calendar.day_at(row.home_location_id))
        for row in rows
        if row.referral.state == ReferralState.ACCEPTED
    ]
    return referrals.foretold(running, by)


def of_visits(visits: Iterable[Any], by: Actor, days: Mapping[int, date]) -> dict[int, Forecast]:
    """Return the same of the authorizations of visits, by the day where they are given; ``days`` by location id."""
    covered = [one for one in visits if one.authorization.referral.state == ReferralState.ACCEPTED]
    ends = {one.authorization_id: (one.authorization.terms.valid_through, days[one.location_id]) for one in covered}
    return referrals.foretold([referrals.Running(pk, *end) for pk, end in ends.items()], by)


def of_rows(rows: Iterable[Mapping[str, Any]], by: Actor) -> dict[int, Forecast]:
    """Return the same of rows of the list of authorizations."""
    accepted = (row for row in rows if row["state"] == ReferralState.ACCEPTED)
    return referrals.foretold(
        [referrals.Running(row["authorization_id"], row["valid_through"], row["today"]) for row in accepted], by
    )
