"""States of claims, and which act leads from where to where.

>>> CLAIM_MOVES.target("make_ready", ClaimState.DRAFT)
<ClaimState.READY: 'READY'>
>>> ClaimState.CLOSED in LIVE
False
"""

from enum import StrEnum

from vca.domain.transitions import Moves


class ClaimState(StrEnum):
    """Where a claim stands."""

    DRAFT = "DRAFT"
    READY = "READY"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    PAID = "PAID"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    DENIED = "DENIED"
    VOIDED = "VOIDED"
    REPLACED = "REPLACED"
    CLOSED = "CLOSED"


# The states in which a claim holds its visits: none of them may stand on another claim.
LIVE = tuple(state for state in ClaimState if state not in (ClaimState.VOIDED, ClaimState.REPLACED, ClaimState.CLOSED))

# Judged by the scrub: what has been sent says what it said.
JUDGED = (ClaimState.DRAFT, ClaimState.READY)

# Not received by the payer: the filing limit runs on.
UNFILED = (*JUDGED, ClaimState.REJECTED)

# Somebody has something to do, or waits for an answer: what must be filed first comes first.
OPEN_WORK = (*UNFILED, ClaimState.SENT)

# Nothing is owed and nothing can be asked for any more: a payer that accepts a claim has not paid it, and what was
# denied or paid in part may be disputed.
SETTLED = (ClaimState.PAID, ClaimState.VOIDED, ClaimState.REPLACED, ClaimState.CLOSED)

# A payer accepts what a clearinghouse had accepted before it: the claim stays where it is.
CLAIM_MOVES: Moves[ClaimState] = Moves(
    {
        "make_ready": ((ClaimState.DRAFT,), ClaimState.READY),
        "back_to_draft": ((ClaimState.READY, ClaimState.REJECTED), ClaimState.DRAFT),
        "send": ((ClaimState.READY,), ClaimState.SENT),
        "take_back": ((ClaimState.SENT,), ClaimState.READY),
        "accept": ((ClaimState.SENT, ClaimState.ACCEPTED), ClaimState.ACCEPTED),
        "reject": ((ClaimState.SENT, ClaimState.ACCEPTED), ClaimState.REJECTED),
        "undo_answer": ((ClaimState.ACCEPTED, ClaimState.REJECTED), ClaimState.SENT),
        "close": ((ClaimState.DRAFT, ClaimState.READY), ClaimState.CLOSED),
    }
)
