"""ReferralNotice: what a VA referral says, whatever paper or file it came on.

Source: VA Form 10-7080 and the list answer of VA's referral service. Nothing here is decided; a field that was not
stated is empty, and what was stated but is not understood is kept raw.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from referrals.domain.states import Affiliation, LimitKind
from vca.domain.errors import RuleError

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
STOPPED_STATUSES = ("RJ", "X", "S")


class HoldReason(StrEnum):
    """Why a referral waits for a person, in the order in which to mend it; the value is the sentence that names it."""

    AFFILIATION = "affiliation not entered"
    LIMITS = "visit limits not stated"
    EXPIRATION = "expiration date not stated"
    START = "referral date not stated"
    ORDER = "expiration date before referral date"
    FAR = "dates too far away"
    DERIVED = "expiration date computed, not printed"
    STATUS = "status not known"
    STOPPED = "VA's status says it is not active"
    NAME = "Veteran's name not stated"
    BIRTH = "date of birth not stated"
    AGE = "date of birth in the future or too long ago"
    VETERAN = "Veteran's name or date of birth differs from the one on file"
    TWICE = "stated twice"
    UNREAD = "not understood"
    LOCATION = "home location not chosen"
    DIFFERS = "a newer notice differs"


RULE_OF = {
    HoldReason.AFFILIATION: "REFERRAL-05",
    HoldReason.LIMITS: "REFERRAL-02",
    HoldReason.EXPIRATION: "REFERRAL-03",
    HoldReason.START: "REFERRAL-03",
    HoldReason.ORDER: "REFERRAL-08",
    HoldReason.FAR: "REFERRAL-13",
    HoldReason.DERIVED: "REFERRAL-03",
    HoldReason.STATUS: "REFERRAL-04",
    HoldReason.STOPPED: "REFERRAL-16",
    HoldReason.NAME: "REFERRAL-10",
    HoldReason.BIRTH: "REFERRAL-10",
    HoldReason.AGE: "REFERRAL-14",
    HoldReason.VETERAN: "REFERRAL-09",
    HoldReason.TWICE: "REFERRAL-15",
    HoldReason.UNREAD: "REFERRAL-15",
    HoldReason.LOCATION: "REFERRAL-12",
    HoldReason.DIFFERS: "REFERRAL-07",
}
# What only VA's own words show: it stands until a person has compared them and settled the notice.
OF_A_NOTICE = (HoldReason.ORDER, HoldReason.VETERAN, HoldReason.TWICE, HoldReason.UNREAD, HoldReason.DIFFERS)
# What does not stand in the way of entering the details of an active referral: that is how VA's changes are taken over.
TAKEN_OVER = (*OF_A_NOTICE, HoldReason.STOPPED)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
OLDEST = 130  # years; nobody known has lived longer
# Never on a line that is printed, in a log or in the audit trail.
PRIVATE = frozenset({"last_name", "first_name", "middle_name", "date_of_birth", "icn"})
PRINTED_AT_MOST = 40


@dataclass(frozen=True, slots=True)
class StatedLine:
    """One service line as stated: a description, its limit, and the codes listed for it."""

    description: str
    limit_kind: LimitKind
    visits: int | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Unread:
    """A field that was stated but cannot be taken over, with what was said: more than once, or not understood once."""

    field: str
    said: tuple[str, ...]


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
    unread: tuple[Unread, ...] = ()


class NobodyNamed(RuleError):
    """Nothing in the notice says whose referral it is."""

    code = "REFERRAL-10"


def is_known(va_status: str) -> bool:
    """Tell whether VA's status code is one whose meaning is known; a referral entered by hand states none."""
    return not va_status or va_status in KNOWN_STATUSES


def is_active(va_status: str) -> bool:
    """Tell whether VA's status code says by itself that care may be given.

    >>> is_active("AP"), is_active("S"), is_active("?")
    (True, False, False)
    """
    return is_known(va_status) and va_status not in STOPPED_STATUSES


