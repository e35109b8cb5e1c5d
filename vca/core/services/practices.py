"""The practice itself: its details, places, clinicians and agreements with VA."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q

from vca.core import access, audit
from vca.core.access import Actor
from vca.core.isolation import within
from vca.core.models import (
    Agreement,
    AgreementClinician,
    AgreementLocation,
    BackupDeed,
    BackupRun,
    Clinician,
    DeaRegistration,
    License,
    Practice,
    RealData,
    ServiceLocation,
    User,
)
from vca.domain.errors import RuleError


class AlreadyOnFile(RuleError):
    """A second one with the same name or number."""

    code = "RECORD-01"


class NotProven(RuleError):
    """Nobody's real data is entered where nobody has shown that it can be brought back."""

    code = "KEPT-02"


def create(*, code: str, name: str, test_data: bool) -> Practice:
    """Create a practice without people; the first administrator comes by invitation.

    With the first one that holds real people's data, second factors become a must and the demo is closed, for good.
    Raises NotProven.
    """
    if not (test_data or RealData.objects.exists() or BackupRun.objects.filter(deed=BackupDeed.PROVEN).exists()):
        raise NotProven("no backup of this installation has been proven to restore")
    with transaction.atomic():
        practice = Practice.objects.create(code=code, name=name, test_data=test_data)
        by = access.acting_for(practice, what="create practice")
        with within(practice.pk):
            audit.record(by=by, action="practice.created", subject=practice)
            if not test_data:
                _begin_real_data(practice, by)
    return practice


def _begin_real_data(practice: Practice, by: Actor) -> None:
    _, is_first = RealData.objects.get_or_create(pk=1, defaults={"since": practice.created_at})
    if is_first:
        demo = User.objects.filter(is_demo=True)
        closed = demo.update(is_active=False, sign_out_round=F("sign_out_round") + 1)
        audit.record(by=by, action="real_data.began", subject=practice, changes={"demo_people_closed": closed})


def change(*, practice: Practice, facts: dict[str, Any], by: Actor) -> None:
    """Change the practice's billing details. Raises DoesNotExist for another practice."""
    if practice.pk != by.practice_id:
        raise Practice.DoesNotExist
    _save(practice, facts, action="practice.changed", by=by)


def record_location(*, facts: dict[str, Any], by: Actor, location: ServiceLocation | None = None) -> ServiceLocation:
    """Record or change a place where visits happen. Raises DoesNotExist for another practice's."""
    row = access.own(location, by) if location else ServiceLocation(practice_id=by.practice_id)
    return _save(
        row,
        facts,
        action="location.changed" if location else "location.recorded",
        by=by,
    )


def record_clinician(*, facts: dict[str, Any], by: Actor, clinician: Clinician | None = None) -> Clinician:
    """Record or change somebody who treats. Raises DoesNotExist for another practice's."""
    row = access.own(clinician, by) if clinician else Clinician(practice_id=by.practice_id)
    return _save(
        row,
        facts,
        action="clinician.changed" if clinician else "clinician.recorded",
        by=by,
    )


def record_agreement(
    *,
    facts: dict[str, Any],
    by: Actor,
    locations: list[ServiceLocation],
    clinicians: list[Clinician],
    agreement: Agreement | None = None,
    cover_from: date | None = None,
) -> Agreement:
    """Record or change an agreement and what it covers.

    What is added is covered from ``cover_from`` (the agreement's first day when not given); what is taken away is
    covered through the day before it, and not forgotten. The event says what was covered before and is after. Raises
    DoesNotExist for what is another practice's.
    """
    chosen: dict[str, list[Any]] = {"locations": locations, "clinicians": clinicians}
    ids = {name: sorted({access.own(thing, by).pk for thing in things}) for name, things in chosen.items()}
    with transaction.atomic():
        row = access.own(agreement, by) if agreement else Agreement(practice_id=by.practice_id)
        before = _covered(row) if agreement else {name: [] for name in ids}
        covers = {name: {"before": before[name], "after": ids[name]} for name in ids if before[name] != ids[name]}
        action = "agreement.changed" if agreement else "agreement.recorded"
        _save(row, facts, action=action, by=by, also=covers)
        since = cover_from or row.valid_from
        _cover(AgreementLocation, row, "location", locations, since)
        _cover(AgreementClinician, row, "clinician", clinicians, since)
    return row


