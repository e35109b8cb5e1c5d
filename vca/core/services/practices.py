"""The practice itself: its details, places, clinicians and agreements with VA."""

from datetime import date
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from vca.core import access, audit
from vca.core.access import Actor
from vca.core.models import (
    Agreement,
    AgreementClinician,
    AgreementLocation,
    Clinician,
    Practice,
    ServiceLocation,
)


def create(*, code: str, name: str, test_data: bool) -> Practice:
    """Create a practice without people; the first administrator comes by invitation."""
    with transaction.atomic():
        practice = Practice.objects.create(code=code, name=name, test_data=test_data)
        by = access.acting_for(practice, what="create practice")
        audit.record(by=by, action="practice.created", subject=practice)
    return practice


def change(*, practice: Practice, facts: dict[str, Any], by: Actor) -> None:
    """Change the practice's billing details."""
    _save(practice, facts, action="practice.changed", by=by)


def record_location(*, facts: dict[str, Any], by: Actor, location: ServiceLocation | None = None) -> ServiceLocation:
    """Record or change a place where visits happen."""
    row = location or ServiceLocation(practice_id=by.practice_id)
    return _save(
        row,
        facts,
        action="location.changed" if location else "location.recorded",
        by=by,
    )


def record_clinician(*, facts: dict[str, Any], by: Actor, clinician: Clinician | None = None) -> Clinician:
    """Record or change somebody who treats."""
    row = clinician or Clinician(practice_id=by.practice_id)
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
) -> Agreement:
    """Record or change an agreement and what it covers; cover that is taken away ends, it is not forgotten."""
    with transaction.atomic():
        row = agreement or Agreement(practice_id=by.practice_id)
        _save(
            row,
            facts,
            action="agreement.changed" if agreement else "agreement.recorded",
            by=by,
        )
        _cover(AgreementLocation, row, "location", locations)
        _cover(AgreementClinician, row, "clinician", clinicians)
    return row


def _cover(model: type[models.Model], agreement: Agreement, name: str, chosen: list[Any]) -> None:
    rows = model._default_manager.filter(agreement=agreement)
    ids = [thing.pk for thing in chosen]
    rows.exclude(**{f"{name}_id__in": ids}).filter(valid_through__isnull=True).update(valid_through=agreement.last_day)
    covered = set(rows.values_list(f"{name}_id", flat=True))
    for thing in chosen:
        if thing.pk not in covered:
            facts = {
                name: thing,
                "valid_from": agreement.valid_from,
                "practice_id": agreement.practice_id,
            }
            model._default_manager.create(agreement=agreement, **facts)


def _save(row: Any, facts: dict[str, Any], *, action: str, by: Actor) -> Any:
    for name, value in facts.items():
        setattr(row, name, value)
    with transaction.atomic():
        row.save()
        audit.record(by=by, action=action, subject=row, changes={"fields": sorted(facts)})
    return row


def agreements_in_force(by: Actor, *, on: date) -> models.QuerySet[Agreement]:
    """Return the agreements in force on that civil day; the day on which one ended early still counts."""
    rows = access.scope(Agreement.objects.all(), by).filter(valid_from__lte=on, valid_through__gte=on)
    return rows.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=on)).order_by("valid_through", "pk")


def agreements(by: Actor) -> models.QuerySet[Agreement]:
    """Return all agreements, the one that was to end last first."""
    return access.scope(Agreement.objects.all(), by).order_by("-valid_through", "-pk")
