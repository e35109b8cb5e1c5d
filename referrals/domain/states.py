"""States of referrals and visits, and which act leads from where to where.

>>> REFERRAL_MOVES.target("confirm", ReferralState.HELD)
<ReferralState.ACCEPTED: 'ACCEPTED'>
>>> VISIT_MOVES.target("check_in", VisitState.CANCELLED) is None
True
"""

from enum import StrEnum

from vca.domain.transitions import Moves


class ReferralState(StrEnum):
    """Where a referral stands here; VA's own status is kept raw beside it. Expired and exhausted are computed."""

    RECEIVED = "RECEIVED"
    HELD = "HELD"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    SUPERSEDED = "SUPERSEDED"


class VisitState(StrEnum):
    """Where a visit stands."""

    PENCILLED = "PENCILLED"
    BOOKED = "BOOKED"
    ARRIVED = "ARRIVED"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    VOIDED = "VOIDED"


class LimitKind(StrEnum):
    """Whether VA states a number of visits for a line. Not known is not unlimited."""

    COUNTED = "COUNTED"
    UNLIMITED = "UNLIMITED"
    UNKNOWN = "UNKNOWN"


class EntryKind(StrEnum):
    """What an entry of the ledger of visits says."""

    HOLD = "HOLD"
    USE = "USE"
    RELEASE = "RELEASE"
    VOID = "VOID"


class Affiliation(StrEnum):
    """What the referral prints as its affiliation: it decides who pays."""

    VCA = "VCA"
    CCN = "CCN"
    OTHER_VA = "OTHER_VA"
    UNKNOWN = "UNKNOWN"


OPEN = (ReferralState.RECEIVED, ReferralState.HELD)
ENDED = (ReferralState.REJECTED, ReferralState.CANCELLED, ReferralState.COMPLETED)

REFERRAL_MOVES: Moves[ReferralState] = Moves(
    {
        "hold": (OPEN, ReferralState.HELD),
        "confirm": (OPEN, ReferralState.ACCEPTED),
        "reject": (OPEN, ReferralState.REJECTED),
        "suspend": ((ReferralState.ACCEPTED,), ReferralState.SUSPENDED),
        "resume": ((ReferralState.SUSPENDED,), ReferralState.ACCEPTED),
        "cancel": ((*OPEN, ReferralState.ACCEPTED, ReferralState.SUSPENDED), ReferralState.CANCELLED),
        "complete": ((ReferralState.ACCEPTED,), ReferralState.COMPLETED),
        "reopen": (ENDED, ReferralState.HELD),
    }
)

VISIT_MOVES: Moves[VisitState] = Moves(
    {
        "check_in": ((VisitState.BOOKED,), VisitState.ARRIVED),
        "complete": ((VisitState.ARRIVED,), VisitState.COMPLETED),
        "cancel": ((VisitState.BOOKED,), VisitState.CANCELLED),
        "book_penciled": ((VisitState.PENCILLED,), VisitState.BOOKED),
        "give_up": ((VisitState.PENCILLED,), VisitState.CANCELLED),
        "pencil_again": ((VisitState.CANCELLED,), VisitState.PENCILLED),
        "move": ((VisitState.BOOKED,), VisitState.BOOKED),
        "no_show": ((VisitState.BOOKED,), VisitState.NO_SHOW),
        "undo_check_in": ((VisitState.ARRIVED,), VisitState.BOOKED),
        "undo_complete": ((VisitState.COMPLETED,), VisitState.ARRIVED),
        "undo_cancel": ((VisitState.CANCELLED,), VisitState.BOOKED),
        "undo_no_show": ((VisitState.NO_SHOW,), VisitState.BOOKED),
        "void": ((VisitState.ARRIVED, VisitState.COMPLETED), VisitState.VOIDED),
    }
)
