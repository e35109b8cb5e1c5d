"""Read the JSON list of VA's referral service (CCRA) into notices; both styles of keys are understood.

Source: the service's recorded answers: camelCase keys, and PascalCase keys in an older revision (``ReferralNo``,
``UCID``, ``StatusCode``, ``SEOCNumberOfDays``, ``StartDate``, no expiration). It states no visit limits, no codes and
no affiliation. A file is read whole, or refused whole: no JSON, no list, a record without Veteran identity or without
a number of VA's shape. Whatever else cannot be taken over is named in ``ReferralNotice.unread``, as it was received.

>>> read(b'{"referralNumber": "VA0000000001"}')
Traceback (most recent call last):
referrals.intake.json_reader.BrokenFile: FILE-01 the file is not a list of referrals
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from referrals.domain.notice import NobodyNamed, ReferralNotice, Unread, refuse_nobody
from referrals.intake.json_fields import KEYS, REPEATED, NotUnderstood, Number, field_value, is_blank, shown
from vca.domain.errors import RuleError
from vca.domain.identifiers import va_referral_number
from vca.domain.identifiers.exceptions import ValidationError
from vca.domain.periods import fallback_last_day

LARGEST = 20 * 1024 * 1024  # bytes; some 30,000 records


class BrokenFile(RuleError):
    """The file, or one record of it, cannot be taken: nothing of it is."""

    code = "FILE-01"


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """One record: the notice, the raw record as received, and whether its last day was computed, not printed."""

    notice: ReferralNotice
    raw: Mapping[str, Any]
    derived_expiration: bool


class _Object(dict[str, Any]):
    """A JSON object that remembers a key which comes twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = tuple(pairs)


def read(content: bytes) -> tuple[Received, ...]:
    """Return the records in the order of the file. Raises BrokenFile, which names record and field."""
    try:
        records = _parsed(content)
        if not isinstance(records, list):
            raise BrokenFile("the file is not a list of referrals")
        return tuple(_record(place, record) for place, record in enumerate(records, start=1))
    except RecursionError:
        raise BrokenFile("the file is nested too deeply to be a list of referrals") from None


def _parsed(content: bytes) -> Any:
    if len(content) > LARGEST:
        raise BrokenFile(f"the file is larger than {LARGEST // 1024**2} MB; ask for the list in parts")
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        raise BrokenFile("the file is not JSON: it is neither UTF-8 nor UTF-16 text") from None
    if not text.strip():
        raise BrokenFile("the file is empty")
    numbers: dict[str, Any] = {"parse_constant": _no_constant, "parse_int": Number, "parse_float": Number}
    try:
        return json.loads(text, object_pairs_hook=_Object, **numbers)
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}: {fault.msg}"
        raise BrokenFile(f"the file is not JSON: {where}") from None


def _no_constant(name: str) -> NoReturn:
    raise BrokenFile(f"the file is not JSON: it says {name}, which is no number there")


def _record(place: int, record: Any) -> Received:
    if not isinstance(record, _Object):
        raise BrokenFile(f"record {place} is not an object", field=f"[{place}]")
    stated = _stated(record.pairs)
    number = _number(place, stated.pop("number"))
    taken: dict[str, Any] = {}
    unread: list[Unread] = []
    for name, values in stated.items():
        try:
            taken |= _taken(name, values)
        except NotUnderstood as fault:
            taken |= fault.kept
            unread.append(Unread(name, tuple(shown(value) for value in values)))
    notice = ReferralNotice(number=number, unread=tuple(unread), **taken)
    _refuse_nobody(place, notice)
    printed = any(one.field == "expiration_date" for one in unread) or notice.expiration_date
    return Received(notice, record, not printed and bool(notice.referral_date and notice.seoc_days))


def _taken(name: str, values: Sequence[Any]) -> dict[str, Any]:
    if len(values) > 1:
        raise NotUnderstood
    return {name: field_value(name, values[0])} if values else {}


def words(received: Received) -> dict[str, tuple[str, ...]]:
    """Return what the record says by our field, as it was received; more than once where it says different things."""
    raw = received.raw
    pairs = raw.pairs if isinstance(raw, _Object) else tuple(raw.items())
    return {name: tuple(map(shown, values)) for name, values in _stated(pairs).items()}


def _stated(pairs: Sequence[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return by our field the different things that the record says, whatever style its keys have."""
    folded: dict[str, list[Any]] = {}
    for key, value in pairs:
        if not is_blank(value):
            folded.setdefault(key.lower().replace("_", ""), []).append(value)
    return {name: _different([folded.get(key.lower(), []) for key in keys], name) for name, keys in KEYS.items()}


def _different(by_key: Sequence[list[Any]], name: str) -> list[Any]:
    said = [values for values in by_key if values]
    if name in REPEATED:
        said = said[:1]
    return list({shown(value): value for values in said for value in values}.values())


def _number(place: int, values: Sequence[Any]) -> str:
    field = f"[{place}].referralNumber"
    if not values:
        raise BrokenFile(f"record {place}: referralNumber is missing", field=field)
    if len(values) > 1:
        raise BrokenFile(f"record {place}: referralNumber is stated twice, and differently", field=field)
    if not isinstance(values[0], str):
        raise BrokenFile(f"record {place}: referralNumber is malformed: It is not a text.", field=field)
    try:
        return va_referral_number.validate(values[0])
    except ValidationError as fault:
        raise BrokenFile(f"record {place}: referralNumber is malformed: {fault}", field=field) from None


def _refuse_nobody(place: int, notice: ReferralNotice) -> None:
    try:
        refuse_nobody(notice)
    except NobodyNamed:
        said = "the Veteran's identity is missing (lastName with dob, or icn)"
        raise BrokenFile(f"record {place}: {said}", field=f"[{place}].lastName") from None


def stated_last_day(received: Received) -> date | None:
    """Return the printed last day, else the one that VA's older systems compute, which a person confirms."""
    notice = received.notice
    if not received.derived_expiration or notice.referral_date is None or notice.seoc_days is None:
        return notice.expiration_date
    return fallback_last_day(notice.referral_date, days=notice.seoc_days)
