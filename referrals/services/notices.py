"""VA's own words: what a notice says, read again from its document, beside what stands here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from referrals import queries
from referrals.domain.notice import ReferralNotice, StatedLine
from referrals.intake import json_reader
from referrals.models import Notice
from referrals.services.referrals import digests
from vca.core import access, documents
from vca.core.access import Actor
from vca.core.models import Document

NOT_COMPARED = ("number", "unread", "last_update")


@dataclass(frozen=True, slots=True, repr=False)
class Compared:
    """One field: what VA said, more than once if it was stated so, what stands here, and whether to compare them."""

    field: str
    said: tuple[str, ...]
    here: str
    to_compare: bool


def compared(*, notice: Notice, document: Document, by: Actor) -> list[Compared]:
    """Return every field that VA stated or that is to be compared, the latter first."""
    access.own(notice, by)
    said = _words(notice, document, documents.read(access.own(document, by)))
    here = queries.standing_in_full(notice.referral)
    names = [field.name for field in fields(ReferralNotice) if field.name not in NOT_COMPARED]
    rows = [
        Compared(name, said.get(name, ()), _in_words(getattr(here, name)), name in notice.differs_in) for name in names
    ]
    stated = [row for row in rows if row.said or row.to_compare]
    return sorted(stated, key=lambda row: not row.to_compare)


def _words(notice: Notice, document: Document, content: bytes) -> Mapping[str, tuple[str, ...]]:
    if document.kind != "va_referral_list":
        return {name: (_in_words(value),) for name, value in json.loads(content).items() if value}
    mine = [one for one in json_reader.read(content) if one.notice.number == notice.referral.number]
    exact = [one for one in mine if digests(one.notice) == notice.digests]
    return json_reader.words((exact or mine)[0])


def _in_words(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "; ".join(_line(line) for line in value)
    return str(value or "")


def _line(line: StatedLine | Mapping[str, Any]) -> str:
    known = line if isinstance(line, Mapping) else {name: getattr(line, name) for name in ("description", "visits")}
    return f"{known['description']}: {known['visits'] or 'no number'}"
