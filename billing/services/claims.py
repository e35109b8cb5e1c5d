"""Claims: draft from completed visits, scrub, make ready, take back, close."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import F

from billing.domain.findings import Finding
from billing.domain.scrub import scrub
from billing.domain.states import CLAIM_MOVES, LIVE, ClaimState
from billing.models import Claim, ClaimLine
from billing.services import building, networks
from billing.services.assembly import Assembled, assemble
from referrals import queries as referral_queries
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import Affiliation
from vca.core import access, audit, states
from vca.core.access import Actor
from vca.core.services import parameters
from vca.core.services.separation import keep_apart
from vca.domain.errors import RuleError
from vca.domain.rules import Severity
from vca.domain.wording import say_day


class NotBilledToVa(RuleError):
    """The referral's affiliation sends its claims elsewhere."""

    code = "CLAIM-08"


class VisitAlreadyClaimed(RuleError):
    """A visit stands on a live claim already."""

    code = "CLAIM-16"


class NothingToClaim(RuleError):
    """One of the visits is not completed, or none was chosen."""

    code = "CLAIM-26"


class NotTakenOff(RuleError):
    """The draft does not name the visit, or names no other."""

    code = "CLAIM-27"


class MoveNotOffered(RuleError):
    """The claim is not in a state from which that act may start."""

    code = "CLAIM-14"


class VisitOnClaim(RuleError):
    """The visit stands on a live claim."""

    code = "VISIT-07"

    def __init__(self, claim: Claim) -> None:
        state = claim.get_state_display().lower()
        super().__init__(f"the visit stands on claim {claim.control_number}, which is {state}")


class ReferralClaimed(RuleError):
    """A claim of the referral was made ready or sent."""

    code = "REFERRAL-17"


class FindingsBlock(RuleError):
    """The scrub found something that VA would refuse; ``findings`` holds all of it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(findings[0].message, field=findings[0].field, code=findings[0].code)


def draft(*, visit_ids: Sequence[int], by: Actor, at: datetime) -> list[Claim]:
    """Draft claims from completed visits: one per authorization and location, more when the lines exceed fifty.

    Raises NothingToClaim, VisitAlreadyClaimed, NotBilledToVa.
    """
    with transaction.atomic():
        referral_queries.lock_visits(visit_ids)
        visits = list(
            referral_queries.completed_visits(by, visit_ids).order_by(
                "authorization_id", "location_id", "starts_at", "pk"
            )
        )
        if not visits or len(visits) < len(set(visit_ids)):
            raise NothingToClaim(_not_completed(len(visits)))
        _refuse_claimed(visit_ids)
        groups = groupby(visits, key=lambda visit: (visit.authorization_id, visit.location_id))
        drafted = [claim for _, group in groups for claim in _draft_group(list(group), by=by, at=at)]
    return drafted


def _not_completed(found: int) -> str:
    """Say the same of a visit that was undone meanwhile, of another practice's, and of one that never was."""
    return "one of these visits is not completed" if found else "none of these visits is completed"


def _refuse_claimed(visit_ids: Sequence[int]) -> None:
    taken = ClaimLine.objects.filter(is_live=True, visit_id__in=visit_ids).select_related("claim").first()
    if taken:
        raise VisitAlreadyClaimed(
            f"a visit of {say_day(taken.service_date)} stands on claim {taken.claim.control_number}"
        )


def _draft_group(visits: list[Any], *, by: Actor, at: datetime) -> Iterable[Claim]:
    referral = visits[0].authorization.referral
    affiliation = Affiliation(referral.affiliation)
    if not bills_va(affiliation):
        network = networks.where_to_send(referral.network, by, on=visits[0].location.civil_day(at))
        raise NotBilledToVa(where_to_bill(affiliation, network=network))
    for part in building.parts(visits):
        yield _draft_one(part, by=by, at=at)


def _draft_one(visits: list[Any], *, by: Actor, at: datetime) -> Claim:
    first = visits[0]
    claim = Claim.objects.create(
        practice_id=first.practice_id,
        referral=first.authorization.referral,
        authorization_version=first.authorization.terms,
        veteran_id=first.veteran_id,
        location=first.location,
        control_number=building.next_claim_number(first.practice_id),
        first_day=min(visit.on for visit in visits),
        created_at=at,
        created_by_id=by.user_id,
    )
    building.fill(claim, visits, by=by)
    audit.record(by=by, action="claim.drafted", subject=claim, changes={"visits": [visit.pk for visit in visits]})
    return claim


