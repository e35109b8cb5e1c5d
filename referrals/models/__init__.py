"""The tables of referrals."""

from referrals.models.authorization import (
    Authorization,
    AuthorizationVersion,
    AuthorizedService,
    LedgerEntry,
    ThroughSource,
)
from referrals.models.calendar import Absence, ClosedDays, OpenDay
from referrals.models.referral import Notice, Referral
from referrals.models.retention import Disposal, LegalHold
from referrals.models.seoc import SeocLine, SeocVersion
from referrals.models.veteran import (
    FACT_FIELDS,
    IDENTIFIERS,
    FactSource,
    Sex,
    Veteran,
    VeteranFacts,
    display_name,
    facts_of,
    icn_index,
)
from referrals.models.visit import Visit, VisitService

__all__ = [
    "FACT_FIELDS",
    "IDENTIFIERS",
    "Absence",
    "Authorization",
    "AuthorizationVersion",
    "AuthorizedService",
    "ClosedDays",
    "Disposal",
    "FactSource",
    "LedgerEntry",
    "LegalHold",
    "Notice",
    "OpenDay",
    "Referral",
    "SeocLine",
    "SeocVersion",
    "Sex",
    "ThroughSource",
    "Veteran",
    "VeteranFacts",
    "Visit",
    "VisitService",
    "display_name",
    "facts_of",
    "icn_index",
]
