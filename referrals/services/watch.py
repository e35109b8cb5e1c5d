"""The daily watch over the authorizations of one location: which end soon, which lines have few visits left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from referrals import queries
from referrals.domain.expiry import LATE_AT_MOST, passed_day_thresholds, passed_visit_thresholds, say_end
from referrals.domain.states import LimitKind
from referrals.models import Authorization, AuthorizedService
from vca.core import access, alerts
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import Alert, ServiceLocation
from vca.core.services import parameters
from vca.core.vocabulary import Role
from vca.domain.wording import counted

TOLD = (Role.BILLER, Role.CLINICIAN, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The practice's thresholds in force: days before the last day, visits left."""

    days: tuple[int, ...]
    visits: tuple[int, ...]


def thresholds(by: Actor, *, today: date) -> Thresholds:
    """Return the thresholds in force today."""
    practice_id = by.practice_id
    return Thresholds(
        parameters.numbers("authorization-ending-days", practice_id=practice_id, on=today),
        parameters.numbers("visits-left", practice_id=practice_id, on=today),
    )


def watched(location: ServiceLocation, *, by: Actor, today: date) -> list[Authorization]:
    """Return the authorizations to look at."""
    return list(queries.watched(by, location_id=location.pk, ended_since=today - LATE_AT_MOST))


def look(authorizations: Iterable[Authorization], *, at_most: Thresholds, today: date, by: Actor, at: datetime) -> int:
    """Raise what is due on these authorizations and return the number of alerts raised or upgraded."""
    due = [reached for one in authorizations for reached in _reached(access.own(one, by), at_most, today)]
    return sum(1 for reached in due if alerts.raise_alert(reached, by=by, at=at))


def _reached(authorization: Authorization, at_most: Thresholds, today: date) -> Iterable[Reached]:
    ending = _ending(authorization, at_most.days, today)
    if ending:
        yield ending
    for line in authorization.services.all():
        few = _few_visits(authorization, line, at_most.visits)
        if few:
            yield few


def _ending(authorization: Authorization, days: tuple[int, ...], today: date) -> Reached | None:
    last = authorization.terms.valid_through
    passed = passed_day_thresholds((last - today).days, days) if last else ()
    if not last or not passed:
        return None
    return Reached(
        kind="authorization_ending",
        rule_code="AUTH-01",
        subject_kind="authorization",
        subject_id=authorization.pk,
        passed=passed,
        basis=last.isoformat(),
        headline=f"Authorization {authorization.referral.number} {say_end(last, today=today)}",
        due_on=last,
        roles=TOLD,
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
        roles=TOLD,
    )


def close_gone(*, at_most: Thresholds, location: ServiceLocation, today: date, by: Actor, at: datetime) -> int:
    """Close the location's open alerts whose cause is gone, and return how many."""
    return _close_ends(at_most, location, today, by, at) + _close_lines(at_most, location, today, by, at)


def _close_ends(at_most: Thresholds, location: ServiceLocation, today: date, by: Actor, at: datetime) -> int:
    mine = _open("authorization_ending", by)
    here = queries.authorizations(by).filter(pk__in=mine, home_location_id=location.pk)
    horizon = today + timedelta(days=max(at_most.days))
    watched = queries.watched(by, location_id=location.pk, ended_since=today - LATE_AT_MOST)
    due = watched.filter(current__valid_through__lte=horizon)
    gone = list(here.exclude(pk__in=due.order_by().values("pk")).values_list("pk", flat=True))
    return alerts.resolve(kind="authorization_ending", subject_kind="authorization", subject_ids=gone, by=by, at=at)


def _close_lines(at_most: Thresholds, location: ServiceLocation, today: date, by: Actor, at: datetime) -> int:
    here = AuthorizedService.objects.filter(
        pk__in=_open("visits_left", by), authorization__home_location_id=location.pk
    )
    watched = queries.watched(by, location_id=location.pk, ended_since=today - LATE_AT_MOST)
    live = set(watched.order_by().values_list("pk", flat=True))
    gone = [
        line.pk
        for line in here
        if line.authorization_id not in live or line.count.left is None or line.count.left > max(at_most.visits)
    ]
    return alerts.resolve(kind="visits_left", subject_kind="authorizedservice", subject_ids=gone, by=by, at=at)


def _open(kind: str, by: Actor) -> list[int]:
    rows: Iterable[Alert] = alerts.open_alerts(by).filter(kind=kind)
    return [alert.subject_id for alert in rows]