def rebuild(*, claim: Claim, by: Actor) -> None:
    """Build a draft again from its visits, after something was corrected. Raises MoveNotOffered."""
    with transaction.atomic():
        row = _locked_draft(claim, by, "built again")
        _build_again(row, _visits_on(row), by=by)
        audit.record(by=by, action="claim.rebuilt", subject=row, changes={"revision": row.revision})
    claim.refresh_from_db()


def take_off(*, claim: Claim, visit_id: int, by: Actor) -> None:
    """Take one of several visits off a draft and build the rest again; the visit may be undone or claimed anew.

    Raises MoveNotOffered, NotTakenOff.
    """
    with transaction.atomic():
        row = _locked_draft(claim, by, "changed")
        known = _visits_on(row)
        left = [one for one in known if one != visit_id]
        if len(left) == len(known) or not left:
            raise NotTakenOff("the visit is not on this claim" if left else "no other visit is on this claim")
        _build_again(row, left, by=by)
        audit.record(by=by, action="claim.visit_taken_off", subject=row, changes={"visit": visit_id})
    claim.refresh_from_db()


def _visits_on(claim: Claim) -> list[int]:
    return sorted(set(claim.lines.values_list("visit_id", flat=True)))


def _locked_draft(claim: Claim, by: Actor, what: str) -> Claim:
    """Lock the visits, then the claim, as drafting and correcting do. Raises MoveNotOffered, Claim.DoesNotExist."""
    mine = access.scope(Claim.objects.all(), by)
    referral_queries.lock_visits(_visits_on(mine.get(pk=claim.pk)))
    row = mine.select_for_update(no_key=True).get(pk=claim.pk)
    if row.state != ClaimState.DRAFT:
        raise MoveNotOffered(f"the claim is {row.get_state_display().lower()}, only a draft is {what}")
    return row


def _build_again(row: Claim, visit_ids: Sequence[int], *, by: Actor) -> None:
    """Write the lines anew, under new control numbers: a line that was told to somebody is never another line."""
    row.lines.all().delete()
    row.diagnoses.all().delete()
    visits = list(referral_queries.completed_visits(by, visit_ids).order_by("starts_at", "pk"))
    row.revision += 1
    row.authorization_version = visits[0].authorization.terms if visits else row.authorization_version
    row.save(update_fields=["revision", "authorization_version"])
    building.fill(row, visits, by=by)


def outdate(*, visit_id: int, by: Actor) -> None:
    """Let a visit be corrected: the draft that names it no longer matches it, and is sent only when built again.

    Its lines keep their words and let go of the services, which the correction may take away. Raises VisitOnClaim
    when the claim is no draft.
    """
    with transaction.atomic():
        lines = access.scope(ClaimLine.objects.filter(is_live=True, visit_id=visit_id), by)
        for row in (
            access.scope(Claim.objects.select_for_update(no_key=True), by)
            .filter(pk__in=lines.values("claim"))
            .order_by("pk")
        ):
            if row.state not in LIVE:
                continue  # closed while this waited for its lock
            if row.state != ClaimState.DRAFT:
                raise VisitOnClaim(row)
            lines.filter(claim=row).update(visit_service=None)
            Claim.objects.filter(pk=row.pk).update(revision=F("revision") + 1)
            audit.record(by=by, action="claim.outdated", subject=row, changes={"visit": visit_id})


def findings(claims: Sequence[Claim], *, by: Actor, at: datetime) -> dict[int, tuple[Finding, ...]]:
    """Return what the scrub finds on each claim if it were filed at that moment, by claim id."""
    return scrub_all(assemble([claim.pk for claim in claims], by=by, at=at), by=by)


def scrub_all(assembled: Sequence[Assembled], *, by: Actor) -> dict[int, tuple[Finding, ...]]:
    """Return by claim id the findings on claims, each under the filing limit of its earliest day of service."""
    earliest = [min((line.service_date for line in one.document.lines), default=one.filed_on) for one in assembled]
    limits = parameters.values("filing-limit-days", practice_id=by.practice_id, days=earliest)
    return {
        one.claim_id: scrub(one.document, today=one.filed_on, filing_limit_days=int(limits[day]))
        for one, day in zip(assembled, earliest, strict=True)
    }


