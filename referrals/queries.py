"""Questions about referrals, authorizations and visits: functions that take and return querysets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, F, Model, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONArray

from referrals.domain.drawdown import LineCount
from referrals.domain.forecast import Course, Forecast, forecast
from referrals.domain.notice import HoldReason, ReferralNotice, StatedLine, hold_reasons
from referrals.domain.routing import bills_va
from referrals.domain.states import ENDED, OPEN, Affiliation, LimitKind, ReferralState, VisitState
from referrals.models import (
    Absence,
    Authorization,
    AuthorizationVersion,
    AuthorizedService,
    ClosedDays,
    LedgerEntry,
    LegalHold,
    Notice,
    Referral,
    ThroughSource,
    Veteran,
    Visit,
    VisitService,
    display_name,
)
from vca.core import access, sight
from vca.core.access import Actor
from vca.core.db import Among, JSONList
from vca.core.models import ServiceLocation
from vca.core.services import parameters

EXPECTED = (VisitState.BOOKED, VisitState.ARRIVED)
PLANNED = (VisitState.PENCILLED, *EXPECTED)
GIVEN = (VisitState.ARRIVED, VisitState.COMPLETED)


def referrals(by: Actor) -> QuerySet[Referral]:
    """Return the practice's referrals with Veteran and current terms, newest first."""
    rows = access.scope(Referral.objects.all(), by)
    return rows.select_related("veteran__current", "authorization__current").order_by("-received_at", "-pk")


def waiting(by: Actor) -> QuerySet[Referral]:
    """Return referrals that wait for a person, the oldest first."""
    differing = access.scope(Notice.objects.filter(pending=True), by).values("referral")
    held = referrals(by).filter(Q(state__in=OPEN) | Q(pk__in=differing))
    lines = Prefetch("authorization__services", AuthorizedService.objects.order_by("number"))
    pending = Prefetch("notices", Notice.objects.filter(pending=True).order_by("pk"), to_attr="pending_notices")
    return held.prefetch_related(lines, pending).order_by("received_at", "pk")


def obstacles(referral: Referral) -> tuple[HoldReason, ...]:
    """Return what must be mended before the referral can be confirmed, in the order in which to mend it.

    What stands here is judged as a notice is, and besides it what only this practice or VA's own words can tell.
    """
    terms = referral.authorization.terms
    more = {
        HoldReason.AFFILIATION: referral.affiliation == Affiliation.UNKNOWN,
        HoldReason.DERIVED: terms.through_source == ThroughSource.DERIVED and terms.valid_through is not None,
        HoldReason.LOCATION: referral.authorization.home_location_id is None,
    }
    found = {*hold_reasons(_standing(referral), on=referral.received_at.date()), *_held_by_notices(referral)}
    if referral.va_status_meaning:  # a person has asked VA
        found -= {HoldReason.STATUS, HoldReason.STOPPED}
    return tuple(reason for reason in HoldReason if reason in found or more.get(reason))


def _standing(referral: Referral) -> ReferralNotice:
    """Return what stands here in the shape of a notice: every door is judged by the same rules."""
    terms, facts = referral.authorization.terms, referral.veteran.facts
    lines = referral.authorization.services.all()
    return ReferralNotice(
        number=referral.number,
        last_name=facts.last_name,
        first_name=facts.first_name,
        date_of_birth=facts.date_of_birth,
        va_status=referral.va_status,
        referral_date=terms.valid_from,
        expiration_date=terms.valid_through,
        lines=tuple(StatedLine(row.description, LimitKind(row.limit_kind), row.visits_authorized) for row in lines),
    )


def standing_in_full(referral: Referral) -> ReferralNotice:
    """Return everything that stands here in the shape of a notice, to be compared with one."""
    terms, facts = referral.authorization.terms, referral.veteran.facts
    seoc = terms.seoc_version
    return replace(
        _standing(referral),
        middle_name=facts.middle_name,
        icn=facts.icn,
        consult_id=referral.consult_id,
        affiliation=Affiliation(referral.affiliation),
        station=referral.station,
        category_of_care=referral.category_of_care,
        priority=referral.priority,
        seoc=seoc.seoc_id if seoc else "",
        seoc_days=seoc.duration_days if seoc else None,
    )