def refuse_nobody(notice: ReferralNotice) -> None:
    """Accept a notice that names its Veteran: by ICN, or by last name and date of birth, be they readable or not.

    Raises NobodyNamed.
    """
    stated = {one.field for one in notice.unread}
    name = is_name(notice.last_name) or "last_name" in stated
    birth = notice.date_of_birth or "date_of_birth" in stated
    if not (notice.icn or (name and birth)):
        raise NobodyNamed("the Veteran's identity is missing: last name with date of birth, or ICN", field="last_name")


def is_name(text: str) -> bool:
    """Tell whether the text can be a name: it has a letter, and is no remark in brackets.

    >>> is_name("O'Neill-Smith"), is_name("(not stated)"), is_name("--")
    (True, False, False)
    """
    return any(one.isalpha() for one in text) and not text.startswith(("(", "[", "<"))


def is_plain(text: str) -> bool:
    """Tell whether every sign of the text can be shown: no controls, no line breaks, no half characters.

    >>> is_plain("O'Neill"), is_plain("O\\x07Neill")
    (True, False)
    """
    return text.isprintable()


def hold_reasons(notice: ReferralNotice, *, on: date) -> tuple[HoldReason, ...]:
    """Return why the referral cannot be used before a person has looked, in the order in which to mend it.

    ``on`` is the day on which the notice was received.

    >>> hold_reasons(ReferralNotice("VA0000000001", "Sample", "Alex", date_of_birth=date(1960, 1, 2), va_status="AP",
    ...     referral_date=date(2026, 10, 5), expiration_date=date(2027, 1, 3)), on=date(2026, 10, 6))
    (<HoldReason.LIMITS: 'visit limits not stated'>,)
    """
    first, last, birth = notice.referral_date, notice.expiration_date, notice.date_of_birth
    checks = {
        HoldReason.LIMITS: not notice.lines or any(line.limit_kind == LimitKind.UNKNOWN for line in notice.lines),
        HoldReason.EXPIRATION: last is None,
        HoldReason.START: first is None,
        HoldReason.ORDER: first is not None and last is not None and last < first,
        HoldReason.FAR: any(day and not FIRST_DAY <= day <= LAST_DAY for day in (first, last)),
        HoldReason.STATUS: not is_known(notice.va_status),
        HoldReason.STOPPED: notice.va_status in STOPPED_STATUSES,
        HoldReason.NAME: not (is_name(notice.last_name) and is_name(notice.first_name)),
        HoldReason.BIRTH: birth is None,
        HoldReason.AGE: birth is not None and (birth > on or birth.year < on.year - OLDEST),
        HoldReason.TWICE: any(len(one.said) > 1 for one in notice.unread),
        HoldReason.UNREAD: any(len(one.said) == 1 for one in notice.unread),
    }
    return tuple(reason for reason in HoldReason if checks.get(reason))


def spelled_out(reason: HoldReason, notice: ReferralNotice) -> str:
    """Return the reason with what it is about, but for what identifies a person: ``status not known: I``."""
    if reason in (HoldReason.STATUS, HoldReason.STOPPED):
        return f"{reason}: {notice.va_status}"
    if reason == HoldReason.UNREAD:
        return f"{reason}: {', '.join(one.field for one in notice.unread if len(one.said) == 1)}"
    if reason == HoldReason.TWICE:
        return f"{reason}: {', '.join(_twice(one) for one in notice.unread if len(one.said) > 1)}"
    return str(reason)


def _twice(one: Unread) -> str:
    if one.field in PRIVATE:
        return one.field
    return f"{one.field} ({' and '.join(words[:PRINTED_AT_MOST] for words in one.said)})"


def fields_to_compare(notice: ReferralNotice, reasons: Collection[HoldReason]) -> tuple[str, ...]:
    """Return the fields of which a person must see VA's own words, in the order of the fields."""
    compared = {one.field for one in notice.unread}
    compared |= {"expiration_date"} if HoldReason.ORDER in reasons else set()
    return tuple(field.name for field in fields(ReferralNotice) if field.name in compared)


def differences_in_digests(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the fields in which two notices of one referral differ, in the order of the fields.

    >>> differences_in_digests({"number": "a", "va_status": "b"}, {"number": "a", "station": "c"})
    ('va_status', 'station')
    """
    names = [field.name for field in fields(ReferralNotice)]
    return tuple(name for name in names if before.get(name) != after.get(name))
