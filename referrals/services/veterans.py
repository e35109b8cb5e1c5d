"""Veterans: find the one a referral speaks of, record a new one, add a version of the facts."""

from datetime import datetime
from typing import Any

from django.db import transaction

from referrals.domain.notice import ReferralNotice
from referrals.models import IDENTIFIERS, FactSource, Veteran, VeteranFacts, facts_of, icn_index
from vca.core import access, audit
from vca.core.access import Actor
from vca.domain.errors import RuleError


class IcnOfAnother(RuleError):
    """An ICN names one person."""

    code = "RECORD-01"


def find(notice: ReferralNotice, *, by: Actor) -> list[Veteran]:
    """Return the Veteran with that ICN, else those with that name and date of birth: several are nobody's to guess."""
    mine = access.scope(Veteran.objects.select_related("current"), by)
    if notice.icn:
        known = list(mine.filter(icn_index=icn_index(notice.icn)))
        if known:
            return known
    if not (notice.last_name and notice.first_name and notice.date_of_birth):
        return []
    same = mine.filter(
        current__last_name__iexact=notice.last_name,
        current__first_name__iexact=notice.first_name,
        current__date_of_birth=notice.date_of_birth,
    )
    # Somebody known under another ICN is somebody else.
    return list((same.filter(icn_index="") if notice.icn else same).order_by("pk")[:2])


def differing(veteran: Veteran, notice: ReferralNotice) -> tuple[str, ...]:
    """Return the fields of name and birth that are stated otherwise than on file; what is not stated is passed over."""
    known = veteran.facts
    pairs = (
        ("last_name", notice.last_name.casefold(), known.last_name.casefold()),
        ("first_name", notice.first_name.casefold(), known.first_name.casefold()),
        ("date_of_birth", notice.date_of_birth, known.date_of_birth),
    )
    return tuple(name for name, said, held in pairs if said and said != held)


def learn_icn(veteran: Veteran, notice: ReferralNotice, *, source: FactSource, by: Actor, at: datetime) -> None:
    """Keep the ICN of somebody who was known by name and date of birth alone."""
    if notice.icn and not veteran.icn_index:
        change(veteran=veteran, facts={"icn": notice.icn}, source=source, by=by, at=at)


def record(*, facts: dict[str, Any], source: FactSource, by: Actor, at: datetime) -> Veteran:
    """Record a Veteran with the first version of the facts."""
    with transaction.atomic():
        veteran = Veteran.objects.create(practice_id=by.practice_id)
        _add_version(veteran, facts, source=source, by=by, at=at)
        audit.record(by=by, action="veteran.recorded", subject=veteran)
    return veteran


def change(*, veteran: Veteran, facts: dict[str, Any], source: FactSource, by: Actor, at: datetime) -> bool:
    """Add a version with the changed facts; tell whether anything changed."""
    with transaction.atomic():
        # Without a join: the facts of a row for which one had to wait are read after the wait.
        locked = access.scope(Veteran.objects.select_for_update(no_key=True), by).get(pk=veteran.pk)
        before = facts_of(locked.facts)
        changed = sorted(name for name, value in facts.items() if before[name] != value)
        if not changed:
            return False
        _add_version(locked, {**before, **facts}, source=source, by=by, at=at)
        audit.record(by=by, action="veteran.changed", subject=veteran, changes={"fields": changed})
    veteran.refresh_from_db()
    return True


def reveal(*, veteran: Veteran, by: Actor) -> dict[str, str]:
    """Return a Veteran's identifiers in full, for who files with them, and record that they were shown.

    Raises DoesNotExist. Source: 45 CFR 164.502(b), minimum necessary.
    """
    facts = access.own(veteran, by).facts
    shown = {name: getattr(facts, name) for name in IDENTIFIERS}
    with transaction.atomic():
        fields = [name for name, value in shown.items() if value]
        audit.record(by=by, action="veteran.identifiers_revealed", subject=veteran, changes={"fields": fields})
    return shown


def _add_version(
    veteran: Veteran, facts: dict[str, Any], *, source: FactSource, by: Actor, at: datetime
) -> VeteranFacts:
    version = VeteranFacts.objects.create(
        practice_id=veteran.practice_id,
        veteran=veteran,
        source=source,
        recorded_at=at,
        recorded_by_id=by.user_id,
        **facts,
    )
    veteran.current = version
    veteran.icn_index = icn_index(version.icn)
    known = Veteran.objects.exclude(pk=veteran.pk).filter(practice_id=veteran.practice_id, icn_index=veteran.icn_index)
    if veteran.icn_index and known.exists():
        raise IcnOfAnother("another Veteran of this practice has that ICN", field="icn")
    veteran.save(update_fields=["current", "icn_index"])
    return version


def facts_in(notice: ReferralNotice) -> dict[str, Any]:
    """Return what a notice says of the Veteran."""
    return {
        "last_name": notice.last_name,
        "first_name": notice.first_name,
        "middle_name": notice.middle_name,
        "date_of_birth": notice.date_of_birth,
        "icn": notice.icn,
    }
