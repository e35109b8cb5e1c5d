"""The only signals: this floor asks, and billing, which it does not know, may refuse by raising a RuleError.

Each is sent inside the transaction of the deed. ``visit_voiding`` with ``visit_id``: may this visit be undone?
``visit_correcting`` with ``visit_id`` and ``by``: may its services be corrected? A draft then is outdated.
``referral_moving`` with ``referral_id`` and ``veteran_id``: may this referral become that Veteran's? Then billing's own
rows follow.

Two more are about keeping. ``keeping`` with ``veteran_ids`` and ``by``: until when are their rows of yours in use?
``disposing`` with ``veteran_id`` and ``by``: delete your rows of that Veteran, and say which documents they named.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.dispatch import Signal

from referrals.domain.retention import Kept

visit_voiding = Signal()
visit_correcting = Signal()
referral_moving = Signal()
keeping = Signal()
disposing = Signal()


@dataclass(frozen=True, slots=True)
class InUse:
    """The last acts on the rows of Veterans, and what is open by the Veteran's id, in a few words."""

    kept: Iterable[Kept] = ()
    open: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gone:
    """What was deleted, rows by table, and the ids of the documents that it named."""

    counts: Counter[str]
    document_ids: set[int]


def in_use_elsewhere(veteran_ids: list[int], *, by: Any) -> list[InUse]:
    """Return what each app above answers."""
    answers: list[tuple[Any, Any]] = keeping.send(sender=None, veteran_ids=veteran_ids, by=by)
    return [answer for _, answer in answers]


def gone_of(veteran_id: int, *, by: Any) -> list[Gone]:
    """Let each app above delete its rows of a Veteran; return what each deleted."""
    answers: list[tuple[Any, Any]] = disposing.send(sender=None, veteran_id=veteran_id, by=by)
    return [answer for _, answer in answers]
