"""What VA changes on an authorization: its days, its lines, their limits; and what was given before we counted.

Each of the four acts makes the next version, retells which planned visits cannot be given as they stand, and books
what was penciled in and is covered now, in the order of its days. VA's suspensions and revocations move the referral
(referrals.py) and make no version.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from referrals.domain import drawdown
from referrals.domain.caps import Caps
from referrals.domain.states import LimitKind
from referrals.models import Authorization, AuthorizationVersion, AuthorizedService
from referrals.services import pencils, stranded
from referrals.services.authorizations import Terms, add_version, locked, tell_of_bookings_beyond, terms_of
from vca.core import access, audit
from vca.core.access import Actor


def amend(*, authorization: Authorization, terms: Terms, reason: str, by: Actor, at: datetime) -> AuthorizationVersion:
    """Record new terms as the next version; a task tells of visits booked outside. Raises PeriodRunsBackward."""
    with transaction.atomic():
        row = locked(authorization, by=by)
        version = add_version(row, terms, reason=reason, by=by, at=at)
        audit.record(by=by, action="authorization.amended", subject=row, changes={"version": version.number})
        _settle(row, by=by, at=at)
    authorization.refresh_from_db()
    return version


@dataclass(frozen=True, slots=True)
class Limit:
    """A service line as VA states it. ``visits`` is a number for COUNTED, else ``None``; without ``caps`` they stay."""

    description: str
    limit_kind: LimitKind
    visits: int | None
    codes: tuple[str, ...] = ()
    caps: Caps | None = None

    @property
    def capped(self) -> dict[str, int | None]:
        """The caps by their columns."""
        caps = asdict(self.caps) if self.caps else {}
        return {f"most_per_{span}": most for span, most in caps.items()}


def set_limit(*, service: AuthorizedService, limit: Limit, reason: str, by: Actor, at: datetime) -> AuthorizedService:
    """Set what VA authorizes on a line; a cut below what is spoken for is recorded, and a task says so."""
    with transaction.atomic():
        authorization = locked(service.authorization, by=by)
        rows = access.scope(AuthorizedService.objects.filter(pk=service.pk), by)
        rows.update(
            description=limit.description,
            codes=list(limit.codes),
            limit_kind=limit.limit_kind,
            visits_authorized=limit.visits,
            visits_over=_over(limit.visits),
            **limit.capped,
        )
        service.refresh_from_db()
        add_version(authorization, terms_of(authorization), reason=reason, by=by, at=at)
        audit.record(
            by=by,
            action="authorization.limit_set",
            subject=service,
            changes={"limit_kind": limit.limit_kind, "visits": limit.visits, "over": service.visits_over}
            | limit.capped,
            veterans=[authorization.veteran_id],
        )
        tell_of_bookings_beyond(service, by=by, at=at)
        _settle(authorization, by=by, at=at)
    return service


def _over(visits: int | None) -> Any:
    if visits is None:
        return 0
    return Greatest(Value(0), F("visits_held") + F("visits_used") + F("visits_before_us") - visits)


def add_line(
    *, authorization: Authorization, limit: Limit, by: Actor, at: datetime, reason: str = ""
) -> AuthorizedService:
    """Add a service line that VA authorizes; the reason stands with the version that it makes."""
    with transaction.atomic():
        row = locked(authorization, by=by)
        last = row.services.order_by("-number").values_list("number", flat=True).first() or 0
        service = AuthorizedService.objects.create(
            practice_id=row.practice_id,
            authorization=row,
            number=last + 1,
            description=limit.description,
            codes=list(limit.codes),
            limit_kind=limit.limit_kind,
            visits_authorized=limit.visits,
            **limit.capped,
        )
        add_version(row, terms_of(row), reason=f"line {service.number} added{reason and f': {reason}'}", by=by, at=at)
        added = {"added": service.number}
        audit.record(by=by, action="authorization.limit_set", subject=service, changes=added, veterans=[row.veteran_id])
        _settle(row, by=by, at=at)
    return service


def set_opening_balance(
    *, service: AuthorizedService, visits: int, source: str, by: Actor, at: datetime
) -> AuthorizedService:
    """Record visits given before this product counted: elsewhere, or by us on paper; a task tells what is over then."""
    with transaction.atomic():
        authorization = locked(service.authorization, by=by)
        row = access.scope(AuthorizedService.objects.select_for_update(no_key=True), by).get(pk=service.pk)
        row.visits_before_us, row.before_us_source = visits, source
        authorized = row.visits_authorized
        row.visits_over = 0 if authorized is None else drawdown.over_after_cut(row.count, authorized=authorized)
        row.save(update_fields=["visits_before_us", "before_us_source", "visits_over"])
        set_, named = {"visits": visits}, [service.authorization.veteran_id]
        audit.record(by=by, action="authorization.opening_balance_set", subject=row, changes=set_, veterans=named)
        tell_of_bookings_beyond(row, by=by, at=at)
        why = f"line {row.number}, visits given before: {visits}, {source}"
        add_version(authorization, terms_of(authorization), reason=why, by=by, at=at)
        _settle(authorization, by=by, at=at)
    return row


def _settle(authorization: Authorization, *, by: Actor, at: datetime) -> None:
    """Say which planned visits cannot be given as they stand now, and book those that wait for cover and have it."""
    stranded.tell(authorization, by=by, at=at)
    pencils.book_waiting(authorization, by=by, at=at)
