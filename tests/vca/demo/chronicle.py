"""What a practice's rows say, without their ids: equal for two seeds of one moment and one number."""

from typing import Any

from billing.models import Claim, ClaimLine
from referrals.models import AuthorizedService, LedgerEntry, Referral, VeteranFacts, VisitService
from vca.core.models import Alert, Practice, Task

WHAT = {
    VeteranFacts: ("last_name", "first_name", "date_of_birth", "sex", "street", "zip_code", "phone", "recorded_at"),
    Referral: ("number", "state", "affiliation", "received_at", "veteran__current__last_name", "provisional_diagnosis"),
    AuthorizedService: (
        *("authorization__referral__number", "number", "codes", "limit_kind", "visits_authorized", "visits_held"),
        *("visits_used", "visits_over", "authorization__current__valid_from", "authorization__current__valid_through"),
    ),
    VisitService: (
        *("visit__authorization__referral__number", "visit__starts_at", "visit__state", "visit__booked_at", "code"),
        *("visit__arrived_at", "visit__completed_at", "visit__ended_at", "visit__diagnoses", "units", "ndc_quantity"),
    ),
    LedgerEntry: ("service__authorization__referral__number", "kind", "on", "recorded_at"),
    Claim: ("referral__number", "state", "total_charge", "created_at", "ready_at", "location__name"),
    ClaimLine: ("claim__referral__number", "number", "service_date", "code", "charge", "clinician__npi"),
    Alert: ("kind", "threshold", "headline", "due_on"),
    Task: ("kind", "headline", "closed_at"),
}


def chronicle(practice: Practice) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each table in the order in which they were made."""
    return {
        model.__name__: list(model.objects.filter(practice=practice).order_by(*_made(model)).values_list(*fields))
        for model, fields in WHAT.items()
    }


def _made(model: type) -> tuple[str, ...]:
    """Facts have random keys; the Veteran tells their order, and then what only the later version has."""
    return ("veteran_id", "phone") if model is VeteranFacts else ("pk",)
