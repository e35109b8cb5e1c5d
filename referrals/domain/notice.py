"""ReferralNotice: what a VA referral says, whatever paper or file it came on.

Source: VA Form 10-7080 and the list answer of VA's referral service. Nothing here is decided; a field that was not
stated is empty, and what was stated but is not understood is kept raw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from referrals.domain.states import Affiliation, LimitKind

KNOWN_STATUSES = {
    "AP": "approved",
    "C": "sent to the care team",
    "AC": "accepted",
    "A": "first appointment made",
    "D": "initial care given",
    "BP": "episode of care complete",
    "RJ": "rejected",
    "X": "cancelled",
    "S": "suspended",
}


class HoldReason(StrEnum):
    """Why a referral waits for a person; the value is the sentence that names it."""

    LIMITS = "visit limits not stated"
    EXPIRATION = "expiration date not stated"
    START = "referral date not stated"
    ORDER = "expiration date before referral date"
    STATUS = "status not known"
    NAME = "Veteran's name not stated"
    DIFFERS = "a newer notice differs"
    DERIVED = "expiration date computed, not printed"
    VETERAN = "Veteran's name or date of birth differs from the one on file"
    AFFILIATION = "affiliation not entered"
    LOCATION = "home location not chosen"


RULE_OF = {
    HoldReason.LIMITS: "REFERRAL-02",
    HoldReason.EXPIRATION: "REFERRAL-03",
    HoldReason.START: "REFERRAL-03",
    HoldReason.ORDER: "REFERRAL-08",
    HoldReason.STATUS: "REFERRAL-04",
    HoldReason.NAME: "REFERRAL-10",
    HoldReason.DIFFERS: "REFERRAL-07",
    HoldReason.DERIVED: "REFERRAL-03",
    HoldReason.VETERAN: "REFERRAL-09",
    HoldReason.AFFILIATION: "REFERRAL-05",
    HoldReason.LOCATION: "REFERRAL-12",
}


@dataclass(frozen=True, slots=True)
class StatedLine:
    """One service line as stated: a description, its limit, and the codes listed for it."""

    description: str
    limit_kind: LimitKind
    visits: int | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ReferralNotice:
    """The facts of one referral. ``number`` is canonical; dates are civil days; identifiers are as VA writes them.

    Without a repr: what identifies a person must not reach a log.
    """

    number: str
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    date_of_birth: date | None = None
    icn: str = ""
    consult_id: str = ""
    affiliation: Affiliation = Affiliation.UNKNOWN
    va_status: str = ""
    station: str = ""
    category_of_care: str = ""
    priority: str = ""
    seoc: str = ""
    seoc_days: int | None = None
    referral_date: date | None = None
    expiration_date: date | None = None
    last_update: str = ""
    lines: tuple[StatedLine, ...] = ()


def is_known(va_status: str) -> bool:
    """Tell whether VA's status code is one whose meaning is known; a referral entered by hand states none."""
    return not va_status or va_status in KNOWN_STATUSES


def hold_reasons(notice: ReferralNotice) -> tuple[HoldReason, ...]:
    """Return why the referral cannot be used before a person has looked, in the order in which to mend it.

    >>> hold_reasons(ReferralNotice("VA0000000001", "Sample", "Alex", va_status="AP",
    ...     referral_date=date(2026, 10, 5), expiration_date=date(2027, 1, 3)))
    (<HoldReason.LIMITS: 'visit limits not stated'>,)
    """
    first, last = notice.referral_date, notice.expiration_date
    checks = (
        (HoldReason.LIMITS, not notice.lines or any(line.limit_kind == LimitKind.UNKNOWN for line in notice.lines)),
        (HoldReason.EXPIRATION, last is None),
        (HoldReason.START, first is None),
        (HoldReason.ORDER, first is not None and last is not None and last < first),
        (HoldReason.STATUS, not is_known(notice.va_status)),
        (HoldReason.NAME, not (notice.last_name and notice.first_name)),
    )
    return tuple(reason for reason, holds in checks if holds)


def differences_in_digests(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the fields in which two notices of one referral differ, in the order of the fields.

    >>> differences_in_digests({"number": "a", "va_status": "b"}, {"number": "a", "station": "c"})
    ('va_status', 'station')
    """
    names = [field.name for field in fields(ReferralNotice)]
    return tuple(name for name in names if before.get(name) != after.get(name))