def make_ready(*, claim: Claim, by: Actor, at: datetime) -> None:
    """Let the claim go into the next file. Raises FindingsBlock, which holds every finding; MoveNotOffered."""
    with transaction.atomic():
        row = access.scope(Claim.objects.select_for_update(no_key=True), by).get(pk=claim.pk)
        found = findings([row], by=by, at=at).get(row.pk, ())
        if blocking(found) and row.state == ClaimState.DRAFT:
            raise FindingsBlock(blocking(found))
        _move(claim, "make_ready", by=by, ready_at=at)
        audit.record(by=by, action="claim.made_ready", subject=claim)


def blocking(found: Iterable[Finding]) -> list[Finding]:
    """Return the findings that keep a claim from being sent."""
    return [finding for finding in found if finding.severity == Severity.BLOCK]


@dataclass(frozen=True, slots=True)
class MadeReady:
    """How many drafts were made ready, and how many a rule still blocks."""

    ready: int
    blocked: int


def make_all_ready(*, by: Actor, at: datetime) -> MadeReady:
    """Let every draft of the practice go into the next file in which the scrub finds nothing that blocks."""
    with transaction.atomic():
        rows = access.scope(Claim.objects.select_for_update(no_key=True).filter(state=ClaimState.DRAFT), by)
        drafts = list(rows.order_by("pk"))
        found = findings(drafts, by=by, at=at)
        sound = [claim.pk for claim in drafts if not blocking(found[claim.pk])]
        ready = Claim.objects.filter(pk__in=sound)
        ready.update(state=ClaimState.READY, revision=F("revision") + 1, ready_at=at)
        if sound:
            audit.record(by=by, action="claim.all_made_ready", subject="claims", changes={"claims": sound})
    return MadeReady(ready=len(sound), blocked=len(drafts) - len(sound))


def back_to_draft(*, claim: Claim, by: Actor) -> None:
    """Take a claim out of the next file, or mend one that was rejected. Raises MoveNotOffered.

    A rejected claim was never received: it goes out again under its number, as the kind of claim that it was.
    """
    with transaction.atomic():
        _move(claim, "back_to_draft", by=by, ready_at=None, sent_at=None)
        audit.record(by=by, action="claim.back_to_draft", subject=claim)


def hold_back(*, claim_id: int, revision: int, by: Actor) -> bool:
    """Take a claim that the scrub has come to block out of the file; tell whether it was still as it was judged."""
    with transaction.atomic():
        judged = Claim.objects.select_for_update(no_key=True).filter(pk=claim_id, revision=revision)
        row = access.scope(judged, by).filter(state=ClaimState.READY).first()
        if row:
            back_to_draft(claim=row, by=by)
    return row is not None


def give_to_veteran(*, referral_id: int, veteran_id: int, by: Actor) -> None:
    """Let the drafts of a referral follow it to another Veteran; closed claims stay as they were.

    Raises ReferralClaimed when one of its claims is ready, or has been sent.
    """
    rows = access.scope(Claim.objects.select_for_update(no_key=True), by).filter(referral_id=referral_id)
    with transaction.atomic():
        for claim in rows.exclude(state=ClaimState.CLOSED).order_by("pk"):
            if claim.state != ClaimState.DRAFT:
                raise ReferralClaimed(f"claim {claim.control_number} is {claim.get_state_display().lower()}")
            Claim.objects.filter(pk=claim.pk).update(veteran_id=veteran_id, revision=F("revision") + 1)
            to = {"veteran": veteran_id}
            audit.record(by=by, action="claim.moved", subject=claim, changes=to, veterans=[veteran_id])


def close(*, claim: Claim, reason: str, by: Actor, at: datetime) -> None:
    """Close a claim that will not be sent; its visits may be claimed again, the Veteran is never billed.

    Raises MoveNotOffered, SamePerson.
    """
    with transaction.atomic():
        said = keep_apart(setting="close-by-another", first="claim.drafted", subject=claim, by=by, at=at)
        _move(claim, "close", by=by, closed_at=at, closed_reason=reason)
        audit.record(by=by, action="claim.closed", subject=claim, changes=said)


def _move(claim: Claim, act: str, *, by: Actor, **changes: Any) -> None:
    """Move the claim; out of the states in which it is live it lets go of its visits."""
    states.move(claim, act, along=CLAIM_MOVES, refusal=MoveNotOffered, by=by, revision=F("revision") + 1, **changes)
    if claim.state not in LIVE:
        claim.lines.update(is_live=False)
