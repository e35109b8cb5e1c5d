"""What the desk shows of both apps at once. It writes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from billing import queries as billing
from referrals import queries as referrals
from referrals.domain.drawdown import LineCount
from referrals.domain.routing import bills_va, where_to_bill
from referrals.domain.states import Affiliation, LimitKind, ReferralState
from vca.core.access import Actor
from vca.core.alerts import open_alerts
from vca.core.models import Alert, Task
from vca.core.pages import KeysetPage, keyset_by_day
from vca.core.services import chores
from vca.domain.periods import Period
from vca.domain.wording import say_day

SOON_DAYS = 30
FEW_VISITS = 2


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether VA covers a visit: the answer, why, and the rule. It speaks of cover, never of whether to treat."""

    answer: str
    reason: str
    rule_code: str = ""


COVERED, CHECK_FIRST, NOT_COVERED, NETWORK = "covered", "check", "not_covered", "network"


def cover(visit: Any) -> Cover:
    """Return whether VA covers that visit, from its authorization as it stands now."""
    referral, terms = visit.authorization.referral, visit.authorization.terms
    if referral.state != ReferralState.ACCEPTED:
        return Cover(NOT_COVERED, f"The referral is {referral.get_state_display().lower()}.", "VISIT-01")
    if visit.on not in terms.period:
        return Cover(
            NOT_COVERED,
            f"The authorization runs from {_day(terms.valid_from)} to {_day(terms.valid_through)}.",
            "VISIT-03",
        )
    over = [one.service for one in visit.services.all() if one.service.visits_over]
    if over:
        return Cover(CHECK_FIRST, f"VA cut the line below what is booked and used: {over[0].description}.", "VISIT-02")
    return _ends_or_runs_out(visit, terms)


def _ends_or_runs_out(visit: Any, terms: Any) -> Cover:
    referral = visit.authorization.referral
    affiliation = Affiliation(referral.affiliation)
    payer = "" if bills_va(affiliation) else " " + where_to_bill(affiliation, network=referral.network)
    last = [one.service for one in visit.services.all() if _is_last(one.service)]
    if last and visit.state in referrals.EXPECTED:
        return Cover(CHECK_FIRST, f"The last authorized visit on this line: {last[0].description}.{payer}", "AUTH-02")
    authorized = f"Authorized through {_day(terms.valid_through)}.{payer}"
    return Cover(NETWORK, authorized, "CLAIM-08") if payer else Cover(COVERED, authorized)


def _is_last(line: Any) -> bool:
    return line.limit_kind == LimitKind.COUNTED and line.count.left == 0 and line.visits_held <= 1


def _day(day: date | None) -> str:
    return say_day(day) if day else "a day that is not stated"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Today by location id, since the civil day differs between zones; ``today`` is the latest of places in use."""

    days: Mapping[int, date]
    today: date


def todays_visits(by: Actor, *, days: Mapping[int, date]) -> list[tuple[Any, Cover]]:
    """Return the visits of each location's own today with their cover; ``days`` is today by location id."""
    found = [visit for day in sorted(set(days.values())) for visit in referrals.day(by, on=day)]
    here = [visit for visit in found if visit.on == days.get(visit.location_id)]
    return [(visit, cover(visit)) for visit in sorted(here, key=lambda visit: (visit.starts_at, visit.pk))]


def authorization_page(by: Actor, *, view: str, after: str, calendar: Calendar) -> KeysetPage[dict[str, Any]]:
    """Return a page of the list of authorizations with lines and badges, the one that ends first on top."""
    rows = _viewed(referrals.listed(by, days=calendar.days), view, calendar.today)
    page = keyset_by_day(rows, "valid_through", after=after)
    return KeysetPage([_with_badges(referrals.spelled_out(row), calendar.today) for row in page.rows], page.older)


def _viewed(rows: QuerySet[Any, dict[str, Any]], view: str, today: date) -> QuerySet[Any, dict[str, Any]]:
    if view == "ended":
        return rows.filter(state=ReferralState.ACCEPTED, valid_through__lt=today)
    if view == "all":
        return rows.filter(valid_through__isnull=False)
    return rows.filter(state=ReferralState.ACCEPTED, valid_through__gte=today)


def _with_badges(row: dict[str, Any], today: date) -> dict[str, Any]:
    period, counts = Period(row["valid_from"], row["valid_through"]), [line["count"] for line in row["lines"]]
    return row | {"badges": badges_for(row["state"], period, counts, today=today)}


def badges(authorization: Any, *, today: date) -> list[str]:
    """Return the states of an authorization that are computed, never stored, the gravest first."""
    counts = [line.count for line in authorization.services.all()]
    return badges_for(authorization.referral.state, authorization.terms.period, counts, today=today)


