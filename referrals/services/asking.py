"""The daily look at when VA must be asked for more, so that no authorization lapses by surprise (AUTH-04).

It hangs on the forecast, which changes with every visit; so each threshold is told once for the same limits of VA, and
the open alert always says what is foretold now.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from referrals import queries
from referrals.domain.expiry import passed_day_thresholds
from referrals.domain.forecast import Forecast, Limit
from referrals.models import Authorization
from vca.core import access, alerts
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import ServiceLocation
from vca.core.services import parameters
from vca.domain.wording import say_day

KIND = "request_due"
WHY = {Limit.DATE: "the authorization ends", Limit.VISITS: "visits run out at the present pace"}


def due(authorizations: Iterable[Authorization], *, today: date, by: Actor) -> list[Reached]:
    """Return for which of these authorizations VA must be asked for more, by the practice's thresholds of today."""
    days = parameters.numbers("request-due-days", practice_id=by.practice_id, on=today)
    rows = [access.own(one, by) for one in authorizations]
    told = queries.foretold([queries.Running(one.pk, one.terms.valid_through, today) for one in rows], by)
    found = ((one, told[one.pk], days_passed(told[one.pk], days, today)) for one in rows if one.pk in told)
    return [_reached(one, forecast, passed, today) for one, forecast, passed in found if passed]


def days_passed(forecast: Forecast, days: tuple[int, ...], today: date) -> tuple[int, ...]:
    """Return the thresholds that the day of the request has come within."""
    return passed_day_thresholds((forecast.ask_by - today).days, days)


def _reached(authorization: Authorization, forecast: Forecast, passed: tuple[int, ...], today: date) -> Reached:
    visits = sum(line.visits_authorized or 0 for line in authorization.services.all())
    by_when = f"by {say_day(forecast.ask_by)}" if forecast.ask_by >= today else "now"
    why = f"{WHY[forecast.first]} on {say_day(forecast.runs_out_on)}"
    return Reached(
        kind=KIND,
        rule_code="AUTH-04",
        subject_kind="authorization",
        subject_id=authorization.pk,
        passed=passed,
        basis=f"{authorization.terms.valid_through or ''} {visits}",
        headline=f"Ask VA for more on {authorization.referral.number} {by_when}: {why}",
        due_on=forecast.ask_by,
        location_id=authorization.home_location_id,
    )


def close_gone(due: Sequence[Reached], *, location: ServiceLocation, by: Actor, at: datetime) -> int:
    """Close the location's open alerts for whose authorizations VA need not be asked now, and return how many."""
    here = access.scope(Authorization.objects.filter(home_location=location), by)
    return alerts.close_gone(KIND, due, among=here, by=by, at=at)
