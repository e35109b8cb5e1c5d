"""Referrals: receive what VA sent, hold what a person must look at, confirm, and move along the states."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction

from referrals import queries
from referrals.domain.notice import (
    OF_A_NOTICE,
    RULE_OF,
    TAKEN_OVER,
    HoldReason,
    ReferralNotice,
    differences_in_digests,
    fields_to_compare,
    hold_reasons,
    refuse_nobody,
    spelled_out,
)
from referrals.domain.states import OPEN, REFERRAL_MOVES, ReferralState
from referrals.intake.json_reader import Received, stated_last_day
from referrals.models import Authorization, FactSource, Notice, Referral, ThroughSource, Veteran
from referrals.services import authorizations, pencils, stranded, veterans
from referrals.services.authorizations import Terms
from referrals.signals import referral_moving
from vca.core import access, audit, crypto, documents, states
from vca.core.access import Actor
from vca.core.models import Document, Practice, ServiceLocation
from vca.core.services import chores, parameters
from vca.core.services.separation import keep_apart
from vca.domain.errors import RuleError


class NotReady(RuleError):
    """Something that a referral needs before it can be confirmed is missing; ``code`` is that of the first thing."""

    def __init__(self, reasons: tuple[HoldReason, ...]) -> None:
        self.reasons = reasons
        super().__init__("not yet: " + "; ".join(reasons), code=RULE_OF[reasons[0]])


class MoveNotOffered(RuleError):
    """The referral is not in a state from which that act may start."""

    code = "REFERRAL-06"


class SameVeteran(RuleError):
    """The referral is to be moved to the Veteran on whose file it is."""

    code = "REFERRAL-09"


class Result(StrEnum):
    """What became of a record."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one notice: ``reasons`` in words why it is held, ``fields`` in which it differs."""

    referral: Referral
    result: Result
    reasons: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    held_for: tuple[HoldReason, ...] = ()

    @property
    def line(self) -> str:
        """One line without names: ``VA0000005681 created, held: visit limits not stated``."""
        number = self.referral.number
        if self.result == Result.UNCHANGED:
            return f"{number} unchanged"
        if self.result == Result.DIFFERS:
            return f"{number} differs: {', '.join(self.fields)}, held"
        return f"{number} created, held: {', '.join(self.reasons)}" if self.reasons else f"{number} created"


def import_list(
    *, content: bytes, received: Iterable[Received], filename: str, by: Actor, at: datetime
) -> tuple[Outcome, ...]:
    """Take over a whole list of VA's referral service, or nothing of it; the file is kept as it came."""
    with transaction.atomic():
        _one_at_a_time(by)
        document = keep_list(content, filename=filename, by=by)
        outcomes = tuple(receive(one, source=FactSource.IMPORT, document=document, by=by, at=at) for one in received)
        audit.record(by=by, action="referral.imported", subject=document, changes=counted(outcomes))
    return outcomes


def keep_list(content: bytes, *, filename: str, by: Actor) -> Document:
    """Keep a list of VA's referral service as it came."""
    kind, media_type = "va_referral_list", "application/json"
    name = documents.masked(filename)
    return documents.keep(content, kind=kind, filename=name, media_type=media_type, by=by)


