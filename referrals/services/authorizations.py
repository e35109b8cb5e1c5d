"""Authorizations: their terms by version, their row locked, what is over the limit (amended in amendments.py).

A cut below what is already spoken for is recorded as it is: ``visits_over`` says by how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from referrals import queries
from referrals.domain import drawdown
from referrals.domain.notice import StatedLine
from referrals.models import (
    Authorization,
    AuthorizationVersion,
    AuthorizedService,
    Referral,
    SeocLine,
    SeocVersion,
    ThroughSource,
)
from referrals.services import forecasts
from vca.core import access
from vca.core.access import Actor
from vca.core.services import chores
from vca.domain.errors import RuleError
from vca.domain.wording import counted


class PeriodRunsBackward(RuleError):
    """The last day is before the first day."""

    code = "REFERRAL-08"


@dataclass(frozen=True, slots=True)
class Terms:
    """First and last authorized civil day, where the last one comes from, and the SEOC as VA names it."""

    valid_from: date | None
    valid_through: date | None
    source: ThroughSource = ThroughSource.PRINTED
    seoc: str = ""
    seoc_days: int | None = None


def open_for(
    *, referral: Referral, terms: Terms, lines: Sequence[StatedLine], by: Actor, at: datetime
) -> Authorization:
    """Create the authorization of a new referral with its first version and the stated lines."""
    authorization = Authorization.objects.create(
        practice_id=by.practice_id, referral=access.own(referral, by), veteran_id=referral.veteran_id
    )
    for number, line in enumerate(lines, start=1):
        AuthorizedService.objects.create(
            practice_id=referral.practice_id,
            authorization=authorization,
            number=number,
            description=line.description,
            codes=list(line.codes),
            limit_kind=line.limit_kind,
            visits_authorized=line.visits,
        )
    add_version(authorization, terms, reason="as received", by=by, at=at)
    return authorization


def settle_over(service_ids: Sequence[int], *, by: Actor, at: datetime) -> None:
    """After a visit was given or given back: what is no longer over is not over, and the task says what is so now."""
    rows = access.scope(AuthorizedService.objects.filter(pk__in=service_ids, visits_over__gt=0), by)
    for service in rows.order_by("pk"):
        over = drawdown.over_after_cut(service.count, authorized=service.visits_authorized or 0)
        AuthorizedService.objects.filter(pk=service.pk).update(visits_over=min(service.visits_over, over))
        service.refresh_from_db()
        tell_of_bookings_beyond(service, by=by, at=at)


def tell_of_bookings_beyond(service: AuthorizedService, *, by: Actor, at: datetime) -> None:
    """Let a task say how many booked visits VA does not authorize, or close it when there are none."""
    access.own(service, by)
    if service.visits_over and service.visits_held:
        beyond = (
            f"{counted(service.visits_over, 'visit')} beyond what VA authorizes, {service.visits_held} still booked"
        )
        headline = f"{service.authorization.referral.number}, {service.description[:90]}: {beyond}"
        chores.open_task(kind="visits_over", subject=service, headline=headline, by=by, due_on=_first_beyond(service))
    else:
        chores.close_tasks(kind="visits_over", subject=service, proof="within the limit", by=by, at=at)


def _first_beyond(service: AuthorizedService) -> date | None:
    """Return the day of the first booked visit that VA does not authorize; by then somebody must have acted."""
    covered = service.visits_held - service.visits_over
    for day, held in queries.held_by_day([service.pk]):
        covered -= held
        if covered < 0:
            return day
    return None


def pin_lines(authorization: Authorization) -> None:
    """Keep the confirmed lines with the SEOC version, if nobody has yet: a version never changes after that."""
    pinned = authorization.terms.seoc_version
    if pinned is None:
        return
    version = SeocVersion.objects.select_for_update(no_key=True).get(pk=pinned.pk)
    if version.lines.exists():
        return
    SeocLine.objects.bulk_create(
        SeocLine(
            practice_id=authorization.practice_id,
            seoc_version=version,
            number=line.number,
            description=line.description,
            limit_kind=line.limit_kind,
            visits=line.visits_authorized,
            codes=line.codes,
        )
        for line in authorization.services.order_by("number")
    )


def terms_of(authorization: Authorization) -> Terms:
    """Return the current terms."""
    version = authorization.terms
    seoc = version.seoc_version
    named = (seoc.seoc_id, seoc.duration_days) if seoc else ("", None)
    return Terms(version.valid_from, version.valid_through, ThroughSource(version.through_source), *named)


def locked(authorization: Authorization, *, by: Actor) -> Authorization:
    """Return the authorization with its row locked, so that its terms stand still until the commit.

    Raises DoesNotExist for one of another practice.
    Locked first and read afterwards: PostgreSQL joins to a row for which it had to wait what stood there before.
    """
    rows = access.scope(Authorization.objects.filter(pk=authorization.pk), by)
    rows.select_for_update(no_key=True).get()
    return rows.select_related("current__seoc_version", "referral").get()


def add_version(
    authorization: Authorization, terms: Terms, *, reason: str, by: Actor, at: datetime
) -> AuthorizationVersion:
    """Write terms and lines as they are now as the next version. Raises PeriodRunsBackward."""
    if terms.valid_from and terms.valid_through and terms.valid_through < terms.valid_from:
        raise PeriodRunsBackward("the last day is before the first day", field="valid_through")
    access.own(authorization, by)
    number = authorization.current.number + 1 if authorization.current else 1
    version = AuthorizationVersion.objects.create(
        practice_id=authorization.practice_id,
        authorization=authorization,
        number=number,
        valid_from=terms.valid_from,
        valid_through=terms.valid_through,
        through_source=terms.source,
        seoc_version=_pinned(terms, authorization.practice_id),
        lines=_lines_now(authorization),
        reason=reason[:200],
        recorded_at=at,
        recorded_by_id=by.user_id,
    )
    authorization.current = version
    authorization.save(update_fields=["current"])
    forecasts.keep_one(authorization.pk, by=by, at=at)
    return version


def _pinned(terms: Terms, practice_id: int) -> SeocVersion | None:
    if not terms.seoc:
        return None
    found, _ = SeocVersion.objects.get_or_create(
        practice_id=practice_id, seoc_id=terms.seoc[:160], defaults={"duration_days": terms.seoc_days}
    )
    return found


def _lines_now(authorization: Authorization) -> list[dict[str, Any]]:
    rows = authorization.services.order_by("number")
    stated = ("number", "description", "limit_kind", "visits_authorized", "visits_before_us", "codes")
    names = (*stated, "most_per_day", "most_per_week", "most_per_month")
    return [{name: getattr(row, name) for name in names} for row in rows]
