"""The list of authorizations, its badges, and how the visits of one run down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Q, QuerySet

from billing import queries as billing
from referrals import queries as referrals
from referrals.domain.drawdown import LineCount
from referrals.domain.forecast import Forecast
from referrals.domain.states import LimitKind, ReferralState
from vca.core.access import Actor
from vca.core.pages import KeysetPage, keyset_by_day
from vca.desk.queries import forecasts
from vca.desk.queries.calendar import Calendar
from vca.domain.periods import Period

SOON_DAYS = 30
FEW_VISITS = 2
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# The views of the list that ask when an authorization ends: days from today to its last day.
LAST_DAYS: dict[str, dict[str, int]] = {
    "active": {"gte": 0},
    "next": {"gte": 0},
    "ending": {"gte": 0, "lte": SOON_DAYS},
    "counted": {"gte": 0},
    "ended": {"lt": 0},
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which authorizations: a view of the list, a home location, the week from a Monday on in which they end."""

    view: str = "active"
    place: int | None = None
    week: date | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """Visits of counted lines: authorized by VA, given before us, held by bookings, used here."""

    authorized: int = 0
    before_us: int = 0
    held: int = 0
    used: int = 0

    @property
    def given(self) -> int:
        """Visits used, by us and before us."""
        return self.before_us + self.used

    @property
    def left(self) -> int:
        """Visits that can still be drawn."""
        return self.authorized - self.given - self.held

    @property
    def percent(self) -> Decimal | None:
        """How much of what is authorized was given, at one place; None when nothing is authorized."""
        tenths = Decimal("0.1")
        share = Decimal(100 * self.given) / self.authorized if self.authorized else None
        return None if share is None else share.quantize(tenths, rounding=ROUND_HALF_UP)

    def __add__(self, other: "Use") -> "Use":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Use(*(one + another for one, another in pairs))


def authorization_page(by: Actor, choice: Choice, *, after: str, calendar: Calendar) -> KeysetPage[dict[str, Any]]:
    """Return a page of the list of authorizations with lines and badges, the one that ends or runs out first on top.

    Each is judged by ``today`` at its home location.
    """
    rows = chosen(referrals.listed(by, days=calendar.days), choice, calendar)
    page = keyset_by_day(rows, "runs_out_on" if choice.view == "next" else "valid_through", after=after)
    shown = [_with_badges(referrals.spelled_out(row), calendar) for row in page.rows]
    told = forecasts.of_rows(shown, by)
    shown = [row | {"forecast": told.get(row["authorization_id"])} for row in shown]
    if choice.view == "counted":
        shown = [row | {"lines": [line for line in row["lines"] if _is_counted(line)]} for row in shown]
    return KeysetPage(shown, page.older)


def _is_counted(line: dict[str, Any]) -> bool:
    return bool(line["limit_kind"] == LimitKind.COUNTED)


def total(by: Actor, choice: Choice, calendar: Calendar) -> tuple[int, Use | None]:
    """Return how many authorizations all pages of the list show, and for the counted lines their visits."""
    terms = chosen(referrals.current_terms(by), choice, calendar)
    return terms.count(), use_of(terms)[1] if choice.view == "counted" else None


def use_of(terms: QuerySet[Any, Any]) -> tuple[dict[int | None, Use], Use]:
    """Return the visits of the counted lines of these authorizations by home location, and of all together."""
    by_home = {home: Use(*counts) for home, counts in referrals.counted_visits(terms).items()}
    return by_home, sum(by_home.values(), Use())


def chosen(rows: QuerySet[Any, Any], choice: Choice, calendar: Calendar) -> QuerySet[Any, Any]:
    """Return those of the current terms, or of the rows of the list, that a choice shows."""
    if choice.place is not None:
        rows = rows.filter(current_of__home_location=choice.place)
    if choice.week is not None:
        rows = rows.filter(valid_through__range=(choice.week, choice.week + WEEK - DAY))
    if choice.view == "all":
        return rows.filter(valid_through__isnull=False)
    accepted = rows.filter(current_of__referral__state=ReferralState.ACCEPTED)
    if choice.view == "counted":
        accepted = referrals.with_counted_lines(accepted)
    return accepted.filter(_last_day(calendar, **LAST_DAYS[choice.view]))


def _last_day(calendar: Calendar, **bounds: int) -> Q:
    """Return the condition that the last day lies so many days after today at the home location (``gte=0``)."""
    found = Q(pk__in=())
    for today in sorted({*calendar.days.values(), calendar.today}):
        within = Q(**{f"valid_through__{name}": today + days * DAY for name, days in bounds.items()})
        homes = [place for place, day in calendar.days.items() if day == today]
        at_home = Q(current_of__home_location__in=homes)
        if today == calendar.today:
            at_home |= Q(current_of__home_location__isnull=True)
        if len(homes) == len(calendar.days):
            return within  # the day is the same everywhere: one range of the index
        found |= within & at_home
    return found


def _with_badges(row: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    period, counts = Period(row["valid_from"], row["valid_through"]), [line["count"] for line in row["lines"]]
    today = calendar.day_at(row["home_location_id"])
    return row | {"badges": badges_for(row["state"], period, counts, today=today), "today": today}


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


def foretold(
    authorization: Any, forecast: Forecast | None, known: Sequence[tuple[date, int]]
) -> list[tuple[date, int]]:
    """Return the line from the last point that is known to the last authorized visit at the present pace.

    It is drawn for one counted line: several together have no pace in common.
    """
    lines = [line for line in authorization.services.all() if line.limit_kind == LimitKind.COUNTED]
    start, left = max(known, key=lambda point: (point[0], -point[1]))
    if len(lines) > 1 or not forecast or not forecast.last_visit_on or left <= 0 or forecast.last_visit_on <= start:
        return []
    return [(start, left), (forecast.last_visit_on, 0)]


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
