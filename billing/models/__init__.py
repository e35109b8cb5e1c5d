"""The tables of billing."""

from billing.models.charge import Charge
from billing.models.claim import Claim, ClaimDiagnosis, ClaimLine
from billing.models.submission import ControlNumbers, Submission, SubmittedClaim

__all__ = ["Charge", "Claim", "ClaimDiagnosis", "ClaimLine", "ControlNumbers", "Submission", "SubmittedClaim"]
