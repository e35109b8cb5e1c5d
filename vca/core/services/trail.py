"""Is the audit trail as it was written? Names what was altered, the first row first. Source: 45 CFR 164.312(c)(1).

Three rings lie around an event: its own hash; the seal that holds id and hash of each of its events, and the hash of
the seal before; and the anchors, lines in a file outside of the database that name seals that there were.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vca.core import audit
from vca.core.isolation import within
from vca.core.models import AuditEvent, AuditSeal, Mention, Practice, SealedEvent


@dataclass(frozen=True, slots=True)
class Altered:
    """One row that is not as it was written: its table in words, its id, and what is wrong with it."""

    kind: str
    row_id: int
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id} {self.what}"


@dataclass(frozen=True, slots=True)
class Tail:
    """The events that no seal holds yet: how many, and the ids of the first and the last."""

    events: int = 0
    first: int = 0
    last: int = 0


def altered() -> Iterator[Altered]:
    """Return what was altered: in the order of the chain, then in what no seal holds, then by the anchors."""
    previous, last = audit.FIRST_LINK, 0
    for seal in AuditSeal.objects.order_by("pk").iterator(chunk_size=50):
        yield from _seal(seal, previous)
        previous, last = seal.hash, seal.pk
    for event in AuditEvent.objects.filter(sealed__isnull=True).order_by("pk").iterator():
        if audit.digest(event) != event.hash:
            yield Altered("event", event.pk, "was changed")
    yield from _not_found_by_veteran()
    yield from _against_anchors(last)


def tail() -> Tail:
    """Return what no seal holds yet."""
    ids = list(AuditEvent.objects.filter(sealed__isnull=True).order_by("pk").values_list("pk", flat=True))
    return Tail(len(ids), ids[0], ids[-1]) if ids else Tail()


def _seal(seal: AuditSeal, previous: str) -> Iterator[Altered]:
    leaves = dict(SealedEvent.objects.filter(seal=seal).order_by("pk").values_list("pk", "hash"))
    events = AuditEvent.objects.in_bulk(seal.event_ids)
    yield from _events(seal.event_ids, leaves, events)
    if seal.previous_hash != previous:
        yield Altered("seal", seal.pk, "does not follow the seal before it, or that one was deleted")
    elif seal.hash != audit.chain(previous, leaves.items()) or list(leaves) != seal.event_ids:
        yield Altered("seal", seal.pk, f"was changed, or what it holds of events {_span(seal.event_ids)}")


def _events(ids: Iterable[int], leaves: Mapping[int, str], events: Mapping[int, AuditEvent]) -> Iterator[Altered]:
    for pk in ids:
        if pk not in events:
            yield Altered("event", pk, "was deleted")
        elif pk not in leaves:
            yield Altered("event", pk, "was taken out of its seal")
        elif audit.digest(events[pk]) != leaves[pk] or events[pk].hash != leaves[pk]:
            yield Altered("event", pk, "was changed")


def _span(ids: list[int]) -> str:
    return f"{ids[0]} to {ids[-1]}" if ids else "(none)"


def _not_found_by_veteran() -> Iterator[Altered]:
    """Compare the rows by which a Veteran's events are found with what the events say, in each practice."""
    for practice in Practice.objects.order_by("pk"):
        with within(practice.pk):
            naming = AuditEvent.objects.filter(practice=practice, changes__has_key=audit.VETERANS)
            said = {(pk, one) for pk, changes in naming.values_list("pk", "changes") for one in changes[audit.VETERANS]}
            kept = set(Mention.objects.filter(practice=practice).values_list("event_id", "veteran_id"))
        for event_id, veteran_id in sorted(said ^ kept):
            yield Altered("event", event_id, f"is found, or not, for Veteran {veteran_id} against what it says")


def _against_anchors(last: int) -> Iterator[Altered]:
    """Compare with the seals that there were; lines are ``moment seal hash last-event``."""
    if not audit.anchors().exists():
        return
    for line in audit.anchors().read_text().splitlines():
        _, number, hash_, event_id = line.split()
        if int(number) > last:
            yield Altered("event", int(event_id), f"was deleted with the end of the trail, from seal {last + 1} on")
            return
        if not AuditSeal.objects.filter(pk=number, hash=hash_).exists():
            yield Altered("seal", int(number), "is not the one that was anchored")
