"""Interchange: the envelopes around the transactions of one file, with their control numbers and counts.

ISA ( GS ( ST ... SE )+ GE ) IEA. Source: ASC X12.5 and X12.6; 005010X222A1, appendices B and C.
One interchange and one group make a file. Each segment stands on a line of its own, which the terminator allows.

>>> from datetime import UTC, datetime
>>> from billing.domain.claim import Receiver, Submitter, Usage
>>> envelope = Envelope(
...     submitter=Submitter("Gull Point Clinic", "GULLPT01", "Billing", "5035550100"),
...     receiver=Receiver("Example Clearinghouse", "EXCLEAR"),
...     usage=Usage.TEST,
...     interchange_control_number=7,
...     group_control_number=3,
...     batch_id="B7",
...     created_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
... )
>>> kind = TransactionKind("HC", "837", "005010X222A1")
>>> print(interchange([[("BHT", "0019", "00")]], kind=kind, envelope=envelope).decode(), end="")
ISA*00*          *00*          *ZZ*GULLPT01       *ZZ*EXCLEAR        *261123*0930*^*00501*000000007*0*T*:~
GS*HC*GULLPT01*EXCLEAR*20261123*0930*3*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00~
SE*3*0001~
GE*1*3~
IEA*1*000000007~
"""

from collections.abc import Iterable
from dataclasses import dataclass

from billing.domain.claim import Envelope
from billing.x12.segments import COMPONENT, ELEMENT, REPETITION, TERMINATOR, Segment, render, text


@dataclass(frozen=True, slots=True)
class TransactionKind:
    """What the group holds: GS01, ST01, and the implementation guide, GS08 and ST03."""

    functional_code: str
    transaction_code: str
    guide: str


def interchange(transactions: Iterable[Iterable[Segment]], *, kind: TransactionKind, envelope: Envelope) -> bytes:
    """Return the file: ASCII, a line for each segment. A transaction is what stands between its ST and SE.

    Raises DelimiterInData, and ValueError on an id or qualifier of sender or receiver that its place cannot hold.
    """
    count = 0
    lines = [_isa(envelope), render(_gs(kind, envelope))]
    for count, body in enumerate(transactions, start=1):
        lines += _transaction([render(segment) for segment in body], kind=kind, control_number=f"{count:04d}")
    lines.append(render(("GE", str(count), str(envelope.group_control_number))))
    lines.append(render(("IEA", "1", f"{envelope.interchange_control_number:09d}")))
    return "\n".join([*lines, ""]).encode("ascii")


def _transaction(lines: list[str], *, kind: TransactionKind, control_number: str) -> list[str]:
    count = len(lines) + 2  # ST and SE count themselves
    start = render(("ST", kind.transaction_code, control_number, kind.guide))
    return [start, *lines, render(("SE", str(count), control_number))]


def _gs(kind: TransactionKind, envelope: Envelope) -> Segment:
    return (
        "GS",
        kind.functional_code,
        _mailbox(envelope.submitter.submitter_id),
        _mailbox(envelope.receiver.receiver_id),
        f"{envelope.created_at:%Y%m%d}",
        f"{envelope.created_at:%H%M}",
        str(envelope.group_control_number),
        "X",
        kind.guide,
    )


def _isa(envelope: Envelope) -> str:
    """Return the segment of fixed widths, 106 characters with its terminator, that tells a reader the delimiters."""
    nothing = " " * 10
    elements = (
        "ISA",
        *("00", nothing, "00", nothing),
        *(_qualifier(envelope.sender_qualifier), f"{_mailbox(envelope.submitter.submitter_id):15}"),
        *(_qualifier(envelope.receiver_qualifier), f"{_mailbox(envelope.receiver.receiver_id):15}"),
        f"{envelope.created_at:%y%m%d}",
        f"{envelope.created_at:%H%M}",
        REPETITION,
        "00501",
        f"{envelope.interchange_control_number:09d}",
        "0",  # no TA1 is asked for
        envelope.usage,
        COMPONENT,
    )
    return ELEMENT.join(elements) + TERMINATOR


def _qualifier(qualifier: str) -> str:
    if len(qualifier) != 2 or text(qualifier, 2) != qualifier:
        raise ValueError("the qualifier of a sender or receiver has two characters")
    return qualifier


def _mailbox(identifier: str) -> str:
    """Return the id as it is. A cut or changed one would be somebody else's mailbox, so it is refused instead."""
    if len(identifier) < 2 or text(identifier, 15) != identifier.upper():
        raise ValueError("the id of a sender or receiver has 2 to 15 characters of X12")
    return identifier