def _held_by_notices(referral: Referral) -> set[HoldReason]:
    known = getattr(referral, "pending_notices", None)
    pending = referral.notices.filter(pending=True) if known is None else known
    return {reason for notice in pending for reason in notice.held_for}


def authorizations(by: Actor) -> QuerySet[Authorization]:
    """Return the practice's authorizations with everything a list shows, in one query and one prefetch."""
    rows = access.scope(Authorization.objects.all(), by)
    lines = Prefetch("services", AuthorizedService.objects.order_by("number"))
    known = rows.select_related("referral", "veteran__current", "current", "home_location")
    return known.prefetch_related(lines)


def also_open(authorization: Authorization, by: Actor, *, on: date) -> QuerySet[Authorization]:
    """Return the Veteran's other authorizations under which a visit may be given on that civil day."""
    rows = authorizations(by).filter(veteran=authorization.veteran_id, referral__state=ReferralState.ACCEPTED)
    rows = rows.filter(current__valid_from__lte=on, current__valid_through__gte=on)
    return rows.exclude(pk=authorization.pk).order_by("referral__number")


_BOOKED = Visit.objects.filter(authorization=OuterRef("authorization_id"), state=VisitState.BOOKED)
_LINE = (
    *("number", "description", "limit_kind", "visits_authorized"),
    *("visits_before_us", "visits_over", "visits_held", "visits_used"),
)
_LINES = AuthorizedService.objects.filter(authorization=OuterRef("authorization_id"))


def listed(by: Actor, *, days: Mapping[int, date]) -> QuerySet[AuthorizationVersion, Any]:
    """Return the practice's authorizations with what a list shows and nothing else, in one query; see ``spelled_out``.

    The rows are the current terms, so that one index gives practice, last day and order. ``days`` is today by
    location id: the next visit is one of today or later.
    """
    return access.scope(_listed(tuple(sorted(days.items()))), by)


@lru_cache(maxsize=64)
def _listed(days: tuple[tuple[int, date], ...]) -> QuerySet[AuthorizationVersion, Any]:
    """Built once a day: what Django does to join six tables takes as long as the database needs for the rows."""
    coming = _BOOKED.filter(_compared(dict(days), "gte")).order_by("on")
    return AuthorizationVersion.objects.filter(current_of__isnull=False).values(
        *("pk", "authorization_id", "valid_from", "valid_through"),
        referral_number=F("current_of__referral__number"),
        state=F("current_of__referral__state"),
        home_location_id=F("current_of__home_location_id"),
        runs_out_on=F("current_of__runs_out_on"),
        veteran_id=F("current_of__veteran_id"),
        last_name=F("current_of__veteran__current__last_name"),
        first_name=F("current_of__veteran__current__first_name"),
        middle_name=F("current_of__veteran__current__middle_name"),
        next_visit=Subquery(coming.values("on")[:1]),
        services=Subquery(_LINES.values(every=JSONList(JSONArray(*_LINE)))),
    )


def current_terms(by: Actor) -> QuerySet[AuthorizationVersion]:
    """Return the terms as they stand now of each of the practice's authorizations: the rows of ``listed``."""
    return access.scope(AuthorizationVersion.objects.filter(current_of__isnull=False), by)


