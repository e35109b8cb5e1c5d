"""Read the JSON list of VA's referral service (CCRA) into notices; both styles of keys are understood.

Source: the service's recorded answers: camelCase keys, and PascalCase keys in an older revision (``ReferralNo``,
``UCID``, ``StatusCode``, ``SEOCNumberOfDays``, ``StartDate``, no expiration). It states no visit limits, no codes and
no affiliation. A file is read whole or refused whole.

>>> read(b'{"referralNumber": "VA0000000001"}')
Traceback (most recent call last):
referrals.intake.json_reader.BrokenFile: FILE-01 the file is not a list of referrals
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from referrals.domain.notice import ReferralNotice
from referrals.domain.states import Affiliation
from vca.domain.errors import RuleError
from vca.domain.identifiers import icn, va_referral_number
from vca.domain.identifiers.exceptions import ValidationError
from vca.domain.periods import fallback_last_day

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
TEXTS = (
    *("last_name", "first_name", "middle_name", "icn", "consult_id", "station"),
    *("va_status", "category_of_care", "priority", "seoc", "last_update"),
)
LONGEST = {"last_name": 60, "first_name": 35}
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d")


class BrokenFile(RuleError):
    """The file, or one record of it, cannot be taken: nothing of it is."""

    code = "FILE-01"


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """One record: the notice, the raw record as received, and whether its last day was computed, not printed."""

    notice: ReferralNotice
    raw: Mapping[str, Any]
    derived_expiration: bool


def read(content: bytes) -> tuple[Received, ...]:
    """Return the records in the order of the file. Raises BrokenFile, which names record and field."""
    try:
        records = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise BrokenFile(f"the file is not JSON: {_where(fault)}") from None
    if not isinstance(records, list):
        raise BrokenFile("the file is not a list of referrals")
    received = tuple(_record(place, record) for place, record in enumerate(records, start=1))
    _refuse_twins(received)
    return received


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _where(fault: Exception) -> str:
    if isinstance(fault, json.JSONDecodeError):
        return f"line {fault.lineno}, column {fault.colno}: {fault.msg}"
    return "it is not UTF-8 text" if isinstance(fault, UnicodeDecodeError) else type(fault).__name__


def _record(place: int, record: Any) -> Received:
    if not isinstance(record, dict):
        raise BrokenFile(f"record {place} is not an object", field=f"[{place}]")
    said = _said(record)
    number = _number(place, said)
    _refuse_long_names(place, said)
    _refuse_nobody(place, said)
    first, last = _day(said["referral_date"]), _day(said["expiration_date"])
    days = int(said["seoc_days"]) if said["seoc_days"].isdecimal() and len(said["seoc_days"]) <= 4 else None
    derived = last is None and not said["expiration_date"] and first is not None and bool(days)
    texts: dict[str, Any] = {name: said[name] for name in TEXTS}
    notice = ReferralNotice(
        number=number,
        date_of_birth=_day(said["date_of_birth"]),
        affiliation=_affiliation(said["affiliation"]),
        seoc_days=days,
        referral_date=first,
        expiration_date=last,
        **texts,
    )
    return Received(notice, record, derived)


def _said(record: Mapping[str, Any]) -> dict[str, str]:
    """Return our fields as trimmed text, whatever style the record's keys have; what was not said is empty."""
    folded = {str(key).lower().replace("_", ""): _text(value) for key, value in record.items()}
    stated = {name: [folded.get(key.lower(), "") for key in keys] for name, keys in KEYS.items()}
    return {name: next(filter(None, values), "") for name, values in stated.items()}


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list | bool):
        return ""
    printable = "".join(one if one.isprintable() else " " for one in str(value))
    return " ".join(printable.split())[:200]


def _number(place: int, said: Mapping[str, str]) -> str:
    if not said["number"]:
        raise BrokenFile(f"record {place}: referralNumber is missing", field=f"[{place}].referralNumber")
    try:
        return va_referral_number.validate(said["number"])
    except ValidationError as fault:
        raise BrokenFile(
            f"record {place}: referralNumber is malformed: {fault}", field=f"[{place}].referralNumber"
        ) from None


def _refuse_long_names(place: int, said: Mapping[str, str]) -> None:
    """A name that would be cut would name somebody else; the widths are those of 837P NM103 and NM104."""
    for name, width in LONGEST.items():
        if len(said[name]) > width:
            key = KEYS[name][0]
            raise BrokenFile(f"record {place}: {key} is longer than {width} characters", field=f"[{place}].{key}")


def _refuse_nobody(place: int, said: Mapping[str, str]) -> None:
    """An ICN names a Veteran, and so do last name and date of birth together; less does not."""
    named = said["last_name"] and _day(said["date_of_birth"])
    if not (named or icn.is_valid(said["icn"])):
        fields = "lastName with dob, or icn"
        raise BrokenFile(f"record {place}: the Veteran's identity is missing ({fields})", field=f"[{place}].lastName")


def _refuse_twins(received: tuple[Received, ...]) -> None:
    seen: dict[str, int] = {}
    for place, record in enumerate(received, start=1):
        first = seen.setdefault(record.notice.number, place)
        if first != place:
            raise BrokenFile(
                f"record {place}: referralNumber is the same as in record {first}", field=f"[{place}].referralNumber"
            )


def _day(text: str) -> date | None:
    """Return the civil day; a time behind it is passed over, and what is no date is not stated."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text.split("T")[0].split(" ")[0], form).date()  # noqa: DTZ007 - a civil day
        except ValueError:
            continue
    return None


def _affiliation(text: str) -> Affiliation:
    return Affiliation(text.upper()) if text.upper() in set(Affiliation) else Affiliation.UNKNOWN


def stated_last_day(received: Received) -> date | None:
    """Return the printed last day, else the one that VA's older systems compute, which a person confirms."""
    notice = received.notice
    if not received.derived_expiration or notice.referral_date is None or notice.seoc_days is None:
        return notice.expiration_date
    return fallback_last_day(notice.referral_date, days=notice.seoc_days)
