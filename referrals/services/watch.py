"""The daily watch over the authorizations of one location: which end soon, which lines have few visits left."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from referrals import queries
from referrals.domain.expiry import LATE_AT_MOST, passed_day_thresholds, passed_visit_thresholds, say_end
from referrals.domain.states import LimitKind
from referrals.models import Authorization, AuthorizedService
from vca.core import access, alerts
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import ServiceLocation
from vca.core.services import parameters
from vca.domain.wording import counted


def watched(location: ServiceLocation, *, by: Actor, today: date) -> list[Authorization]:
    """Return the authorizations to look at."""
    return list(queries.watched(by, location_id=location.pk, ended_since=today - LATE_AT_MOST))


def due(authorizations: Iterable[Authorization], *, today: date, by: Actor) -> list[Reached]:
    """Return what is to be raised on these authorizations, by the practice's thresholds in force today."""
    days, visits = (
        parameters.numbers(name, practice_id=by.practice_id, on=today)
        for name in ("authorization-ending-days", "visits-left")
    )
    return [reached for one in authorizations for reached in _reached(access.own(one, by), days, visits, today)]


def _reached(
    authorization: Authorization, days: tuple[int, ...], visits: tuple[int, ...], today: date
) -> Iterator[Reached]:
    ending = _ending(authorization, days, today)
    if ending:
        yield ending
    for line in authorization.services.all():
        few = _few_visits(authorization, line, visits)
        if few:
            yield few


def _ending(authorization: Authorization, days: tuple[int, ...], today: date) -> Reached | None:
    last = authorization.terms.valid_through
    passed = passed_day_thresholds((last - today).days, days) if last else ()
    if not last or not passed:
        return None
    return Reached(
        kind="authorization_ending",
        rule_code="AUTH-03" if last < today else "AUTH-01",
        subject_kind="authorization",
        subject_id=authorization.pk,
        passed=passed,
        basis=last.isoformat(),
        headline=f"Authorization {authorization.referral.number} {say_end(last, today=today)}",
        due_on=last,
        location_id=authorization.home_location_id,
    )


def _few_visits(authorization: Authorization, line: AuthorizedService, visits: tuple[int, ...]) -> Reached | None:
    left = line.count.left
    if line.limit_kind != LimitKind.COUNTED or left is None:
        return None
    passed = passed_visit_thresholds(left, visits)
    if not passed:
        return None
    words = "no visits" if left <= 0 else counted(left, "visit")
    return Reached(
        kind="visits_left",
        rule_code="AUTH-02",
        subject_kind="authorizedservice",
        subject_id=line.pk,
        passed=passed,
        basis=str(line.visits_authorized),
        headline=f"{authorization.referral.number}, {line.description}: {words} left"[:200],
        due_on=authorization.terms.valid_through,
        location_id=authorization.home_location_id,
    )


def close_gone(due: Sequence[Reached], *, location: ServiceLocation, by: Actor, at: datetime) -> int:
    """Close the location's open alerts whose cause is gone, and return how many. ``due`` is all that is due there."""
    here = access.scope(Authorization.objects.filter(home_location=location), by)
    among: dict[str, QuerySet[Any, Any]] = {
        "authorization_ending": here,
        "visits_left": AuthorizedService.objects.filter(authorization__in=here),
    }
    return sum(alerts.close_gone(kind, due, among=rows, by=by, at=at) for kind, rows in among.items())