def with_counted_lines(terms: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return those of the terms, or of ``listed``, whose authorization has a line with a number of visits."""
    return terms.filter(Exists(_LINES.filter(limit_kind=LimitKind.COUNTED)))


def counted_visits(terms: QuerySet[AuthorizationVersion]) -> dict[int | None, tuple[int, int, int, int]]:
    """Return by home location the visits authorized, given before us, held and used, on the counted lines of these."""
    lines = AuthorizedService.objects.filter(limit_kind=LimitKind.COUNTED)
    lines = lines.filter(authorization__in=terms.order_by().values("authorization_id"))
    names = ("visits_authorized", "visits_before_us", "visits_held", "visits_used")
    rows = lines.order_by().values_list("authorization__home_location").annotate(*(Sum(name) for name in names))
    return {home: tuple(counts) for home, *counts in rows}


def _compared(days: Mapping[int, date], comparison: str) -> Q:
    """Return the condition that a visit's day compares so ("lt", "gte") with today at its own location."""
    found = Q(pk__in=())
    for day in sorted(set(days.values())):
        places = [location_id for location_id, its_day in days.items() if its_day == day]
        found |= Q(**{f"on__{comparison}": day}, location__in=places)
    return found


def spelled_out(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of ``listed`` to be shown, with the Veteran's ``name`` and its ``lines``: description and count."""
    name = display_name(row["last_name"], row["first_name"], row["middle_name"])
    sight.note([row["veteran_id"]])
    return row | {"name": name, "lines": [_line(*line) for line in sorted(row["services"] or ())]}


def _line(_: int, description: str, limit_kind: str, *counts: Any) -> dict[str, Any]:
    return {"description": description, "limit_kind": limit_kind, "count": LineCount(LimitKind(limit_kind), *counts)}


def active_authorizations(by: Actor) -> QuerySet[Authorization]:
    """Return authorizations of confirmed referrals."""
    return authorizations(by).filter(referral__state=ReferralState.ACCEPTED)


_OF_A_DAY = (
    *("practice", "authorization", "veteran", "location", "state", "walk_in", "on", "starts_at", "reason"),
    *("waits_for", "kept_until"),
    *("authorization__current", "authorization__current__valid_from", "authorization__current__valid_through"),
    *("authorization__referral", *(f"authorization__referral__{name}" for name in ("state", "affiliation", "network"))),
    *(f"veteran__current__{name}" for name in ("last_name", "first_name", "middle_name", "date_of_birth")),
)


def day(by: Actor, *, on: date) -> QuerySet[Visit]:
    """Return the visits of a civil day in the order of the clock."""
    rows = access.scope(Visit.objects.filter(on=on), by)
    known = rows.select_related("veteran__current", "authorization__current", "authorization__referral")
    # Prefetched, not joined: the visits of a day are at a few places, by a few clinicians. And only what is shown.
    return known.prefetch_related("location", _with_services()).only(*_OF_A_DAY).order_by("starts_at", "pk")


def unclosed(by: Actor, *, days: Mapping[int, date]) -> QuerySet[Visit]:
    """Return visits of past days that nobody completed, cancelled or marked as no-show, the oldest first.

    ``days`` is today by location id.
    """
    rows = access.scope(Visit.objects.filter(_compared(days, "lt"), state__in=EXPECTED), by)
    known = rows.select_related("veteran__current", "location", "authorization__referral")
    return known.prefetch_related(_with_services()).order_by("on", "starts_at", "pk")


def days_left_open(by: Actor, *, location_id: int, before: date) -> list[tuple[date, int]]:
    """Return the civil days before that one with open visits at a place, the first on top, and how many each has."""
    rows = access.scope(Visit.objects.filter(location_id=location_id, on__lt=before, state__in=EXPECTED), by)
    return list(rows.order_by("on").values_list("on").annotate(n=Count("pk")))


def closed_days(by: Actor, *, since: date) -> QuerySet[ClosedDays]:
    """Return the practice's closed days that are not over on that civil day, the first ones on top."""
    rows = access.scope(ClosedDays.objects.filter(valid_through__gte=since), by)
    return rows.select_related("location").order_by("valid_from", "pk")


def absences(by: Actor, *, since: date) -> QuerySet[Absence]:
    """Return the absences of clinicians that are not over on that civil day, the first ones on top."""
    rows = access.scope(Absence.objects.filter(valid_through__gte=since), by)
    return rows.select_related("clinician").order_by("valid_from", "pk")


def closed_on(location: ServiceLocation, on: date) -> ClosedDays | None:
    """Return what closes a place on a civil day, nothing when it is open."""
    here = Q(location=location) | Q(location__isnull=True)
    rows = ClosedDays.objects.filter(here, practice_id=location.practice_id, valid_from__lte=on, valid_through__gte=on)
    return rows.order_by("pk").first()


def away_on(clinician_ids: Iterable[int], on: date) -> set[int]:
    """Return which of these clinicians are away on a civil day."""
    rows = Absence.objects.filter(clinician_id__in=list(clinician_ids), valid_from__lte=on, valid_through__gte=on)
    return set(rows.values_list("clinician_id", flat=True))


def planned_on_closed(closed: ClosedDays) -> QuerySet[Visit]:
    """Return the booked and penciled visits that fall on closed days, in the order of the clock."""
    rows = _planned_within(closed)
    return rows.filter(location_id=closed.location_id) if closed.location_id else rows


def planned_in_absence(absence: Absence) -> QuerySet[Visit]:
    """Return the booked and penciled visits in which a clinician who is away has a part, in the order of the clock."""
    mine = VisitService.objects.filter(visit=OuterRef("pk"), clinician_id=absence.clinician_id)
    return _planned_within(absence).filter(Exists(mine))


def _planned_within(days: ClosedDays | Absence) -> QuerySet[Visit]:
    still = (VisitState.PENCILLED, VisitState.BOOKED)
    rows = Visit.objects.filter(practice_id=days.practice_id, state__in=still)
    rows = rows.filter(on__range=(days.valid_from, days.valid_through))
    return rows.select_related("location", "authorization__referral").order_by("starts_at", "pk")


def unclosed_holds(authorization: Authorization, *, days: Mapping[int, date]) -> dict[int, int]:
    """Return by line how many of its held visits are booked on a day that has passed; ``days`` as in ``unclosed``."""
    past = authorization.visits.filter(_compared(days, "lt"), state=VisitState.BOOKED)
    rows = VisitService.objects.filter(visit__in=past).order_by().values_list("service_id")
    return dict(rows.annotate(n=Count("visit", distinct=True)))


def booked(authorization: Authorization) -> QuerySet[Visit]:
    """Return the booked visits of an authorization in the order of the clock."""
    rows = authorization.visits.filter(state=VisitState.BOOKED).select_related("location")
    return rows.order_by("starts_at", "pk")


def penciled(authorization: Authorization) -> QuerySet[Visit]:
    """Return the penciled visits of an authorization in the order of the clock."""
    rows = authorization.visits.filter(state=VisitState.PENCILLED).select_related("location")
    return rows.order_by("starts_at", "pk")


def penciled_due(location: ServiceLocation, *, today: date) -> QuerySet[Visit]:
    """Return a location's penciled visits that nobody waits for any more: too late, or their referral has ended."""
    rows = Visit.objects.filter(location=location, state=VisitState.PENCILLED)
    over = Q(kept_until__lt=today) | Q(authorization__referral__state__in=ENDED)
    return rows.filter(over).select_related("authorization__referral").order_by("starts_at", "pk")


def booked_outside(authorization: Authorization) -> QuerySet[Visit]:
    """Return the booked visits on days that are not authorized, as the terms stand now."""
    terms = authorization.terms
    outside = Q(on__lt=terms.valid_from) if terms.valid_from else Q(pk__in=())
    if terms.valid_through:
        outside |= Q(on__gt=terms.valid_through)
    return booked(authorization).filter(outside)


def visits(authorization: Authorization) -> QuerySet[Visit]:
    """Return the visits of an authorization, newest first."""
    rows = authorization.visits.select_related("location").prefetch_related(_with_services())
    return rows.order_by("-starts_at", "-pk")


def _with_services() -> Prefetch:
    rows = VisitService.objects.select_related("service").prefetch_related("clinician").order_by("pk")
    return Prefetch("services", rows)


def completed_visits(by: Actor, visit_ids: Sequence[int] | None = None) -> QuerySet[Visit]:
    """Return completed visits with what a claim needs."""
    rows = access.scope(Visit.objects.filter(state=VisitState.COMPLETED), by)
    if visit_ids is not None:
        rows = rows.filter(pk__in=visit_ids)
    known = rows.select_related("location", "authorization__current", "authorization__referral", "veteran__current")
    return known.prefetch_related(_with_services()).order_by("authorization_id", "starts_at", "pk")


def services_of(visit_ids: Iterable[int], by: Actor) -> list[tuple[int, str, int]]:
    """Return visit id, code and units of each service of these visits."""
    rows = access.scope(VisitService.objects.filter(Among("visit_id", visit_ids)), by)
    return list(rows.order_by("pk").values_list("visit_id", "code", "units"))


def visits_at(location: ServiceLocation) -> QuerySet[Visit]:
    """Return every visit at a place."""
    return Visit.objects.filter(location=location)


def visits_for_va(by: Actor) -> QuerySet[Visit]:
    """Return the completed visits for which VA itself is billed."""
    rows = access.scope(Visit.objects.filter(state=VisitState.COMPLETED), by)
    return rows.filter(authorization__referral__affiliation__in=[one for one in Affiliation if bills_va(one)])


def lock_visits(visit_ids: Sequence[int]) -> None:
    """Lock the visits' rows in one order until the commit, so that none is voided while it is being claimed."""
    list(
        Visit.objects.select_for_update(no_key=True)
        .filter(pk__in=visit_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def veterans(by: Actor) -> QuerySet[Veteran]:
    """Return the practice's Veterans by name."""
    rows = access.scope(Veteran.objects.select_related("current"), by)
    return rows.order_by("current__last_name", "current__first_name", "pk")


def holds_standing(by: Actor) -> QuerySet[LegalHold]:
    """Return the practice's legal holds that are not lifted."""
    return access.scope(LegalHold.objects.filter(lifted_at__isnull=True), by)


def holds_on(veteran: Veteran, by: Actor) -> QuerySet[LegalHold]:
    """Return the holds that keep a Veteran's records, the oldest first: their own, and those of the whole practice."""
    mine = Q(veteran=veteran) | Q(veteran__isnull=True)
    return holds_standing(by).filter(mine).select_related("placed_by").order_by("placed_at", "pk")


def watched(by: Actor, *, location_id: int, ended_since: date) -> QuerySet[Authorization]:
    """Return the active authorizations of a home location that have not ended before a day."""
    rows = active_authorizations(by).filter(home_location_id=location_id)
    return rows.filter(current__valid_through__gte=ended_since).order_by("pk")


@dataclass(frozen=True, slots=True)
class Booking:
    """One clinician's part of a booked visit: what an approval of somebody or something must cover."""

    pk: int
    on: date
    affiliation: str
    location_id: int
    state: str
    clinician_id: int


def bookings(by: Actor, *, since: date) -> Iterator[Booking]:
    """Return the booked visits of a day and later, one for each clinician of a visit."""
    rows = access.scope(VisitService.objects.filter(visit__state=VisitState.BOOKED, visit__on__gte=since), by)
    names = ("on", "authorization__referral__affiliation", "location_id", "location__state")
    columns = ("visit_id", *(f"visit__{name}" for name in names), "clinician_id")
    return (Booking(*row) for row in rows.order_by("pk").values_list(*columns))


def miscounted(by: Actor) -> QuerySet[AuthorizedService]:
    """Return lines whose counters are not what their ledger adds up to: always none, checked by tests and jobs."""
    rows = access.scope(AuthorizedService.objects.all(), by)
    summed = rows.annotate(held_sum=Sum("entries__held_change"), used_sum=Sum("entries__used_change"))
    moved = summed.filter(~Q(visits_held=F("held_sum")) | ~Q(visits_used=F("used_sum")))
    never = summed.filter(held_sum__isnull=True).exclude(visits_held=0, visits_used=0)
    return (moved.filter(held_sum__isnull=False) | never).order_by("pk")


def ledger(authorization: Authorization) -> QuerySet[LedgerEntry]:
    """Return the entries of an authorization in the order in which they were recorded."""
    rows = LedgerEntry.objects.filter(service__authorization=authorization)
    return rows.select_related("service", "visit").order_by("recorded_at", "pk")


def counts_by_state(by: Actor) -> dict[str, int]:
    """Return the number of referrals by state."""
    rows = access.scope(Referral.objects.all(), by)
    return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


def named_in(lines: Sequence[str], by: Actor) -> list[dict[str, Any]]:
    """Return the lines about referrals of the practice, each as ``number``, ``said`` and ``authorization_id``."""
    told = [line.partition(" ") for line in lines]
    rows = access.scope(Authorization.objects.filter(referral__number__in={number for number, _, _ in told}), by)
    told_of = list(rows.values_list("referral__number", "pk", "veteran_id"))
    sight.note(veteran for *_, veteran in told_of)
    known = {number: pk for number, pk, _ in told_of}
    return [
        {"number": number, "said": said, "authorization_id": known[number]}
        for number, _, said in told
        if number in known
    ]


def veterans_in_report(lines: Sequence[str], practice_id: int) -> set[int]:
    """Return the ids of the Veterans of the referrals that the lines begin with."""
    numbers = {line.partition(" ")[0] for line in lines}
    rows = Referral.objects.filter(practice_id=practice_id, number__in=numbers)
    return set(rows.values_list("veteran_id", flat=True))


_VETERAN: dict[str, tuple[type[Model], str]] = {
    "referral": (Referral, "veteran_id"),
    "authorization": (Authorization, "veteran_id"),
    "authorizedservice": (AuthorizedService, "authorization__veteran_id"),
    "visit": (Visit, "veteran_id"),
}


def veterans_of(kind: str, ids: Iterable[int]) -> set[int]:
    """Return the ids of the Veterans of rows of a kind; of another kind there are none."""
    model, column = _VETERAN.get(kind, (None, ""))
    return set(model._default_manager.filter(pk__in=ids).values_list(column, flat=True)) if model else set()


def authorization_of_lines(service_ids: set[int], by: Actor) -> dict[int, int]:
    """Return the authorization's id by the id of its service line."""
    rows = access.scope(AuthorizedService.objects.filter(pk__in=service_ids), by)
    return dict(rows.values_list("pk", "authorization_id"))


def authorization_of_visits(visit_ids: set[int], by: Actor) -> dict[int, int]:
    """Return the authorization's id by the id of its visit; without ids nothing is asked."""
    rows = access.scope(Visit.objects.filter(pk__in=visit_ids), by)
    return dict(rows.values_list("pk", "authorization_id"))


def veterans_authorized(authorization_ids: set[int], by: Actor) -> dict[int, dict[str, Any]]:
    """Return by authorization id its ``pk``, and ``veteran_id`` and ``name`` of the Veteran."""
    rows = access.scope(Authorization.objects.filter(pk__in=authorization_ids), by)
    facts = (f"veteran__current__{name}" for name in ("last_name", "first_name", "middle_name"))
    named = list(rows.values_list("pk", "veteran_id", *facts))
    sight.note(veteran for _, veteran, *_ in named)
    return {pk: {"pk": pk, "veteran_id": veteran, "name": display_name(*name)} for pk, veteran, *name in named}


def used_by_day(service_ids: Sequence[int]) -> list[tuple[date, int]]:
    """Return how many visits of these lines were used in all by the end of each civil day on which that changed."""
    rows = LedgerEntry.objects.filter(service_id__in=service_ids).exclude(used_change=0)
    daily = rows.order_by("on").values_list("on").annotate(change=Sum("used_change"))
    days = [(on, change) for on, change in daily if change]
    return [(on, sum(change for _, change in days[: place + 1])) for place, (on, _) in enumerate(days)]


FORETOLD_AT_MOST = timedelta(days=366)  # what is foretold beyond a year is no news, and no sure one


@dataclass(frozen=True, slots=True)
class Running:
    """An authorization of a confirmed referral: its last day, and today where it has its home."""

    pk: int
    last_day: date | None
    today: date


def foretold(running: Iterable[Running], by: Actor) -> dict[int, Forecast]:
    """Return by id when cover ends at the present pace, of those that still run and of which something can be told."""
    open_ = [one for one in running if not one.last_day or one.last_day >= one.today]
    if not open_:
        return {}
    today = max(one.today for one in open_)
    lead, pace = _spans(by, today)
    known = courses([one.pk for one in open_], by, since=today - pace)
    told = ((one, forecast(known.get(one.pk, ()), last_day=one.last_day, today=one.today, lead=lead)) for one in open_)
    return {one.pk: found for one, found in told if found and found.runs_out_on <= one.today + FORETOLD_AT_MOST}


def _spans(by: Actor, today: date) -> tuple[timedelta, timedelta]:
    """Return how long before the end VA has to be asked, and how far back the pace is taken from."""
    known = {one.name: setting.value for one, setting in parameters.all_in_force(practice_id=by.practice_id, on=today)}
    lead = int(known["va-turnaround-days"]) + int(known["request-margin-days"])
    return timedelta(days=lead), timedelta(days=int(known["pace-days"]))


def courses(authorization_ids: Iterable[int], by: Actor, *, since: date) -> dict[int, list[Course]]:
    """Return by authorization how the visits of its counted lines go; given visits count from that day on."""
    rows = AuthorizedService.objects.filter(Among("authorization_id", authorization_ids), limit_kind=LimitKind.COUNTED)
    spoken = F("visits_before_us") + F("visits_used")
    lines = access.scope(rows, by).values_list("pk", "authorization_id", F("visits_authorized") - spoken)
    found = list(lines.order_by("pk"))
    given, booked = _days_of_lines([pk for pk, _, _ in found], by, since=since)
    courses: dict[int, list[Course]] = {}
    for pk, authorization_id, left in found:
        course = Course(left, tuple(given.get(pk, ())), tuple(booked.get(pk, ())))
        courses.setdefault(authorization_id, []).append(course)
    return courses


def _days_of_lines(
    service_ids: Sequence[int], by: Actor, *, since: date
) -> tuple[dict[int, list[date]], dict[int, list[date]]]:
    """Return by line the days of visits given since that day, and of those that are booked."""
    rows = access.scope(VisitService.objects.filter(Among("service_id", service_ids)), by)
    counted = Q(visit__state__in=GIVEN, visit__on__gte=since) | Q(visit__state=VisitState.BOOKED)
    names = ("service_id", "visit__state", "visit__on", "visit_id")  # a visit counts once on a line, whatever was given
    given: dict[int, list[date]] = {}
    booked: dict[int, list[date]] = {}
    for line, state, on, _ in rows.filter(counted).order_by("visit__on").values_list(*names).distinct():
        (booked if state == VisitState.BOOKED else given).setdefault(line, []).append(on)
    return given, booked


def days_counted(
    line: AuthorizedService, spans: Iterable[tuple[date, date]], *, besides: int | None = None
) -> list[date]:
    """Return the civil days of the visits of a line that are booked or given, from the first of the spans to the last.

    ``besides``: a visit that does not count.
    """
    first, last = zip(*spans, strict=True)
    rows = Visit.objects.filter(state__in=(*EXPECTED, VisitState.COMPLETED), on__range=(min(first), max(last)))
    rows = rows.filter(authorization_id=line.authorization_id, services__service=line).exclude(
        pk__in=[besides] if besides else []
    )
    return [on for on, _ in rows.order_by("on", "pk").values_list("on", "pk").distinct()]


def held_by_day(service_ids: Sequence[int]) -> list[tuple[date, int]]:
    """Return how many visits of these lines are held by bookings on each coming civil day."""
    rows = LedgerEntry.objects.filter(service_id__in=service_ids, visit__state=VisitState.BOOKED)
    daily = rows.order_by("on").values_list("on").annotate(held=Sum("held_change"))
    return [(on, held) for on, held in daily if held]


def still_booked(by: Actor) -> QuerySet[Visit]:
    """Return the practice's visits that are booked and not over, the first one first."""
    rows = access.scope(Visit.objects.filter(state__in=EXPECTED), by)
    return rows.select_related("authorization__referral").order_by("starts_at", "pk")


def visit_at(veteran: Veteran, starts_at: datetime, *, besides: Visit | None = None) -> Visit | None:
    """Return another visit of the Veteran that begins at that moment, unless it was cancelled, missed or struck."""
    rows = veteran.visits.filter(starts_at=starts_at, state__in=(*PLANNED, VisitState.COMPLETED))
    rows = rows.exclude(pk=besides.pk) if besides else rows
    return rows.select_related("authorization__referral").first()


def visits_of_veteran(veteran: Veteran) -> QuerySet[Visit]:
    """Return a Veteran's visits under any authorization, newest first."""
    rows = veteran.visits.select_related("location", "authorization__referral").prefetch_related(_with_services())
    return rows.order_by("-starts_at", "-pk")


def veterans_named(by: Actor, words: str) -> QuerySet[Veteran]:
    """Return Veterans whose last or first name starts with the words, or who have a referral of that number."""
    rows = veterans(by)
    if not words:
        return rows
    last, _, first = (part.strip() for part in words.partition(","))
    named = Q(current__last_name__istartswith=last, current__first_name__istartswith=first)
    numbered = Exists(Referral.objects.filter(veteran=OuterRef("pk"), number=words.upper()))
    return rows.filter(named | Q(current__first_name__istartswith=words) | Q(numbered))
