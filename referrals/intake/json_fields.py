"""The fields of a record of VA's referral service: their keys, and how the value of each is understood.

A value that is not understood is never cut or guessed at: a name that was cut would name somebody else.

>>> field_value("referral_date", "2024-03-28 16:29:52")
datetime.date(2024, 3, 28)
>>> field_value("station", ["552"])
Traceback (most recent call last):
referrals.intake.json_fields.NotUnderstood
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from referrals.domain.notice import is_name, is_plain
from referrals.domain.states import Affiliation
from vca.domain.identifiers import icn
from vca.domain.identifiers.exceptions import ValidationError

# Our field -> the keys seen for it, compared without regard to case and underscores.
KEYS: Mapping[str, tuple[str, ...]] = {
    "number": ("referralNumber", "ReferralNo"),
    "last_name": ("lastName", "PatientLastName"),
    "first_name": ("firstName", "PatientFirstName"),
    "middle_name": ("middleName", "PatientMiddleName"),
    "date_of_birth": ("dob", "dateOfBirth", "PatientDOB"),
    "icn": ("icn", "PatientICN", "mviICN"),
    "consult_id": ("referralConsultId", "UCID"),
    "va_status": ("status", "StatusCode"),
    "station": ("stationId", "sta6"),
    "category_of_care": ("categoryOfCare",),
    "priority": ("priority",),
    "seoc": ("seocId", "SEOC"),
    "seoc_days": ("seocNumberOfDays",),
    "referral_date": ("referralDate", "StartDate"),
    "expiration_date": ("referralExpirationDate", "expirationDate"),
    "last_update": ("referralLastUpdateDateTime", "lastUpdateDateTime"),
    "affiliation": ("affiliation",),
}
REPEATED = frozenset({"station"})  # stationId is the station itself, sta6 the one above it: the first one counts
# Characters; those of the names are what 837P NM103, NM104 and NM105 hold.
LONGEST = {
    **{"last_name": 60, "first_name": 35, "middle_name": 25, "consult_id": 40, "va_status": 20},
    **{"station": 10, "category_of_care": 80, "priority": 20, "seoc": 160, "last_update": 40},
}
MOST_DAYS = 9999
_DAY = re.compile(
    r"(?:(?P<y1>\d{4})-(?P<m1>\d\d?)-(?P<d1>\d\d?)|(?P<m2>\d\d?)/(?P<d2>\d\d?)/(?P<y2>\d{4})|"
    r"(?P<y3>\d{4})(?P<m3>\d\d)(?P<d3>\d\d))(?:[T ]\d\d:\d\d.*)?",
    re.ASCII,
)


class Number(str):
    """A JSON number as it was written: 1e400 and 5,000 digits are no trouble while nobody reckons with them."""

    __slots__ = ()


class NotUnderstood(ValueError):
    """The value is not what the field holds; ``kept`` is what can be shown of it all the same."""

    def __init__(self, **kept: Any) -> None:
        super().__init__()
        self.kept = kept


def is_blank(value: Any) -> bool:
    """Tell whether a value says nothing: null, or a text of spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: Any) -> str:
    """Return a value as it was received, in signs that can be shown and stored."""
    if isinstance(value, str) and is_plain(value):
        return str(value)
    return _json(value)


def _json(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {_json(inner)}' for key, inner in value.items())}}}"
    return json.dumps(value)


def field_value(name: str, value: Any) -> Any:
    """Return what the value means in our field. Raises NotUnderstood."""
    if name == "va_status":
        return _status(value)
    if not isinstance(value, str):
        raise NotUnderstood
    return READERS[name](name, " ".join(value.split()))


def _status(value: Any) -> str:
    """Any status is kept raw; one that is no text or does not fit is kept as far as it fits."""
    raw = shown(value)
    words = " ".join(value.split()) if isinstance(value, str) else raw
    if isinstance(value, str) and is_plain(words) and len(words) <= LONGEST["va_status"]:
        return words
    raise NotUnderstood(va_status=raw[: LONGEST["va_status"]])


def _text(name: str, words: str) -> str:
    if len(words) > LONGEST[name] or not is_plain(words):
        raise NotUnderstood
    return words


def _name(name: str, words: str) -> str:
    if not is_name(words):
        raise NotUnderstood
    return _text(name, words)


def _icn(_: str, words: str) -> str:
    try:
        return icn.validate(words)
    except ValidationError:
        raise NotUnderstood from None


def _day(_: str, words: str) -> date:
    """A time behind the day is passed over."""
    found = _DAY.fullmatch(words)
    if not found:
        raise NotUnderstood
    year, month, day = (next(filter(None, (found[f"{part}{n}"] for n in (1, 2, 3)))) for part in "ymd")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise NotUnderstood from None


def _days(_: str, words: str) -> int:
    if not (words.isascii() and words.isdecimal() and len(words) <= len(str(MOST_DAYS)) and int(words)):
        raise NotUnderstood
    return int(words)


def _affiliation(_: str, words: str) -> Affiliation:
    try:
        return Affiliation(words.upper())
    except ValueError:
        raise NotUnderstood from None


READERS: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(LONGEST, _text),
    **dict.fromkeys(("last_name", "first_name", "middle_name"), _name),
    **dict.fromkeys(("date_of_birth", "referral_date", "expiration_date"), _day),
    **{"icn": _icn, "seoc_days": _days, "affiliation": _affiliation},
}
