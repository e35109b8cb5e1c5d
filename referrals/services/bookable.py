"""What refuses a visit at a place, on a day, with somebody: beside the referral's own terms, what the clinic itself is.

Booking, moving and walking in ask the same, and so does each visit of a series.
"""

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from referrals import queries
from referrals.domain import caps
from referrals.domain.caps import spans
from referrals.models import AuthorizedService
from vca.core.access import Actor
from vca.core.models import Agreement, Clinician, ServiceLocation
from vca.core.services import practices
from vca.domain.errors import RuleError
from vca.domain.wording import say_day


class NoAgreement(RuleError):
    """No agreement with VA covers that day."""

    code = "VISIT-06"


class PlaceNotCovered(RuleError):
    """No agreement in force covers the site on that day."""

    code = "VISIT-20"


class ClinicianNotCovered(RuleError):
    """No agreement that covers the site covers the clinician on that day."""

    code = "VISIT-21"


class Closed(RuleError):
    """The practice or the place is closed on that day."""

    code = "VISIT-22"


class ClinicianAway(RuleError):
    """A clinician of the visit is away on that day."""

    code = "VISIT-24"


def refuse_closed(location: ServiceLocation, *, on: date) -> None:
    """Raise Closed when nobody gives visits at that place on that civil day."""
    closed = queries.closed_on(location, on)
    if closed:
        where = location.name if closed.location_id else "the practice"
        raise Closed(f"{where} is closed on {say_day(on)}: {closed.reason}")


def refuse_away(clinicians: Collection[Clinician], *, on: date) -> None:
    """Raise ClinicianAway when one of them gives no visits on that civil day."""
    away = queries.away_on([one.pk for one in clinicians], on)
    names = sorted(one.display_name for one in clinicians if one.pk in away)
    if names:
        raise ClinicianAway(f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} away on {say_day(on)}")


def refuse_without_agreement(*, on: date, by: Actor) -> QuerySet[Agreement]:
    """Return the agreements in force on that civil day. Raises NoAgreement."""
    in_force = practices.agreements_in_force(by, on=on)
    if not in_force.exists():
        raise NoAgreement(f"no agreement with VA is in force on {say_day(on)}")
    return in_force


def refuse_uncovered(location: ServiceLocation, clinicians: Collection[Clinician], *, on: date, by: Actor) -> None:
    """Raise what no agreement covers on that civil day. Raises NoAgreement, PlaceNotCovered, ClinicianNotCovered."""
    in_force = refuse_without_agreement(on=on, by=by)
    here = practices.covering_place(in_force, location, on=on)
    covered = practices.covered_clinicians(here, on=on)
    without = sorted(one.display_name for one in clinicians if one.pk not in covered)
    if without and not here.exists():
        raise PlaceNotCovered(f"{_named(in_force)} does not cover {location.name} on {say_day(on)}")
    if without:
        raise ClinicianNotCovered(f"{_named(here)} does not cover {' or '.join(without)} on {say_day(on)}")


def refuse_over_caps(line_ids: Collection[int], *, on: date, besides: int | None = None) -> None:
    """Raise CapReached when one more visit on that civil day is more than a line allows in a day, week or month.

    The authorization's row is locked, so that no other visit comes in between. ``besides``: the visit that moves.
    """
    capped = AuthorizedService.objects.filter(pk__in=line_ids)
    for line in capped.exclude(most_per_day=None, most_per_week=None, most_per_month=None).order_by("number"):
        days = queries.days_counted(line, spans(on).values(), besides=besides)
        caps.refuse(line.caps, on=on, days=days, name=line.description)


def _named(agreements: QuerySet[Agreement]) -> str:
    return f"agreement {' or '.join(agreements.values_list('number', flat=True))}"
