"""Is the audit trail as it was written? Names what was altered, the first row first. Source: 45 CFR 164.312(c)(1).

Three rings lie around an event: its own hash; the seal that holds id and hash of each of its events, and the hash of
the seal before; and the anchors, lines in a file outside of the database that name seals that there were.

A restore puts a database beside anchors of another time. It adds a line to the file, which is an anchor itself; lines
before that name seals which the database lacks are explained by it and told, not called an alteration. Only the file
explains: who can change the database alone gains nothing by writing an event of a restore, and who writes a line of a
restore into the file alone is named, since the trail has no event of it. Who can write both could as well delete the
lines; against them stands the log of the seals on another machine, and what is told here of every restore.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import maxsize

from django.db.models import Count, Max, Min, QuerySet

from vca.core import audit
from vca.core.isolation import within
from vca.core.models import AuditEvent, AuditSeal, Mention, Practice, SealedEvent
from vca.domain.wording import counted

ANCHOR_LINE = re.compile(r"(\S+) (\d+) ([0-9a-f]{64}) (\d+)\n", re.ASCII)
RESTORE_LINE = re.compile(rf"{audit.RESTORED} (\S+) (\d+) ([0-9a-f]{{64}})\n", re.ASCII)
PART = 1000  # events that name Veterans, compared at once


@dataclass(frozen=True, slots=True)
class Altered:
    """One row that is not as it was written: its table in words, its id, and what is wrong with it."""

    kind: str
    row_id: int
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id} {self.what}"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line of the file of anchors: its number, and the seal that there was with the last event in it.

    A restore's names no event; a line that cannot be read has nothing but its number.
    """

    line: int
    seal: int = 0
    hash: str = ""
    event: int = 0
    at: str = ""
    is_restore: bool = False

    @property
    def is_torn(self) -> bool:
        """Tell whether the line is none: a power cut came while it was written, or somebody wrote into the file."""
        return not self.hash

    @property
    def is_kept(self) -> bool:
        """Tell whether the database has the seal that the line names; the first link is that of no seal."""
        known = AuditSeal.objects.filter(pk=self.seal, hash=self.hash).exists()
        return known or (self.seal, self.hash) == (0, audit.FIRST_LINK)


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
    found = AuditEvent.objects.filter(sealed__isnull=True).aggregate(n=Count("pk"), first=Min("pk"), last=Max("pk"))
    return Tail(found["n"], found["first"] or 0, found["last"] or 0)


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
        last = 0
        while last < maxsize:
            first, last = last, _end_of_part(practice, last)
            for event_id, veteran_id in sorted(_differing(practice, first, last)):
                yield Altered("event", event_id, f"is found, or not, for Veteran {veteran_id} against what it says")


def _naming(practice: Practice, after: int) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.filter(practice=practice, changes__has_key=audit.VETERANS, pk__gt=after)
    return rows.order_by("pk")


def _end_of_part(practice: Practice, after: int) -> int:
    """Return the id of the last event of the next part, so that no more than a part is held in memory."""
    with within(practice.pk):
        ids = _naming(practice, after).values_list("pk", flat=True)[PART - 1 : PART]
        return next(iter(ids), maxsize)


def _differing(practice: Practice, after: int, last: int) -> set[tuple[int, int]]:
    with within(practice.pk):
        naming = _naming(practice, after).filter(pk__lte=last).values_list("pk", "changes")
        said = {(pk, one) for pk, changes in naming.iterator() for one in changes[audit.VETERANS]}
        mentions = Mention.objects.filter(practice=practice, event_id__gt=after, event_id__lte=last)
        return said ^ set(mentions.values_list("event_id", "veteran_id").iterator())


def _against_anchors(last: int) -> Iterator[Altered]:
    """Compare with the seals that there were, from the line of the last restore on."""
    restore = _last_restore()
    if restore and not _is_on_record(restore):
        yield Altered("line", restore.line, "of the anchors tells of a restore, of which the trail has no event")
        restore = None
    for anchor in _anchors():
        if anchor.is_torn or anchor.is_kept or (restore and anchor.line < restore.line):
            continue
        if anchor.seal > last and anchor.event:
            yield Altered("event", anchor.event, f"was deleted with the end of the trail, from seal {last + 1} on")
            return
        yield Altered("seal", anchor.seal, "is not the one that was anchored")


def _is_on_record(restore: Anchor) -> bool:
    """Tell whether the trail has the event of this restore, which is written in the hour before its line."""
    try:
        at = datetime.fromisoformat(restore.at)
        events = AuditEvent.objects.filter(action="backup.restored", at__range=(at - timedelta(hours=1), at))
    except ValueError:
        return False
    return events.exists() or not Practice.objects.exists()


def _last_restore() -> Anchor | None:
    last = None
    for anchor in _anchors():
        last = anchor if anchor.is_restore else last
    return last


def remarks() -> Iterator[str]:
    """Return what is worth a look without being an alteration: lines that are torn, and what a restore explains."""
    restore, missing = _last_restore(), 0
    for anchor in _anchors():
        if anchor.is_torn:
            yield f"Line {anchor.line} of the anchors cannot be read: it was torn, or somebody wrote into the file."
        elif restore and anchor.line < restore.line and not anchor.is_kept:
            missing += 1
    if restore:
        so = f"; {counted(missing, 'anchor')} of the time before cannot be compared" if missing else ""
        yield f"Restored from a backup at {restore.at}, up to seal {restore.seal}{so}. Was that you?"


def _anchors() -> Iterator[Anchor]:
    """Return the lines ``moment seal hash last-event`` and ``restored moment seal hash`` one by one."""
    if not audit.anchors().exists():
        return
    with audit.anchors().open(errors="replace") as file:
        for number, line in enumerate(file, start=1):
            yield _anchor(number, line)


def _anchor(number: int, line: str) -> Anchor:
    if restored := RESTORE_LINE.fullmatch(line):
        return Anchor(number, int(restored[2]), restored[3], at=restored[1], is_restore=True)
    if found := ANCHOR_LINE.fullmatch(line):
        return Anchor(number, int(found[2]), found[3], int(found[4]), found[1])
    return Anchor(number)
