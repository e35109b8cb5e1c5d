"""The daily watch over what lets the practice treat Veterans: agreements, licenses, DEA registrations.

Each is joined to the visits booked past its end. What has been renewed is not told. An agreement or a license is judged
by the practice's calendar, whichever place looks, and a DEA registration by that of its place: a day that came and
went with the place would close in the evening what it raised in the morning.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction

from referrals import queries
from referrals.domain.expiry import LATE_AT_MOST, passed_day_thresholds, say_end
from referrals.domain.states import Affiliation
from referrals.queries import Booking
from vca.core import access, alerts
from vca.core.access import Actor
from vca.core.alerts import Reached, Within
from vca.core.models import Agreement, DeaRegistration, License, ServiceLocation
from vca.core.services import parameters, practices
from vca.domain.wording import counted

DAY = timedelta(days=1)
Row = TypeVar("Row", License, DeaRegistration)


@dataclass(frozen=True, slots=True)
class Ending:
    """Something with a last day: its kind of alert, the row, its name for a headline, the visits booked past it.

    ``location_id`` is the place that it is for, if it is for one alone.
    """

    kind: str
    rule_code: str
    subject: Agreement | License | DeaRegistration
    words: str
    last: date
    beyond: int
    location_id: int | None = None


def bring_up_to_date(
    location: ServiceLocation, *, by: Actor, at: datetime, within: Within = transaction.atomic
) -> tuple[int, int]:
    """Raise what is due of the practice and of that place, close what is due no more; return both numbers.

    ``within``: see ``alerts``.
    """
    how: Any = {"by": by, "at": at, "within": within}
    today, here = practices.civil_day(by, at=at), location.civil_day(at)
    theirs = access.scope(DeaRegistration.objects.filter(location=location), by)
    changed = [
        *(alerts.bring_up_to_date(kind, reached, **how) for kind, reached in due(by, today=today).items()),
        alerts.bring_up_to_date("dea_ending", due_at(location, by=by, today=here), among=theirs, **how),
    ]
    raised, closed = zip(*changed, strict=True)
    return sum(raised), sum(closed)


def due(by: Actor, *, today: date) -> dict[str, list[Reached]]:
    """Return what is to be raised on agreements and licenses, by kind of alert, also a kind of which nothing is due."""
    booked = list(queries.bookings(by, since=today))
    found = {"agreement_ending": _agreements(by, booked), "license_ending": _licenses(by, booked)}
    return {kind: list(_reached(endings, kind, by, today)) for kind, endings in found.items()}


def due_at(location: ServiceLocation, *, by: Actor, today: date) -> list[Reached]:
    """Return what is to be raised on the DEA registrations for a place."""
    booked = [visit for visit in queries.bookings(by, since=today) if visit.location_id == location.pk]
    return list(_reached(_dea_registrations(location, by, booked), "dea_ending", by, today))


def _reached(endings: Iterable[Ending], kind: str, by: Actor, today: date) -> Iterator[Reached]:
    days = parameters.numbers(f"{kind.replace('_', '-')}-days", practice_id=by.practice_id, on=today)
    for one in endings:
        passed = passed_day_thresholds((one.last - today).days, days)
        if passed and (one.beyond or one.last >= today - LATE_AT_MOST):
            yield _told(one, passed, today)


def _told(one: Ending, passed: tuple[int, ...], today: date) -> Reached:
    booked = f"; {counted(one.beyond, 'visit is', 'visits are')} booked after it" if one.beyond else ""
    return Reached(
        kind=one.kind,
        rule_code=one.rule_code,
        subject_kind=one.subject._meta.model_name or "",
        subject_id=one.subject.pk,
        passed=passed,
        basis=one.last.isoformat(),
        headline=f"{one.words} {say_end(one.last, today=today)}{booked}"[:200],
        due_on=one.last,
        location_id=one.location_id,
    )


def _agreements(by: Actor, booked: list[Booking]) -> Iterator[Ending]:
    known = list(practices.agreements(by))
    for one in known:
        if any(_follows(other, one) for other in known):
            continue
        beyond = {visit.pk for visit in booked if visit.affiliation == Affiliation.VCA and visit.on > one.last_day}
        uncovered = {visit.pk for visit in booked if not any(_in_force(other, visit.on) for other in known)}
        words = f"Agreement {one.number} with {one.va_facility}"
        yield Ending("agreement_ending", "AGREEMENT-01", one, words, one.last_day, len(beyond & uncovered))


def _follows(other: Agreement, one: Agreement) -> bool:
    """Tell whether another agreement with the same facility is in force on the day after."""
    same = other.va_facility.casefold() == one.va_facility.casefold()
    return other.pk != one.pk and same and _in_force(other, one.last_day + DAY)


def _in_force(agreement: Agreement, on: date) -> bool:
    return agreement.valid_from <= on <= agreement.last_day


def _licenses(by: Actor, booked: list[Booking]) -> Iterator[Ending]:
    rows = access.scope(License.objects.select_related("clinician"), by).filter(clinician__is_active=True)
    for one in _newest(rows.order_by("valid_through", "pk"), "clinician_id", "state"):
        past = {
            visit.pk
            for visit in booked
            if (visit.clinician_id, visit.state) == (one.clinician_id, one.state) and visit.on > one.valid_through
        }
        words = f"License of {one.clinician.display_name} in {one.state}"
        yield Ending("license_ending", "LICENSE-01", one, words, one.valid_through, len(past))


def _dea_registrations(location: ServiceLocation, by: Actor, booked: list[Booking]) -> Iterator[Ending]:
    rows = access.scope(DeaRegistration.objects.select_related("clinician"), by)
    rows = rows.filter(clinician__is_active=True, location=location, location__is_active=True)
    for one in _newest(rows.order_by("valid_through", "pk"), "clinician_id"):
        past = {visit.pk for visit in booked if visit.clinician_id == one.clinician_id and visit.on > one.valid_through}
        words = f"DEA registration of {one.clinician.display_name} for {location.name}"
        yield Ending("dea_ending", "DEA-01", one, words, one.valid_through, len(past), location.pk)


def _newest(rows: Iterable[Row], *key: str) -> Iterable[Row]:
    """Return of the rows with the same key the one that lasts longest: the others have been renewed."""
    return {tuple(getattr(row, name) for name in key): row for row in rows}.values()
