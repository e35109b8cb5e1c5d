"""What people do with alerts: each act once, all of several or none, and asleep no longer than it may be."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW, TODAY, World
from vca.core import access, alerts, vocabulary
from vca.core.access import Actor
from vca.core.alerts import Reached
from vca.core.models import Alert, AuditEvent
from vca.core.services import inbox, parameters
from vca.core.services.inbox import HasMoved, SleepsTooLong, Snooze
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
LAST = date(2024, 6, 10)  # 60 days after TODAY: the shipped thresholds are 45, 30, 21 and 7
MAY = date(2024, 5, 27)  # 46 days after it
EIGHT = datetime(2024, 4, 13, 7, 0, tzinfo=UTC)  # midnight of 13 April in Portland


@pytest.fixture
def harbor() -> World:
    return world.practice()


def reached(harbor: World, *passed: int, subject_id: int = 1, **other: Any) -> Reached:
    due = Reached(
        kind="authorization_ending",
        rule_code="AUTH-01",
        subject_kind="authorization",
        subject_id=subject_id,
        passed=passed or (60,),
        basis=LAST.isoformat(),
        headline="test",
        due_on=LAST,
        location_id=harbor.location.pk,
    )
    return replace(due, **other)


def raised(harbor: World, *passed: int, subject_id: int = 1, **other: Any) -> Alert:
    alerts.raise_alert(reached(harbor, *passed, subject_id=subject_id, **other), by=harbor.by, at=NOW)
    return Alert.objects.get(practice=harbor.practice, subject_id=subject_id, state="OPEN")


def several(harbor: World) -> list[Alert]:
    return [raised(harbor, subject_id=number) for number in (1, 2, 3)]


def person(harbor: World, role: Role) -> Actor:
    found = access.person(world.person(harbor, role), harbor.practice)
    assert found
    return found


def snoozed(harbor: World, *rows: Alert, until: date = TODAY + 2 * DAY, at: datetime = NOW) -> None:
    inbox.snooze(rows, asked=Snooze(until, "VA was asked"), by=harbor.by, at=at)


def is_awake(harbor: World, at: datetime) -> bool:
    return alerts.awake(harbor.by, at=at).exists()


def left(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


@pytest.mark.parametrize(("at", "awake"), [(NOW, False), (EIGHT - DAY / 86400, False), (EIGHT, True)])
def test_snoozed_alert_wakes_on_its_day_at_its_place_without_a_worker(harbor: World, at: datetime, awake: bool) -> None:
    snoozed(harbor, raised(harbor))

    assert (is_awake(harbor, at), alerts.asleep(harbor.by, at=at).exists()) == (awake, not awake)


def test_alert_of_another_zone_wakes_by_that_zone(harbor: World) -> None:
    guam = world.practice("guam", zone="Pacific/Guam")
    raised(guam)
    snoozed(guam, Alert.objects.get(), until=date(2024, 4, 13))

    assert Alert.objects.get().wakes_at == datetime(2024, 4, 12, 14, 0, tzinfo=UTC)


def test_alert_of_no_place_wakes_by_the_first_place_of_the_practice(harbor: World) -> None:
    snoozed(harbor, raised(harbor, location_id=None))

    assert Alert.objects.get().wakes_at == EIGHT


def test_snooze_says_who_and_why_and_leaves_one_event(harbor: World) -> None:
    by = person(harbor, Role.CLINICIAN)
    inbox.snooze([raised(harbor)], asked=Snooze(date(2024, 4, 13), "VA was asked"), by=by, at=NOW)

    alert = Alert.objects.get()
    assert (alert.snoozed_until, alert.note, alert.snoozed_by_id) == (date(2024, 4, 13), "VA was asked", by.user_id)
    assert AuditEvent.objects.get(action="alert.snoozed").changes == {"until": "2024-04-13"}


@pytest.mark.parametrize(
    ("due_on", "days", "last"),
    [
        (MAY, (45, 30), date(2024, 4, 12)),
        (MAY, (60, 30), date(2024, 4, 27)),
        (MAY, (60, 46), MAY),
        (MAY, (), MAY),
        (TODAY + DAY, (45, 7), TODAY + DAY),
        (TODAY, (45, 7), None),
        (TODAY - DAY, (), None),
        (None, (), TODAY + 90 * DAY),
    ],
    ids=["tomorrow", "next", "reached today", "not by days", "due tomorrow", "due", "overdue", "due on no day"],
)
def test_alert_sleeps_at_most_to_its_due_day_or_next_threshold(
    due_on: date | None, days: tuple[int, ...], last: date | None
) -> None:
    assert inbox.latest(Alert(due_on=due_on), days=days, today=TODAY) == last


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (date(2024, 4, 27), '"test" can be snoozed until 26 Apr 2024 at the latest; nothing was changed'),
        (TODAY, "an alert sleeps until tomorrow at the earliest; nothing was changed"),
        (TODAY - DAY, "an alert sleeps until tomorrow at the earliest; nothing was changed"),
    ],
)
def test_day_outside_is_refused_and_said(harbor: World, until: date, words: str) -> None:
    with pytest.raises(SleepsTooLong) as refusal:
        snoozed(harbor, raised(harbor), until=until, at=NOW + DAY if until > TODAY else NOW)

    assert (refusal.value.detail, refusal.value.field, is_awake(harbor, NOW + DAY)) == (words, "until", True)


def test_alert_that_is_due_is_not_snoozed(harbor: World) -> None:
    with pytest.raises(SleepsTooLong, match='"test" is due and cannot be snoozed'):
        snoozed(harbor, raised(harbor, due_on=TODAY))


def test_practices_own_thresholds_count(harbor: World) -> None:
    own = {"name": "authorization-ending-days", "value": "60,58", "valid_from": TODAY, "source": "x"}
    parameters.set_value(**own, verified_on=None, by=harbor.by)

    snoozed(harbor, raised(harbor), until=TODAY + 2 * DAY)
    with pytest.raises(SleepsTooLong, match="13 Apr 2024"):
        snoozed(harbor, Alert.objects.get(), until=TODAY + 3 * DAY)


@pytest.mark.parametrize(("hours", "held"), [(0, False), (24, True)])
def test_own_thresholds_count_from_the_first_moment_of_their_day_at_the_place(
    harbor: World, hours: int, held: bool
) -> None:
    """Late in the evening of TODAY it is tomorrow already in UTC."""
    own = {"name": "authorization-ending-days", "value": "60,58", "valid_from": TODAY + DAY, "source": "x"}
    parameters.set_value(**own, verified_on=None, by=harbor.by)
    evening = datetime.combine(TODAY, time(23, 30), harbor.location.zone) + timedelta(hours=hours)
    wanted = inbox.Snooze(TODAY + 3 * DAY)

    assert evening.astimezone(UTC).date() > TODAY
    with pytest.raises(SleepsTooLong) if held else nullcontext():
        inbox.snooze([raised(harbor)], asked=wanted, by=harbor.by, at=evening)


@pytest.fixture
def _far_thresholds(harbor: World) -> None:
    """Let the next threshold lie weeks ahead."""
    own = {"name": "authorization-ending-days", "value": "60,7", "valid_from": TODAY - DAY, "source": "x"}
    parameters.set_value(**own, verified_on=None, by=harbor.by)


@pytest.mark.usefixtures("_far_thresholds")
@pytest.mark.parametrize(
    ("due", "awake", "raisings"),
    [
        ({}, False, 1),
        ({"headline": "said anew"}, False, 1),
        ({"passed": (60, 45)}, True, 2),
        ({"basis": "2024-06-01"}, True, 2),
    ],
    ids=["same", "other words", "tighter", "other basis"],
)
def test_tighter_threshold_or_other_basis_wakes_at_once(
    harbor: World, due: dict[str, Any], awake: bool, raisings: int
) -> None:
    world.person(harbor, Role.BILLER)
    snoozed(harbor, raised(harbor), until=TODAY + 9 * DAY)

    alerts.raise_alert(replace(reached(harbor), **due), by=harbor.by, at=NOW + DAY)

    assert (is_awake(harbor, NOW + DAY), left("alert.raised")) == (awake, raisings)


@pytest.mark.usefixtures("_far_thresholds")
def test_new_colleague_is_told_and_wakes_nothing(harbor: World) -> None:
    snoozed(harbor, raised(harbor), until=TODAY + 9 * DAY)
    world.person(harbor, Role.BILLER)

    alerts.raise_alert(reached(harbor), by=harbor.by, at=NOW + DAY)

    assert (is_awake(harbor, NOW + DAY), left("alert.raised")) == (False, 1)
    assert Alert.objects.get().upgraded_at == NOW


@pytest.mark.usefixtures("_far_thresholds")
def test_threshold_reached_again_wakes_though_everybody_was_told_of_it(harbor: World) -> None:
    world.person(harbor, Role.BILLER)
    raised(harbor, 60, 45)
    alerts.raise_alert(reached(harbor, 60), by=harbor.by, at=NOW)
    snoozed(harbor, Alert.objects.get(), until=TODAY + 9 * DAY)

    alerts.raise_alert(reached(harbor, 60, 45), by=harbor.by, at=NOW + DAY)

    assert (is_awake(harbor, NOW + DAY), left("alert.woken")) == (True, 1)


@pytest.mark.usefixtures("_far_thresholds")
def test_alert_would_sleep_through_a_tighter_threshold(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "_woken", lambda alert, due, at: {})
    snoozed(harbor, raised(harbor), until=TODAY + 9 * DAY)

    alerts.raise_alert(reached(harbor, 60, 45), by=harbor.by, at=NOW + DAY)

    assert not is_awake(harbor, NOW + DAY)


def test_woken_alert_can_be_snoozed_again(harbor: World) -> None:
    snoozed(harbor, raised(harbor))

    inbox.wake([Alert.objects.get()], by=harbor.by)
    woken = is_awake(harbor, NOW)
    snoozed(harbor, Alert.objects.get())

    assert (woken, is_awake(harbor, NOW), left("alert.woken")) == (True, False, 1)


def test_waking_undone_leaves_each_asleep_as_it_was(harbor: World) -> None:
    rows = several(harbor)
    for days, row in enumerate(rows, start=1):
        snoozed(harbor, row, until=TODAY + days * DAY)
    was = list(Alert.objects.order_by("pk").values())

    inbox.wake(rows, by=harbor.by)
    inbox.snooze_again(rows, by=harbor.by, at=NOW)

    assert list(Alert.objects.order_by("pk").values()) == was


def test_alert_that_never_slept_does_not_sleep_again(harbor: World) -> None:
    with pytest.raises(HasMoved):
        inbox.snooze_again([raised(harbor)], by=harbor.by, at=NOW)


def test_dismissal_undone_leaves_it_asleep_as_it_was(harbor: World) -> None:
    snoozed(harbor, raised(harbor))

    inbox.dismiss([Alert.objects.get()], reason="known", by=harbor.by, at=NOW)
    inbox.reopen([Alert.objects.get()], by=harbor.by)

    assert (is_awake(harbor, NOW), is_awake(harbor, EIGHT)) == (False, True)


def snooze_all(rows: Sequence[Alert], by: Actor) -> None:
    inbox.snooze(rows, asked=Snooze(TODAY + DAY), by=by, at=NOW)


def dismiss_all(rows: Sequence[Alert], by: Actor) -> None:
    inbox.dismiss(rows, reason="known", by=by, at=NOW)


def wake_all(rows: Sequence[Alert], by: Actor) -> None:
    inbox.wake(rows, by=by)


def reopen_all(rows: Sequence[Alert], by: Actor) -> None:
    inbox.reopen(rows, by=by)


BULK = [
    (snooze_all, None, "alert.snoozed"),
    (dismiss_all, None, "alert.dismissed"),
    (wake_all, snooze_all, "alert.woken"),
    (reopen_all, dismiss_all, "alert.reopened"),
]
Bulk = Callable[[Sequence[Alert], Actor], None]


@pytest.mark.parametrize(("deed", "before", "action"), BULK)
def test_several_at_once_leave_one_event_each(harbor: World, deed: Bulk, before: Bulk | None, action: str) -> None:
    rows = several(harbor)
    if before:
        before(rows, harbor.by)

    deed(rows, harbor.by)

    assert sorted(AuditEvent.objects.filter(action=action).values_list("subject_id", flat=True)) == sorted(
        str(row.pk) for row in rows
    )


@pytest.mark.parametrize(("deed", "before", "action"), BULK)
def test_several_at_once_are_whole_or_nothing(harbor: World, deed: Bulk, before: Bulk | None, action: str) -> None:
    rows = several(harbor)
    if before:
        before(rows, harbor.by)
    Alert.objects.filter(pk=rows[1].pk).update(state="RESOLVED", closed_at=NOW)
    was = list(Alert.objects.order_by("pk").values())

    with pytest.raises(HasMoved, match="1 of the 3 alerts changed in the meantime; nothing was done"):
        deed(rows, harbor.by)

    assert (list(Alert.objects.order_by("pk").values()), left(action)) == (was, 0)


def test_several_of_which_one_may_not_sleep_so_long_all_stay_awake(harbor: World) -> None:
    rows = [raised(harbor), raised(harbor, subject_id=2, due_on=TODAY)]

    with pytest.raises(SleepsTooLong):
        snooze_all(rows, harbor.by)

    assert alerts.awake(harbor.by, at=NOW).count() == 2


def test_alert_is_taken_given_back_and_taken_over(harbor: World) -> None:
    alert = raised(harbor)
    ann, ben = (person(harbor, role) for role in (Role.BILLER, Role.CLINICIAN))

    done = [
        inbox.take(alert=alert, by=ann),
        inbox.take(alert=alert, by=ann),
        inbox.give_back(alert=alert, by=ben),
        inbox.take(alert=alert, by=ben),
        inbox.give_back(alert=alert, by=ben),
    ]

    alert.refresh_from_db()
    assert (done, alert.owner_id) == ([True, False, False, True, True], None)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.FRONT_DESK, ["authorization_ending"]),
        (Role.NURSE, ["authorization_ending"]),
        (Role.CLINICIAN, ["authorization_ending"]),
        (Role.BILLER, ["authorization_ending", "filing_limit", "license_ending"]),
        (Role.ADMINISTRATOR, ["authorization_ending", "filing_limit", "license_ending"]),
    ],
)
def test_alert_is_seen_by_the_roles_that_its_kind_is_told_to(harbor: World, role: Role, seen: list[str]) -> None:
    for kind in ("authorization_ending", "filing_limit", "license_ending"):
        alerts.raise_alert(reached(harbor, kind=kind), by=harbor.by, at=NOW)

    by = person(harbor, role)

    assert sorted(alerts.seen(by).values_list("kind", flat=True)) == seen
    assert sorted(alerts.awake(by, at=NOW).values_list("kind", flat=True)) == seen


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.BILLER])
def test_who_is_told_sees_it_and_who_sees_it_is_told(harbor: World, role: Role) -> None:
    by = person(harbor, role)
    for kind in ("authorization_ending", "filing_limit", "license_ending"):
        alerts.raise_alert(reached(harbor, kind=kind), by=harbor.by, at=NOW)

    told = Alert.objects.filter(deliveries__recipient__user_id=by.user_id)

    assert set(told) == set(alerts.seen(by))


def test_declaration_of_the_kind_decides_who_is_told_and_who_sees(
    harbor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse, biller = (person(harbor, role) for role in (Role.NURSE, Role.BILLER))
    declared = replace(vocabulary.alert_kind("filing_limit"), roles=(Role.NURSE,))
    monkeypatch.setitem(vocabulary._alerts, "filing_limit", declared)

    alert = raised(harbor, kind="filing_limit", rule_code="FILING-01")

    assert [alerts.seen(by).exists() for by in (nurse, biller)] == [True, False]
    assert [row.recipient.user_id for row in alert.deliveries.all()] == [nurse.user_id]


def take_it(rows: Sequence[Alert], by: Actor) -> None:
    inbox.take(alert=rows[0], by=by)


@pytest.mark.parametrize("deed", [dismiss_all, snooze_all, take_it])
def test_alert_of_money_is_not_touched_by_a_role_of_care(harbor: World, deed: Bulk) -> None:
    alert = raised(harbor, kind="filing_limit", rule_code="FILING-01")
    nurse = person(harbor, Role.NURSE)

    with pytest.raises(HasMoved):
        deed([alert], nurse)

    assert (is_awake(harbor, NOW), Alert.objects.get().owner) == (True, None)


def test_another_practice_touches_nothing(harbor: World) -> None:
    lake, alert = world.practice("lake"), raised(harbor)

    for deed in (dismiss_all, snooze_all):
        with pytest.raises(HasMoved):
            deed([alert], lake.by)

    assert is_awake(harbor, NOW)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_people_who_act_at_once_do_one_deed(harbor: World) -> None:
    rows = several(harbor)

    done = at_once(*[partial(dismiss_all, rows[::order], harbor.by) for order in (1, -1, 1, -1)])

    assert sorted(type(one).__name__ for one in done) == ["HasMoved", "HasMoved", "HasMoved", "NoneType"]
    assert left("alert.dismissed") == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_who_takes_over_at_once_is_one_owner(harbor: World) -> None:
    alert, people = raised(harbor), [person(harbor, role) for role in (Role.BILLER, Role.CLINICIAN)]

    done = at_once(*[partial(inbox.take, alert=alert, by=by) for by in people])

    alert.refresh_from_db()
    assert (done, alert.owner_id in {by.user_id for by in people}, left("alert.taken")) == ([True, True], True, 2)


def test_refusal_says_which_of_several_cannot_sleep_so_long(harbor: World) -> None:
    rows = [raised(harbor, subject_id=number, headline=f"number {number}") for number in (1, 3)]
    rows.insert(1, raised(harbor, subject_id=2, headline="number 2", due_on=TODAY + DAY))

    with pytest.raises(SleepsTooLong) as refusal:
        snoozed(harbor, *rows)

    assert refusal.value.detail == '"number 2" can be snoozed until 12 Apr 2024 at the latest; nothing was changed'
    assert alerts.asleep(harbor.by, at=NOW).count() == 0
