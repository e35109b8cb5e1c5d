"""Billing's answers to the signals of referrals.

A visit on a live claim is not undone, and corrected only while that is a draft: undoing or striking a visit never
shortens a claim by itself, whoever bills takes the visit off the draft, or closes it. A referral is not moved to
another Veteran once a claim of it was made ready or sent; drafts follow it. Claims keep a Veteran's
records as long as claims are kept, and are disposed of with them.
"""

from typing import Any

from django.dispatch import receiver

from billing import queries
from billing.models import Claim
from billing.services import claims, retention, submissions
from billing.services.claims import VisitOnClaim
from referrals.signals import Gone, InUse, disposing, keeping, referral_moving, visit_correcting, visit_voiding
from vca.core.access import Actor
from vca.core.models import Document
from vca.core.signals import about, naming, restored


@receiver(visit_voiding, dispatch_uid="billing refuses claimed visits")
def refuse_claimed(sender: Any, visit_id: int, **_: Any) -> None:
    """Raise VisitOnClaim while a live claim line names the visit."""
    line = queries.live_lines(visit_id).first()
    if line:
        raise VisitOnClaim(line.claim)


@receiver(visit_correcting, dispatch_uid="billing outdates drafts")
def outdate_draft(sender: Any, visit_id: int, by: Actor, **_: Any) -> None:
    """Mark the draft that names the visit. Raises VisitOnClaim when the claim is no draft."""
    claims.outdate(visit_id=visit_id, by=by)


@receiver(referral_moving, dispatch_uid="billing refuses or follows moved referrals")
def follow_referral(sender: Any, referral_id: int, veteran_id: int, by: Actor, **_: Any) -> None:
    """Give the drafts to the other Veteran. Raises ReferralClaimed."""
    claims.give_to_veteran(referral_id=referral_id, veteran_id=veteran_id, by=by)


@receiver(keeping, dispatch_uid="billing keeps claims")
def keep_claims(sender: Any, veteran_ids: list[int], by: Actor, **_: Any) -> InUse:
    """Return the last acts on claims, and what is open."""
    return retention.in_use(veteran_ids, by=by)


@receiver(disposing, dispatch_uid="billing disposes of claims")
def dispose_of_claims(sender: Any, veteran_id: int, by: Actor, **_: Any) -> Gone:
    """Delete the Veteran's claims and what hangs on them."""
    return retention.dispose(veteran_id=veteran_id, by=by)


@receiver(naming, dispatch_uid="Veterans in claim files, claims on paper and proofs")
def named_in(document: Document, **_: Any) -> set[int]:
    """Return the Veterans of the claims that a document holds, or is a proof or an answer about."""
    return queries.veterans_in(document)


@receiver(about, dispatch_uid="Veterans of claims")
def whose(kind: str, ids: set[int], **_: Any) -> set[int]:
    """Return the Veterans of the claims that tasks are about."""
    return set(Claim.objects.filter(pk__in=ids).values_list("veteran_id", flat=True)) if kind == "claim" else set()


@receiver(restored, dispatch_uid="billing leaves a gap of numbers")
def leave_gap(sender: Any, by: Actor, **_: Any) -> None:
    """Take no number again that was taken after the backup was made."""
    submissions.leave_gap(by=by)
