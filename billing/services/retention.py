"""Claims past their time: until when they keep a Veteran's records, and how they are disposed of with them.

Source: 31 USC 3731(b)(2), False Claims Act.
"""

from collections import Counter

from django.db.models import Count, Max

from billing.domain.states import SETTLED
from billing.models import (
    Acknowledgment,
    Claim,
    ClaimDiagnosis,
    ClaimLine,
    PrintedClaim,
    Submission,
    SubmittedClaim,
)
from referrals.domain.retention import Kept, last_of
from referrals.signals import Gone, InUse
from vca.core import access
from vca.core.access import Actor
from vca.core.db import Among
from vca.core.services.leftovers import forget_about, gone
from vca.domain.wording import counted

RULE = "keep-claims-years"
_ACTS = (
    *("lines__service_date", "created_at", "ready_at", "sent_at", "closed_at", "printed__printed_at"),
    *("submitted__submission__created_at", "submitted__submission__withdrawn_at"),
    *("submitted__acknowledgments__created_at", "submitted__acknowledgments__withdrawn_at"),
)


def in_use(veteran_ids: list[int], *, by: Actor) -> InUse:
    """Return the last act on the claims of each of these Veterans, and whose claims are not settled."""
    rows = access.scope(Claim.objects.filter(Among("veteran_id", veteran_ids)), by).order_by()
    acts = rows.values_list("veteran_id").annotate(Count("pk", distinct=True), *(Max(name) for name in _ACTS))
    kept = [Kept(pk, RULE, last_of(moments), counted(number, "claim")) for pk, number, *moments in acts]
    waiting = rows.exclude(state__in=SETTLED).values_list("veteran_id").annotate(Count("pk"))
    return InUse(kept, {pk: [f"{counted(number, 'claim')} not settled"] for pk, number in waiting})


def dispose(*, veteran_id: int, by: Actor) -> Gone:
    """Delete a Veteran's claims with their answers and printings; what was sent goes with the last claim in it.

    Must run in the transaction of the disposal.
    """
    claims = access.scope(Claim.objects.filter(veteran_id=veteran_id), by)
    ids = list(claims.values_list("pk", flat=True))
    sent = list(SubmittedClaim.objects.filter(claim_id__in=ids).values_list("submission_id", flat=True))
    document_ids = _documents(ids, sent)
    counts = forget_about("claim", ids, by=by)
    counts += gone(Acknowledgment.objects.filter(submitted__claim_id__in=ids))
    for model in (SubmittedClaim, PrintedClaim, ClaimLine, ClaimDiagnosis):
        counts += gone(model._default_manager.filter(claim_id__in=ids))
    counts += gone(claims) + gone(Submission.objects.filter(pk__in=sent, submitted__isnull=True))
    return Gone(Counter(counts), document_ids)


def _documents(claim_ids: list[int], submission_ids: list[int]) -> set[int]:
    """Return the ids of the files that carry these claims, or show that they went out or were answered."""
    sent = Submission.objects.filter(pk__in=submission_ids).values_list("document_id", "proof_id")
    answered = Acknowledgment.objects.filter(submitted__claim_id__in=claim_ids).values_list("proof_id")
    printed = PrintedClaim.objects.filter(claim_id__in=claim_ids).values_list("document_id")
    return {pk for rows in (sent, answered, printed) for row in rows for pk in row if pk}