def badges_for(state: str, period: Period, counts: Iterable[LineCount], *, today: date) -> list[str]:
    """Return the badges of a referral's state, the authorized days and the counts of its lines."""
    if state != ReferralState.ACCEPTED:
        return [state]
    left = [count.left for count in counts if count.left is not None]
    days = period.days_left(today)
    checks = (
        ("EXPIRED", days is not None and days < 0),
        ("EXHAUSTED", bool(left) and max(left) <= 0),
        ("EXPIRING", days is not None and 0 <= days <= SOON_DAYS),
        ("LOW_VISITS", (bool(left) and 0 < min(left) <= FEW_VISITS) or (bool(left) and min(left) <= 0 < max(left))),
    )
    found = [name for name, holds in checks if holds]
    return found or ["ACTIVE"]


def lines(authorization: Any, *, days: Mapping[int, date]) -> list[dict[str, Any]]:
    """Return the lines of an authorization with, beside the counts, holds of past days and what billing knows."""
    services = list(authorization.services.all())
    billed = billing.visits_billed([line.pk for line in services])
    unclosed = referrals.unclosed_holds(authorization, days=days)
    nothing = (0, 0)
    return [
        {
            "line": line,
            "count": line.count,
            "unclosed": unclosed.get(line.pk, 0),
            "billed": billed.get(line.pk, nothing)[0],
            "paid": billed.get(line.pk, nothing)[1],
        }
        for line in services
    ]


def alert_page(by: Actor, *, after: str) -> KeysetPage[dict[str, Any]]:
    """Return a page of open alerts with the authorization of each, the most urgent first, those without a day last."""
    rows = open_alerts(by).annotate(day=Coalesce("due_on", date.max))
    page = keyset_by_day(rows.values("pk", "day"), "day", after=after)
    found = rows.filter(pk__in=[row["pk"] for row in page.rows]).order_by("day", "pk")
    return KeysetPage(alerts_shown(found, by), page.older)


def alerts_shown(alerts: Iterable[Alert], by: Actor) -> list[dict[str, Any]]:
    """Return alerts with the authorization that each is about: its ``pk``, and the Veteran's id and name."""
    alerts = list(alerts)
    subjects: dict[str, set[int]] = {}
    for alert in alerts:
        subjects.setdefault(alert.subject_kind, set()).add(alert.subject_id)
    authorization = {
        "authorization": {pk: pk for pk in subjects.get("authorization", ())},
        "authorizedservice": referrals.authorization_of_lines(subjects.get("authorizedservice", set()), by),
        "visit": referrals.authorization_of_visits(subjects.get("visit", set()), by),
    }
    found = referrals.veterans_authorized({pk for ids in authorization.values() for pk in ids.values()}, by)
    ids = [authorization.get(alert.subject_kind, {}).get(alert.subject_id, 0) for alert in alerts]
    return [{"alert": alert, "authorization": found.get(pk)} for alert, pk in zip(alerts, ids, strict=True)]


def task_page(by: Actor, *, mine: bool, after: str) -> KeysetPage[dict[str, Any]]:
    """Return a page of the actor's tasks, or of those alone that they have taken, the one due first on top."""
    rows = chores.tasks_for(by).annotate(day=Coalesce("due_on", date.max))
    rows = rows.filter(owner_id=by.user_id) if mine else rows
    page = keyset_by_day(rows.values("pk", "day"), "day", after=after)
    found = rows.filter(pk__in=[row["pk"] for row in page.rows]).select_related("owner").order_by("day", "pk")
    return KeysetPage(tasks_shown(found, by), page.older)


def tasks_shown(tasks: Iterable[Task], by: Actor) -> list[dict[str, Any]]:
    """Return tasks with the id of the authorization on whose page each is done."""
    tasks = list(tasks)
    line_ids = {task.subject_id for task in tasks if task.subject_kind == "authorizedservice"}
    referral_ids = {task.subject_id for task in tasks if task.subject_kind == "referral"}
    mine = referrals.authorizations(by).filter(referral__in=referral_ids)
    page = {
        "referral": dict(mine.order_by().values_list("referral_id", "pk")),
        "authorizedservice": referrals.authorization_of_lines(line_ids, by),
    }
    return [{"task": one, "authorization_id": page.get(one.subject_kind, {}).get(one.subject_id)} for one in tasks]


def run_down(authorization: Any, *, today: date) -> tuple[int, list[tuple[date, int]], list[tuple[date, int]]]:
    """Return the limit of all counted lines, visits left day by day, and what booked visits will leave.

    Days are civil days, counts are visits left at the day's end.
    """
    counted = [line for line in authorization.services.all() if line.limit_kind == LimitKind.COUNTED]
    limit = sum(line.visits_authorized - line.visits_before_us for line in counted)
    ids = [line.pk for line in counted]
    used = referrals.used_by_day(ids)
    points = [(day, limit - total) for day, total in used]
    first = authorization.terms.valid_from
    if first and (not points or first < points[0][0]):
        points.insert(0, (first, limit))
    left = points[-1][1] if points else limit
    planned = [(today, left)]
    for day, held in referrals.held_by_day(ids):
        left -= held
        planned.append((max(day, today), left))
    return limit, points, planned if len(planned) > 1 else []