def _covered(agreement: Agreement) -> dict[str, list[int]]:
    """Return the ids of what the agreement covers without an end, behind the lock of whoever changes it."""
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    running = {"agreement": agreement, "valid_through__isnull": True}
    locations = AgreementLocation.objects.filter(**running).values_list("location_id", flat=True)
    clinicians = AgreementClinician.objects.filter(**running).values_list("clinician_id", flat=True)
    return {"locations": sorted(locations), "clinicians": sorted(clinicians)}


def _cover(model: type[models.Model], agreement: Agreement, name: str, chosen: list[Any], since: date) -> None:
    rows = model._default_manager.filter(agreement=agreement)
    running = rows.filter(valid_through__isnull=True)
    gone = running.exclude(**{f"{name}_id__in": [thing.pk for thing in chosen]})
    gone.filter(valid_from__gte=since).delete()
    gone.update(valid_through=since - timedelta(days=1))
    covered = set(running.values_list(f"{name}_id", flat=True))
    for thing in chosen:
        if thing.pk not in covered:
            # Taken back from the very day on which it once began: that cover goes on, as if it had never ended.
            again = {"valid_through": None, "practice_id": agreement.practice_id}
            rows.update_or_create(agreement=agreement, **{name: thing}, valid_from=since, defaults=again)


def record_license(*, clinician: Clinician, facts: dict[str, Any], by: Actor) -> License:
    """Record a clinician's license in a state. Raises DoesNotExist for another practice's clinician."""
    row = License(practice_id=by.practice_id, clinician=access.own(clinician, by))
    return _save(row, facts, action="license.recorded", by=by)


def record_dea(*, clinician: Clinician, facts: dict[str, Any], by: Actor) -> DeaRegistration:
    """Record a clinician's DEA registration for a place. Raises DoesNotExist for another practice's of either."""
    access.own(facts["location"], by)
    row = DeaRegistration(practice_id=by.practice_id, clinician=access.own(clinician, by))
    return _save(row, facts, action="dea.recorded", by=by)


def _save(row: Any, facts: dict[str, Any], *, action: str, by: Actor, also: dict[str, Any] | None = None) -> Any:
    """Insert the row, or write those of its fields alone that differ from what stands there; ``also`` is on record."""
    with transaction.atomic():
        before = type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk) if row.pk else None
        changed = [name for name, value in facts.items() if before is None or getattr(before, name) != value]
        for name, value in facts.items():
            setattr(row, name, value)
        if changed:
            _insert_or_update(row, None if before is None else changed)
        audit.record(by=by, action=action, subject=row, changes={"fields": sorted(changed)} | (also or {}))
    return row


def _insert_or_update(row: models.Model, changed: list[str] | None) -> None:
    try:
        with transaction.atomic():
            row.save(update_fields=changed)
    except IntegrityError as fault:
        raise AlreadyOnFile(f"this {row._meta.verbose_name} is on file already") from fault


def civil_day(by: Actor, *, at: datetime) -> date:
    """Return the civil day at the practice's first place, for what belongs to no single place."""
    return at.astimezone(home_zone(by)).date()


def home_zone(by: Actor) -> ZoneInfo:
    """Return the zone of the practice's first place; UTC while it has none."""
    home = access.scope(ServiceLocation.objects.filter(is_active=True), by).order_by("pk").first()
    return home.zone if home else ZoneInfo("UTC")


def agreements_in_force(by: Actor, *, on: date) -> models.QuerySet[Agreement]:
    """Return the agreements in force on that civil day; the day on which one ended early still counts."""
    rows = access.scope(Agreement.objects.all(), by).filter(valid_from__lte=on, valid_through__gte=on)
    return rows.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=on)).order_by("valid_through", "pk")


def _covering(model: type[models.Model], on: date) -> models.QuerySet[Any]:
    rows = model._default_manager.filter(valid_from__lte=on)
    return rows.filter(Q(valid_through__isnull=True) | Q(valid_through__gte=on))


def covering_place(
    agreements: models.QuerySet[Agreement], location: ServiceLocation, *, on: date
) -> models.QuerySet[Agreement]:
    """Return those of the agreements that cover the site on that civil day; one that names no site covers none."""
    return agreements.filter(pk__in=_covering(AgreementLocation, on).filter(location=location).values("agreement"))


def covered_clinicians(agreements: models.QuerySet[Agreement], *, on: date) -> set[int]:
    """Return the ids of the clinicians whom one of the agreements covers on that civil day."""
    rows = _covering(AgreementClinician, on).filter(agreement__in=agreements.order_by())
    return set(rows.values_list("clinician_id", flat=True))


def agreements(by: Actor) -> models.QuerySet[Agreement]:
    """Return all agreements, the one that was to end last first."""
    return access.scope(Agreement.objects.all(), by).order_by("-valid_through", "-pk")