def counted(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return how many records became what."""
    results = Counter(one.result for one in outcomes)
    return {result.value: results[result] for result in Result}


def receive(
    received: Received, *, source: FactSource, by: Actor, at: datetime, document: Document | None = None
) -> Outcome:
    """Take over one notice: a new referral, one that is known already, or one that differs and waits for a person.

    Raises NobodyNamed.
    """
    refuse_nobody(received.notice)
    with transaction.atomic():
        _one_at_a_time(by)
        known = Referral.objects.select_for_update(no_key=True).filter(
            practice_id=by.practice_id, number=received.notice.number
        )
        referral = known.first()
        if referral is None:
            return _create(received, source=source, document=document, by=by, at=at)
        return _compare(referral, received, document=document, by=by, at=at)


def _one_at_a_time(by: Actor) -> None:
    """Let intakes of a practice wait for each other: the same new Veteran in two files is still one Veteran."""
    Practice.objects.select_for_update(no_key=True).get(pk=by.practice_id)


def _create(received: Received, *, source: FactSource, document: Document | None, by: Actor, at: datetime) -> Outcome:
    notice = received.notice
    veteran, doubts = _whose(notice, source=source, by=by, at=at)
    reasons = (*hold_reasons(notice, on=at.date()), *([HoldReason.VETERAN] if doubts else []))
    referral = Referral.objects.create(
        practice_id=by.practice_id,
        veteran=veteran,
        number=notice.number,
        state=ReferralState.HELD if reasons else ReferralState.RECEIVED,
        affiliation=notice.affiliation,
        va_status=notice.va_status,
        va_status_read_at=at if notice.va_status else None,
        consult_id=notice.consult_id,
        station=notice.station,
        category_of_care=notice.category_of_care,
        priority=notice.priority,
        received_at=at,
    )
    authorizations.open_for(referral=referral, terms=_terms(received), lines=notice.lines, by=by, at=at)
    compared = (*doubts, *fields_to_compare(notice, reasons))
    _keep_notice(referral, received, document=document, differs_in=compared, reasons=reasons, by=by, at=at)
    audit.record(by=by, action="referral.received", subject=referral, changes={"held": [r.name for r in reasons]})
    _ask_to_confirm(referral, by=by, at=at)
    return Outcome(referral, Result.CREATED, tuple(spelled_out(reason, notice) for reason in reasons), held_for=reasons)


def _ask_to_confirm(referral: Referral, *, by: Actor, at: datetime) -> None:
    # Until it is confirmed nobody can be booked on it.
    days = parameters.value("confirm-within-days", practice_id=by.practice_id, on=at.date())
    due = at.date() + timedelta(days=int(days))
    headline = f"Confirm referral {referral.number}"
    chores.open_task(kind="referral_held", subject=referral, headline=headline, by=by, due_on=due)


def _whose(notice: ReferralNotice, *, source: FactSource, by: Actor, at: datetime) -> tuple[Veteran, tuple[str, ...]]:
    """Return the Veteran and what about them a person must look at before the referral is confirmed."""
    found = veterans.find(notice, by=by)
    if len(found) != 1:
        fresh = veterans.record(facts=veterans.facts_in(notice), source=source, by=by, at=at)
        return fresh, ("last_name", "first_name", "date_of_birth") if found else ()
    doubts = veterans.differing(found[0], notice)
    if not doubts:
        veterans.learn_icn(found[0], notice, source=source, by=by, at=at)
    return found[0], doubts


def _terms(received: Received) -> Terms:
    notice = received.notice
    last = stated_last_day(received)
    backward = notice.referral_date is not None and last is not None and last < notice.referral_date
    source = ThroughSource.DERIVED if received.derived_expiration else ThroughSource.PRINTED
    return Terms(notice.referral_date, None if backward else last, source, notice.seoc, notice.seoc_days)


def _compare(referral: Referral, received: Received, *, document: Document | None, by: Actor, at: datetime) -> Outcome:
    last = referral.notices.order_by("-received_at", "-pk").first()
    changed = differences_in_digests(last.digests if last else {}, digests(received.notice))
    if not changed:
        return Outcome(referral, Result.UNCHANGED)
    reasons = (*hold_reasons(received.notice, on=at.date()), HoldReason.DIFFERS)
    _keep_notice(referral, received, document=document, differs_in=changed, reasons=reasons, by=by, at=at)
    _read_status(referral, received.notice, at=at)
    if referral.state in OPEN:
        Referral.objects.filter(pk=referral.pk).update(state=ReferralState.HELD)
    audit.record(by=by, action="referral.notice_received", subject=referral, changes={"fields": list(changed)})
    return Outcome(referral, Result.DIFFERS, fields=changed, held_for=reasons)


def _read_status(referral: Referral, notice: ReferralNotice, *, at: datetime) -> None:
    """Keep VA's word as it stands now; what an earlier one meant says nothing about another."""
    said = notice.va_status
    if not said:
        return
    changes: dict[str, Any] = {"va_status_read_at": at}
    if said != referral.va_status:
        changes |= {"va_status": said, "va_status_meaning": ""}
    Referral.objects.filter(pk=referral.pk).update(**changes)
    referral.refresh_from_db()


def digests(notice: ReferralNotice) -> dict[str, str]:
    """Return a keyed digest of each stated field, so that a difference is seen without keeping the words again."""
    said = {field.name: getattr(notice, field.name) for field in fields(ReferralNotice)}
    said |= {"unread": (), **{one.field: one.said for one in notice.unread}}
    return {
        name: crypto.blind_index(json.dumps(value, default=str, sort_keys=True), about=f"notice.{name}")
        for name, value in said.items()
        if value
    }


def _keep_notice(
    referral: Referral,
    received: Received,
    *,
    document: Document | None,
    differs_in: tuple[str, ...],
    reasons: tuple[HoldReason, ...],
    by: Actor,
    at: datetime,
) -> Notice:
    document = document or _words(received.notice, by)
    if differs_in:
        headline = f"VA's notice differs: {referral.number}"
        chores.open_task(kind="referral_differs", subject=referral, headline=headline, by=by)
    return Notice.objects.create(
        practice_id=referral.practice_id,
        referral=referral,
        document=document,
        digests=digests(received.notice),
        differs_in=list(differs_in),
        reasons=[reason.name for reason in reasons if reason in OF_A_NOTICE],
        expiration_derived=received.derived_expiration,
        pending=bool(differs_in),
        received_at=at,
    )


def _words(notice: ReferralNotice, by: Actor) -> Document:
    """Keep what was entered or sent, so that it can be compared later; a list has its file."""
    said = json.dumps(asdict(notice), default=str, sort_keys=True).encode()
    kind, name = "va_notice", f"notice-{notice.number}.json"
    return documents.keep(said, kind=kind, filename=name, media_type="application/json", by=by)


def settle_notice(*, notice: Notice, by: Actor, at: datetime) -> None:
    """A person has compared a differing notice with the referral and taken over what changed."""
    with transaction.atomic():
        access.scope(Referral.objects.select_for_update(no_key=True), by).get(pk=notice.referral_id)
        settled = Notice.objects.filter(pk=notice.pk, pending=True).update(
            pending=False, settled_at=at, settled_by_id=by.user_id
        )
        if not settled:
            return
        named = [notice.referral.veteran_id]
        audit.record(by=by, action="referral.notice_settled", subject=notice, veterans=named)
        if not Notice.objects.filter(referral_id=notice.referral_id, pending=True).exists():
            _close("referral_differs", notice.referral, "compared", by=by, at=at)


def _close(kind: str, referral: Referral, proof: str, *, by: Actor, at: datetime) -> None:
    chores.close_tasks(kind=kind, subject=referral, proof=proof, by=by, at=at)


def change_details(*, referral: Referral, facts: dict[str, Any], home: ServiceLocation | None, by: Actor) -> None:
    """Enter what the paper says: affiliation, network, diagnosis, referring provider, VA's status, home location."""
    with transaction.atomic():
        row = access.scope(Referral.objects.select_for_update(no_key=True), by).get(pk=referral.pk)
        for name, value in facts.items():
            setattr(row, name, value)
        row.save(update_fields=list(facts))
        row.authorization.home_location = access.own(home, by) if home else None
        row.authorization.save(update_fields=["home_location"])
        _refuse_unready(row)
        audit.record(by=by, action="referral.changed", subject=referral, changes={"fields": sorted(facts)})
    referral.refresh_from_db()


def _refuse_unready(referral: Referral) -> None:
    """Raise NotReady when an active referral lacks what it needs.

    What VA changed does not stand in the way: this is how it is taken over, before its notice is settled.
    """
    reasons = tuple(one for one in queries.obstacles(referral) if one not in TAKEN_OVER)
    if reasons and referral.state == ReferralState.ACCEPTED:
        raise NotReady(reasons)


def move_to_veteran(*, referral: Referral, veteran: Veteran, by: Actor) -> None:
    """Give a referral with its visits to the Veteran whose it is; it was entered on another one.

    Raises SameVeteran, NotReady when an active referral would lack a name, and what billing refuses with: a claim
    was made ready or sent.
    """
    with transaction.atomic():
        # no_key: a claim that is being drafted points at the row, and this waits for the visits that it holds.
        row = access.scope(Referral.objects.select_for_update(no_key=True), by).get(pk=referral.pk)
        to = access.scope(Veteran.objects.all(), by).get(pk=veteran.pk)
        before = row.veteran_id
        if before == to.pk:
            raise SameVeteran("the referral is on that Veteran's file already")
        authorization = authorizations.locked(row.authorization, by=by)
        Referral.objects.filter(pk=row.pk).update(veteran=to)
        Authorization.objects.filter(pk=authorization.pk).update(veteran=to)
        # The visits' rows are locked from here on: a claim drafted at the same time waits and sees the other Veteran.
        visits = authorization.visits.update(veteran=to)
        referral_moving.send(sender=Referral, referral_id=row.pk, veteran_id=to.pk, by=by)
        _refuse_unready(Referral.objects.get(pk=row.pk))
        changes = {"from": before, "to": to.pk, "visits": visits}
        audit.record(by=by, action="referral.moved", subject=row, changes=changes, veterans=[to.pk])
    referral.refresh_from_db()


def confirm(*, referral: Referral, by: Actor, at: datetime) -> None:
    """Make the referral active. Raises NotReady, which names everything that is missing; MoveNotOffered, SamePerson."""
    with transaction.atomic():
        row = access.scope(Referral.objects.select_for_update(no_key=True), by).get(pk=referral.pk)
        authorizations.locked(row.authorization, by=by)
        reasons = queries.obstacles(row)
        if reasons and row.state in OPEN:
            raise NotReady(reasons)
        said = keep_apart(setting="confirm-by-another", first="referral.received", subject=row, by=by, at=at)
        _move(row, "confirm", by=by, confirmed_at=at, confirmed_by_id=by.user_id, state_reason="")
        authorizations.pin_lines(row.authorization)
        audit.record(by=by, action="referral.confirmed", subject=row, changes=said)
        _close("referral_held", row, "confirmed", by=by, at=at)
        pencils.book_waiting(row.authorization, by=by, at=at)
    referral.refresh_from_db()


def _move(referral: Referral, act: str, *, by: Actor, **changes: Any) -> Authorization:
    states.move(referral, act, along=REFERRAL_MOVES, refusal=MoveNotOffered, by=by, **changes)
    # A booking reads the state under this lock: it is over before the move is, or it sees the new state.
    return authorizations.locked(referral.authorization, by=by)


def _mover(act: str, action: str) -> Callable[..., None]:
    """Return the service of an act that needs a reason and nothing else."""

    def move(*, referral: Referral, reason: str, by: Actor, at: datetime) -> None:
        with transaction.atomic():
            authorization = _move(referral, act, by=by, state_reason=reason)
            audit.record(by=by, action=action, subject=referral)
            if referral.state in OPEN:
                _ask_to_confirm(referral, by=by, at=at)
            else:
                _close("referral_held", referral, action, by=by, at=at)
            stranded.tell(authorization, by=by, at=at)
            if referral.state == ReferralState.ACCEPTED:
                pencils.book_waiting(authorization, by=by, at=at)

    move.__doc__ = f"{action.partition('.')[2].capitalize()}, with a reason. Raises MoveNotOffered."
    return move


reject = _mover("reject", "referral.rejected")
reopen = _mover("reopen", "referral.reopened")
suspend = _mover("suspend", "referral.suspended")
resume = _mover("resume", "referral.resumed")
cancel = _mover("cancel", "referral.cancelled")
complete = _mover("complete", "referral.completed")
