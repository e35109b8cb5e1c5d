"""What comes back for a claim before it is adjudicated, and from where.

Accepted is taken into adjudication; rejected was never received: it goes out again as an original, with frequency code
1, and its filing limit has run on. Source: ASC X12N 005010X214, STC01 (A2 accepted; A3, A6, A7, A8 rejected).

>>> ACTS[Verdict.REJECTED]
'reject'
"""

from enum import StrEnum


class Verdict(StrEnum):
    """What the payer, or the clearinghouse before it, made of the claim."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class Source(StrEnum):
    """Where somebody read or heard the answer."""

    PORTAL = "PORTAL"
    CLEARINGHOUSE = "CLEARINGHOUSE"
    LETTER = "LETTER"
    PHONE = "PHONE"


ACTS = {Verdict.ACCEPTED: "accept", Verdict.REJECTED: "reject"}  # of billing.domain.states.CLAIM_MOVES
VERDICT_WORDS = {Verdict.ACCEPTED: "Accepted", Verdict.REJECTED: "Rejected"}
SOURCE_WORDS = {
    Source.PORTAL: "Payer's portal",
    Source.CLEARINGHOUSE: "Clearinghouse",
    Source.LETTER: "Letter or fax",
    Source.PHONE: "Telephone",
}
