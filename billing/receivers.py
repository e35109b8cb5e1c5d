"""Billing's answer to the one signal: a visit on a live claim is not undone before the claim is."""

from typing import Any

from django.dispatch import receiver

from billing import queries
from referrals.signals import visit_voiding
from vca.domain.errors import RuleError


class VisitOnClaim(RuleError):
    """The visit stands on a live claim."""

    code = "VISIT-07"


@receiver(visit_voiding, dispatch_uid="billing refuses claimed visits")
def refuse_claimed(sender: Any, visit_id: int, **_: Any) -> None:
    """Raise VisitOnClaim while a live claim line names the visit."""
    line = queries.live_lines(visit_id).first()
    if line:
        raise VisitOnClaim(
            f"the visit stands on claim {line.claim.control_number}, which is {line.claim.state.lower()}"
        )
