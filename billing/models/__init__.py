"""The tables of billing."""

from billing.models.charge import Charge
from billing.models.claim import Claim, ClaimDiagnosis, ClaimLine
from billing.models.submission import Acknowledgment, ControlNumbers, PrintedClaim, Submission, SubmittedClaim

__all__ = [
    "Acknowledgment",
    "Charge",
    "Claim",
    "ClaimDiagnosis",
    "ClaimLine",
    "ControlNumbers",
    "PrintedClaim",
    "Submission",
    "SubmittedClaim",
]
