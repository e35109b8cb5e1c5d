"""The daily watch over what lets the practice treat Veterans: agreements, licenses, DEA registrations.

Each is joined to the visits booked past its end. What has been renewed is not told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from referrals import queries
from referrals.domain.expiry import LATE_AT_MOST, passed_day_thresholds, say_end
from referrals.domain.states import Affiliation
from referrals.queries import Booking
from vca.core import access
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import Agreement, DeaRegistration, License
from vca.core.services import parameters, practices
from vca.core.vocabulary import Role
from vca.domain.wording import counted

TOLD = (Role.ADMINISTRATOR, Role.BILLER)
DAY = timedelta(days=1)
Row = TypeVar("Row", License, DeaRegistration)


@dataclass(frozen=True, slots=True)
class Ending:
    """Something with a last day: its kind of alert, the row, its name for a headline, the visits booked past it."""

    kind: str
    rule_code: str
    subject: Agreement | License | DeaRegistration
    words: str
    last: date
    beyond: int


def due(by: Actor, *, today: date) -> dict[str, list[Reached]]:
    """Return what is to be raised, by kind of alert; a kind of which nothing is due is there too."""
    booked = list(queries.bookings(by, since=today))
    found = {
        "agreement_ending": _agreements(by, booked),
        "license_ending": _licenses(by, booked),
        "dea_ending": _dea_registrations(by, booked),
    }
    return {kind: list(_reached(endings, kind, by, today)) for kind, endings in found.items()}


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
        roles=TOLD,
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


def _dea_registrations(by: Actor, booked: list[Booking]) -> Iterator[Ending]:
    rows = access.scope(DeaRegistration.objects.select_related("clinician", "location"), by)
    rows = rows.filter(clinician__is_active=True, location__is_active=True)
    for one in _newest(rows.order_by("valid_through", "pk"), "clinician_id", "location_id"):
        past = {
            visit.pk
            for visit in booked
            if (visit.clinician_id, visit.location_id) == (one.clinician_id, one.location_id)
            and visit.on > one.valid_through
        }
        words = f"DEA registration of {one.clinician.display_name} for {one.location.name}"
        yield Ending("dea_ending", "DEA-01", one, words, one.valid_through, len(past))


def _newest(rows: Iterable[Row], *key: str) -> Iterable[Row]:
    """Return of the rows with the same key the one that lasts longest: the others have been renewed."""
    return {tuple(getattr(row, name) for name in key): row for row in rows}.values()
