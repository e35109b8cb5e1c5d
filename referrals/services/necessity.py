"""What is clinical of a visit is for who treats, and for who files as far as a claim may need it.

Source: 45 CFR 164.502(b) and 164.514(d), minimum necessary.
"""

from referrals.domain.states import VisitState
from referrals.models import Visit
from vca.core.access import Actor, NotPermitted
from vca.core.vocabulary import Role

NEVER_CLAIMED = frozenset({VisitState.CANCELLED, VisitState.NO_SHOW, VisitState.VOIDED})


def sees_clinical(visit: Visit, by: Actor) -> bool:
    """Tell whether diagnoses, drug and dose of a visit are the actor's to see.

    A biller files what was given, and the front desk books and checks in without them.
    """
    if by.acts_in <= {Role.FRONT_DESK, Role.BILLER}:
        return Role.BILLER in by.acts_in and visit.state not in NEVER_CLAIMED
    return True


def require_clinical(visit: Visit, by: Actor) -> None:
    """Refuse with NotPermitted what is clinical of a visit that no claim needs."""
    if not sees_clinical(visit, by):
        raise NotPermitted("no claim needs the diagnoses and services of a visit that was cancelled, missed or struck")
