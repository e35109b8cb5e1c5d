"""A practice of the issue's size: 4,000 authorizations, 80,000 visits, 5,000 claims. Everybody in it is invented.

It is loaded in bulk, past the services, so ``check`` asks what they promise: that each counter is what its ledger adds
up to. One seed and one day give one practice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from django.db import transaction

from benchmarks.bulk import point_to_newest, written
from benchmarks.claims import bill
from benchmarks.courses import Course, Size, draw
from billing.models import Claim
from referrals import queries
from referrals.domain.states import OPEN, Affiliation, EntryKind, LimitKind, ReferralState, VisitState
from referrals.models import (
    Authorization,
    AuthorizationVersion,
    AuthorizedService,
    FactSource,
    LedgerEntry,
    Notice,
    Referral,
    Veteran,
    VeteranFacts,
    Visit,
    VisitService,
    icn_index,
)
from tests import world
from tests.world import World
from vca.core.models import Alert, Task

DESCRIPTIONS = ("Ketamine infusion", "Psychotherapy, 60 minutes", "Evaluation and management")
CODES = ("96365", "90837", "99204")
NAMES = ("Abel", "Brook", "Castillo", "Dunn", "Ember", "Frost", "Grove", "Hale", "Ives", "Jarrow", "Kestrel", "Lund")
COUNTS = (VisitState.ARRIVED, VisitState.COMPLETED)


def practice(code: str, size: Size, *, now: datetime, seed: int = 7) -> World:
    """Return a practice of that size as it stands at that moment."""
    place = world.practice(code)
    rng = Random(f"{code} {seed}")
    with transaction.atomic():
        courses = list(draw(size, rng, place.location.civil_day(now)))
        authorizations = _authorizations(place, courses, rng, now)
        lines = _lines(place, courses, authorizations, rng)
        services = _visits(place, courses, authorizations, lines, now)
        bill(place, services, size, now)
        _worries(place, courses, lines, now)
    return place


def check(place: World, size: Size) -> None:
    """Ask whether the practice is of that size and every counter is what its ledger adds up to."""
    assert list(queries.miscounted(place.by)) == []
    found = [model.objects.filter(practice=place.practice).count() for model in (Authorization, Visit, Claim)]
    assert found == [size.authorizations, size.visits, size.claims], found


def _authorizations(place: World, courses: Sequence[Course], rng: Random, now: datetime) -> list[Any]:
    mine = {"practice": place.practice}
    veterans = _veterans(place, len(courses) * 3 // 4, rng, now)
    referrals = written(
        Referral(
            **mine,
            veteran=rng.choice(veterans),
            number=f"VA{number:010d}",
            state=course.state,
            affiliation=Affiliation.VCA,
            va_status="AP",
            provisional_diagnosis="F332",
            received_at=_noon(course.first),
            confirmed_at=_noon(course.first),
        )
        for number, course in enumerate(courses, start=1)
    )
    written(
        Notice(**mine, referral=one, received_at=one.received_at, pending=number % 400 == 0)
        for number, one in enumerate(referrals)
    )
    home = place.location
    rows = written(Authorization(**mine, referral=one, veteran=one.veteran, home_location=home) for one in referrals)
    written(
        AuthorizationVersion(
            **mine,
            authorization=one,
            number=number,
            valid_from=course.first,
            valid_through=course.through - timedelta(days=30 * (number == 1)),
            lines=[{"number": 1, "description": DESCRIPTIONS[0], "limit_kind": "COUNTED", "visits_authorized": 6}],
            recorded_at=_noon(course.first),
        )
        for one, course in zip(rows, courses, strict=True)
        for number in (1, 2)
    )
    point_to_newest(Authorization, AuthorizationVersion, "authorization", "number")
    return list(Authorization.objects.filter(practice=place.practice).order_by("pk"))


def _veterans(place: World, count: int, rng: Random, now: datetime) -> list[Any]:
    mine = {"practice": place.practice}
    icns = [f"{1012000000 + number}V{number:06d}" for number in range(count)]
    rows = written(Veteran(**mine, icn_index=icn_index(icn)) for icn in icns)
    written(
        VeteranFacts(
            **mine,
            veteran=one,
            last_name=f"{rng.choice(NAMES)}{number}",
            first_name=rng.choice(NAMES),
            middle_name=rng.choice(NAMES),
            date_of_birth=date(1950, 1, 1) + timedelta(days=rng.randrange(18_000)),
            sex="M",
            icn=icn,
            street=f"{number} Oak St",
            city="Portland",
            state="OR",
            zip_code="972051111",
            va_facility="VA Portland",
            source=FactSource.REFERRAL,
            recorded_at=now,
        )
        for number, (one, icn) in enumerate(zip(rows, icns, strict=True))
    )
    point_to_newest(Veteran, VeteranFacts, "veteran", "recorded_at")
    return rows


def _lines(place: World, courses: Sequence[Course], authorizations: Sequence[Any], rng: Random) -> list[list[Any]]:
    """Return the lines of each authorization; their counters say what ``_entries`` will write."""
    pairs = list(zip(authorizations, courses, strict=True))
    rows = [[_line(place, one, course, number, rng) for number in range(course.lines)] for one, course in pairs]
    written(line for lines in rows for line in lines)
    return rows


def _line(place: World, authorization: Any, course: Course, number: int, rng: Random) -> AuthorizedService:
    seen = Counter(state for _, state, line in course.visits if line == number)
    counted = number == 0 or rng.random() < 0.7
    before = rng.choice((0, 0, 0, 1, 2))
    return AuthorizedService(
        practice=place.practice,
        authorization=authorization,
        number=number + 1,
        description=DESCRIPTIONS[number],
        codes=[CODES[number]],
        limit_kind=LimitKind.COUNTED if counted else LimitKind.UNLIMITED,
        visits_authorized=before + seen.total() + rng.randrange(4) if counted else None,
        visits_before_us=before,
        visits_held=seen[VisitState.BOOKED],
        visits_used=sum(seen[state] for state in COUNTS),
    )


def _visits(
    place: World, courses: Sequence[Course], authorizations: Sequence[Any], lines: Sequence[Any], now: datetime
) -> list[Any]:
    """Write visits, each with one service and its entries; return the services."""
    plans = [
        (one, lines_of[at], day, state)
        for one, course, lines_of in zip(authorizations, courses, lines, strict=True)
        for day, state, at in course.visits
    ]
    visits = written(_visit(place, one, day, state, number) for number, (one, _, day, state) in enumerate(plans))
    pairs = [(visit, line) for visit, (_, line, _, _) in zip(visits, plans, strict=True)]
    written(
        LedgerEntry(
            practice=place.practice,
            service=line,
            visit=visit,
            kind=kind,
            held_change=held,
            used_change=used,
            on=visit.on,
            recorded_at=at,
        )
        for visit, line in pairs
        for kind, held, used, at in _entries(visit)
    )
    return written(
        VisitService(practice=place.practice, visit=visit, service=line, clinician=place.clinician, code=line.codes[0])
        for visit, line in pairs
    )


def _visit(place: World, authorization: Any, day: date, state: VisitState, number: int) -> Visit:
    starts_at = _noon(day) + timedelta(minutes=15 * (number % 24))
    came = starts_at if state in (*COUNTS, VisitState.VOIDED) else None
    return Visit(
        practice=place.practice,
        authorization=authorization,
        veteran_id=authorization.veteran_id,
        location=place.location,
        state=state,
        on=day,
        starts_at=starts_at,
        booked_at=starts_at - timedelta(days=14),
        arrived_at=came,
        completed_at=starts_at + timedelta(hours=1) if state == VisitState.COMPLETED else None,
        diagnoses=["F332"],
    )


def _entries(visit: Visit) -> Iterator[tuple[EntryKind, int, int, datetime]]:
    yield EntryKind.HOLD, 1, 0, visit.booked_at
    if visit.state in (*COUNTS, VisitState.VOIDED):
        yield EntryKind.USE, -1, 1, visit.starts_at
    if visit.state == VisitState.VOIDED:
        yield EntryKind.VOID, 0, -1, visit.starts_at
    if visit.state in (VisitState.CANCELLED, VisitState.NO_SHOW):
        yield EntryKind.RELEASE, -1, 0, visit.starts_at


def _worries(place: World, courses: Sequence[Course], lines: Sequence[Any], now: datetime) -> None:
    """Open an alert for each authorization that ends soon and each line that is used up, a task for each that waits."""
    today = place.location.civil_day(now)
    pairs = list(zip(courses, lines, strict=True))
    active = [pair for pair in pairs if pair[0].state == ReferralState.ACCEPTED and pair[0].through >= today]
    ending = [(lines[0].authorization, course) for course, lines in active if (course.through - today).days <= 45]
    few = [(line, course) for course, lines in active for line in lines if line.count.left == 0]
    written(_alert(place, "authorization_ending", "AUTH-01", *one, now) for one in ending)
    written(_alert(place, "visits_left", "AUTH-02", *one, now) for one in few)
    waiting = [lines[0].authorization.referral_id for course, lines in pairs if course.state in OPEN]
    written(
        Task(
            practice=place.practice, kind="referral_held", subject_kind="referral", subject_id=pk, headline="Confirm it"
        )
        for pk in waiting
    )


def _alert(place: World, kind: str, rule: str, subject: Any, course: Course, now: datetime) -> Alert:
    return Alert(
        practice=place.practice,
        kind=kind,
        rule_code=rule,
        subject_kind=subject._meta.model_name,
        subject_id=subject.pk,
        threshold=0,
        basis="loaded",
        headline=f"Look at {subject.pk}",
        due_on=course.through,
        raised_at=now,
        upgraded_at=now,
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(20), UTC)
