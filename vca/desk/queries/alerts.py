"""Alerts as the inbox shows them: whom each is about, when it is due at its place, and what may be done about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from referrals import queries as referrals
from vca.core import alerts, vocabulary
from vca.core.access import Actor
from vca.core.models import Alert
from vca.core.pages import KeysetPage, keyset_by_day
from vca.core.services import inbox, practices
from vca.desk.queries.acts import acts
from vca.desk.queries.calendar import today_at
from vca.domain.rules import CATALOGUE

WEEK = timedelta(days=7)
SHOWN_AT_ONCE = 25  # alerts on a page: each has its own forms
GROUPS = ("Today", "This week", "Later")
SUBJECTS = ("owner", "location", "snoozed_by")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts are asked for: those of one kind, or of all; taken by the actor alone; asleep, or else awake."""

    kind: str = ""
    mine: bool = False
    snoozed: bool = False


def alert_page(by: Actor, *, wanted: Wanted, at: datetime, after: str) -> KeysetPage[dict[str, Any]]:
    """Return a page of open alerts, in the groups by due day; of those asleep, the one that wakes first on top."""
    day = F("snoozed_until") if wanted.snoozed else Coalesce("due_on", date.max)
    rows = _wanted(by, wanted, at).annotate(day=day)
    page = keyset_by_day(rows.values("pk", "day"), "day", after=after, size=SHOWN_AT_ONCE)
    found = rows.filter(pk__in=[row["pk"] for row in page.rows]).select_related(*SUBJECTS).order_by("day", "pk")
    rows_shown = shown(found, by, at=at)
    # Where places differ by a day, one that is due today may stand behind one that is due tomorrow.
    return KeysetPage(rows_shown if wanted.snoozed else sorted(rows_shown, key=_place_of_group), page.older)


def _wanted(by: Actor, wanted: Wanted, at: datetime) -> QuerySet[Alert]:
    rows = alerts.asleep(by, at=at) if wanted.snoozed else alerts.awake(by, at=at)
    rows = rows.filter(kind=wanted.kind) if wanted.kind else rows
    return rows.filter(owner_id=by.user_id) if wanted.mine else rows


def _place_of_group(one: dict[str, Any]) -> int:
    return GROUPS.index(one["group"])


def counts(by: Actor, *, kind: str, at: datetime) -> dict[str, int]:
    """Return how many alerts stand in each view of the inbox."""
    views = {"awake": Wanted(kind), "mine": Wanted(kind, mine=True), "snoozed": Wanted(kind, snoozed=True)}
    return {name: _wanted(by, wanted, at).count() for name, wanted in views.items()}


def shown(found: Iterable[Alert], by: Actor, *, at: datetime) -> list[dict[str, Any]]:
    """Return alerts with all that a row says: ``today`` at the place, ``group``, ``act``, ``latest`` (to snooze)."""
    rows = with_authorization(found, by)
    days, home = today_at(by, at).days, practices.civil_day(by, at=at)
    thresholds = inbox.thresholds(by, on=home)
    to_do = acts(rows, by)
    for one in rows:
        alert: Alert = one["alert"]
        today = days[alert.location_id] if alert.location_id else home
        one |= {
            "rule": CATALOGUE[alert.rule_code],
            "kind": vocabulary.alert_kind(alert.kind),
            "today": today,
            "tomorrow": today + timedelta(days=1),
            "group": group_of(alert.due_on, today=today),
            "act": to_do.get(alert.pk),
            "latest": inbox.latest(alert, days=thresholds.get(alert.kind, ()), today=today),
            "asleep": alert.wakes_at is not None and alert.wakes_at > at,
        }
    return rows


def group_of(due_on: date | None, *, today: date) -> str:
    """Return Today, also for what is overdue, This week for the six days after it, or Later."""
    if due_on is None or due_on >= today + WEEK:
        return GROUPS[2]
    return GROUPS[0] if due_on <= today else GROUPS[1]


def with_authorization(found: Iterable[Alert], by: Actor) -> list[dict[str, Any]]:
    """Return alerts with the authorization that each is about: its ``pk``, and the Veteran's id and name."""
    rows = list(found)
    authorization = {
        "authorization": {pk: pk for pk in ids_of(rows, "authorization")},
        "authorizedservice": referrals.authorization_of_lines(ids_of(rows, "authorizedservice"), by),
        "visit": referrals.authorization_of_visits(ids_of(rows, "visit"), by),
    }
    known = referrals.veterans_authorized({pk for ids in authorization.values() for pk in ids.values()}, by)
    ids = [authorization.get(alert.subject_kind, {}).get(alert.subject_id, 0) for alert in rows]
    return [{"alert": alert, "authorization": known.get(pk)} for alert, pk in zip(rows, ids, strict=True)]


def ids_of(rows: Sequence[Alert], subject_kind: str) -> set[int]:
    """Return the ids of what these alerts are about, of one kind of subject."""
    return {alert.subject_id for alert in rows if alert.subject_kind == subject_kind}
