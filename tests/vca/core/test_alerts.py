"""Alerts: each threshold reaches each person once, an alert lives as long as its cause, and a person may dismiss it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.vca.core.at_once import at_once
from tests.world import NOW, World
from vca.core import alerts
from vca.core.alerts import Reached
from vca.core.models import Alert, AuditEvent, Delivery, Membership, User
from vca.core.services import people
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture
def harbor() -> World:
    harbor = world.practice()
    member(harbor, Role.BILLER)
    return harbor


def member(one: World, role: Role) -> Membership:
    user = User.objects.create_user(f"{role}-{User.objects.count()}@example.org", name="Person")
    return people.give_role(user=user, role=role, by=one.by)


def reached(*passed: int, basis: str = "2024-05-27", **more: Any) -> Reached:
    facts: dict[str, Any] = {"subject_kind": "authorization", "subject_id": 1, **more}
    facts = {"kind": "authorization_ending", "rule_code": "AUTH-01", **facts}
    return Reached(
        passed=passed,
        basis=basis,
        headline=f"{passed[-1]} days",
        due_on=date.fromisoformat(basis),
        **facts,
    )


def raised(one: World, due: Reached, *, days: int = 0) -> Alert | None:
    return alerts.raise_alert(due, by=one.by, at=NOW + days * DAY)


def shown(one: World) -> list[tuple[int, str]]:
    """Return what the page of alerts says."""
    return list(alerts.open_alerts(one.by).order_by("pk").values_list("threshold", "headline"))


def told(**about: Any) -> list[tuple[int, str, str]]:
    rows = Delivery.objects.filter(**about).order_by("pk")
    return list(rows.values_list("threshold", "basis", "outcome"))


def dismissed(one: World, due: Reached) -> Alert:
    alert = raised(one, due)
    assert alert
    alerts.dismiss(alert=alert, reason="known", by=one.by, at=NOW)
    return alert


def test_threshold_is_delivered_once(harbor: World) -> None:
    first, again = raised(harbor, reached(45)), raised(harbor, reached(45), days=1)

    assert (first is None, again) == (False, None)
    assert (shown(harbor), told()) == ([(45, "45 days")], [(45, "2024-05-27", "DELIVERED")])


def test_tighter_threshold_upgrades_the_alert_in_place(harbor: World) -> None:
    first = raised(harbor, reached(45))

    second = raised(harbor, reached(45, 30), days=15)

    assert (second, shown(harbor)) == (first, [(30, "30 days")])
    assert [row[0] for row in told()] == [45, 30]


def test_catching_up_delivers_the_tightest_and_records_the_looser_as_passed(harbor: World) -> None:
    raised(harbor, reached(45, 30, 21))

    assert told() == [
        (45, "2024-05-27", "PASSED"),
        (30, "2024-05-27", "PASSED"),
        (21, "2024-05-27", "DELIVERED"),
    ]


def test_everybody_with_the_role_is_told_and_nobody_else(harbor: World) -> None:
    lake = world.practice("lake")
    wanted = [Membership.objects.get(), member(harbor, Role.ADMINISTRATOR)]
    due = reached(45, kind="filing_limit", rule_code="FILING-01")
    for one, role in ((harbor, Role.NURSE), (lake, Role.BILLER)):
        member(one, role)
    people.end_role(membership=member(harbor, Role.BILLER), by=harbor.by)
    User.objects.filter(pk=member(harbor, Role.BILLER).user_id).update(is_active=False)

    raised(harbor, due)

    assert [delivery.recipient for delivery in Delivery.objects.order_by("recipient")] == wanted


def test_new_member_is_told_without_a_second_alert(harbor: World) -> None:
    raised(harbor, reached(45))
    new = member(harbor, Role.ADMINISTRATOR)

    raised(harbor, reached(45), days=1)

    assert (len(shown(harbor)), told(recipient=new)) == (1, [(45, "2024-05-27", "DELIVERED")])


def test_alert_is_open_even_while_nobody_has_the_role(harbor: World) -> None:
    Membership.objects.update(role=Role.NURSE)

    raised(harbor, reached(45, kind="filing_limit", rule_code="FILING-01"))

    assert (shown(harbor), told()) == ([(45, "45 days")], [])


def test_other_basis_warns_again(harbor: World) -> None:
    raised(harbor, reached(45))

    raised(harbor, reached(45, basis="2024-08-25"), days=90)

    assert (Alert.objects.get().due_on, told()) == (
        date(2024, 8, 25),
        [(45, "2024-05-27", "DELIVERED"), (45, "2024-08-25", "DELIVERED")],
    )


def test_other_subject_kind_and_practice_have_alerts_of_their_own(harbor: World) -> None:
    lake = world.practice("lake")
    for one, due in ((harbor, reached(45)), (harbor, reached(45, subject_id=2)), (lake, reached(45))):
        raised(one, due)

    assert (len(shown(harbor)), len(shown(lake))) == (2, 1)


def test_open_alert_says_what_is_so_now_and_tells_nobody_again(harbor: World) -> None:
    raised(harbor, reached(45, 30))

    raised(harbor, replace(reached(45), headline="45 days again"), days=1)

    assert (shown(harbor), len(told())) == ([(45, "45 days again")], 2)


def test_alert_closes_itself_when_its_cause_is_gone(harbor: World) -> None:
    raised(harbor, reached(45))
    due = [reached(45)]

    closed = [alerts.close_gone(due[0].kind, some, by=harbor.by, at=NOW + DAY) for some in (due, [], [])]

    alert = Alert.objects.get()
    assert (closed, alert.state, alert.closed_at) == ([0, 1, 0], "RESOLVED", NOW + DAY)


def test_alerts_on_other_subjects_than_those_looked_at_stay_open(harbor: World) -> None:
    raised(harbor, reached(45))
    nobody = Membership.objects.exclude(pk=1).filter(pk=1)

    assert alerts.close_gone("authorization_ending", [], among=nobody, by=harbor.by, at=NOW) == 0


def test_alert_that_closed_itself_opens_again_with_its_cause_and_tells_nobody_again(harbor: World) -> None:
    raised(harbor, reached(45))
    alerts.close_gone("authorization_ending", [], by=harbor.by, at=NOW)

    raised(harbor, reached(45), days=1)

    assert (shown(harbor), told(), Alert.objects.count()) == (
        [(45, "45 days")],
        [(45, "2024-05-27", "DELIVERED")],
        2,
    )


@pytest.mark.parametrize(
    ("due", "opens"),
    [
        (reached(45, 30), False),
        (reached(45), False),
        (reached(45, 30, 21), True),
        (reached(45, basis="2024-08-25"), True),
    ],
    ids=["same", "looser", "tighter", "other basis"],
)
def test_dismissed_alert_stays_dismissed_until_it_tightens(harbor: World, due: Reached, opens: bool) -> None:
    dismissed(harbor, reached(45, 30))
    member(harbor, Role.ADMINISTRATOR)

    raised(harbor, due, days=1)

    assert bool(shown(harbor)) is opens


def test_dismissed_alert_would_come_back_with_a_new_member(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "_stays_dismissed", lambda alert, due: False)
    dismissed(harbor, reached(45))
    member(harbor, Role.ADMINISTRATOR)

    raised(harbor, reached(45), days=1)

    assert shown(harbor) == [(45, "45 days")]


def test_dismissing_keeps_the_reason(harbor: World) -> None:
    alert = dismissed(harbor, reached(45))

    alert.refresh_from_db()
    assert (alert.state, alert.closed_reason, shown(harbor)) == ("DISMISSED", "known", [])


def test_alert_is_dismissed_once(harbor: World) -> None:
    alert = dismissed(harbor, reached(45))

    assert alerts.dismiss(alert=alert, reason="again", by=harbor.by, at=NOW) is False


def test_alert_of_another_practice_is_not_touched(harbor: World) -> None:
    lake = world.practice("lake")
    alert = dismissed(harbor, reached(45))

    touched = [alerts.reopen(alert=alert, by=lake.by), alerts.dismiss(alert=alert, reason="x", by=lake.by, at=NOW)]

    assert (touched, shown(harbor)) == ([False, False], [])


def test_dismissal_is_undone(harbor: World) -> None:
    alert = dismissed(harbor, reached(45))

    assert (alerts.reopen(alert=alert, by=harbor.by), alerts.reopen(alert=alert, by=harbor.by)) == (True, False)
    assert shown(harbor) == [(45, "45 days")]


def test_dismissal_is_not_undone_beside_a_newer_alert(harbor: World) -> None:
    alert = dismissed(harbor, reached(45))
    raised(harbor, reached(45, 30), days=15)

    assert (alerts.reopen(alert=alert, by=harbor.by), shown(harbor)) == (False, [(30, "30 days")])


def test_old_alert_whose_dismissal_is_undone_is_the_last_word(harbor: World) -> None:
    """A newer alert on the subject had closed itself in the meantime."""
    old = dismissed(harbor, reached(45))
    raised(harbor, reached(45, 30), days=15)
    alerts.close_gone("authorization_ending", [], by=harbor.by, at=NOW + 20 * DAY)
    alerts.reopen(alert=old, by=harbor.by)
    again = raised(harbor, reached(45, 30), days=21)

    old.refresh_from_db()
    alerts.dismiss(alert=old, reason="known", by=harbor.by, at=NOW + 22 * DAY)
    assert (again, raised(harbor, reached(45, 30), days=23), shown(harbor)) == (None, None, [])


def test_undeclared_kind_is_refused(harbor: World) -> None:
    with pytest.raises(KeyError, match="ending"):
        raised(harbor, replace(reached(45), kind="ending"))


def test_constraint_stands_behind_the_once(harbor: World) -> None:
    raised(harbor, reached(45))
    copy = Delivery.objects.get()
    copy.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_raise_one_alert_and_tell_once(harbor: World) -> None:
    found = at_once(*[partial(raised, harbor, reached(45, 30))] * 4)

    assert {type(one) for one in found} <= {Alert, type(None)}
    assert (len(shown(harbor)), sorted(row[0] for row in told())) == (1, [30, 45])


def test_each_raising_leaves_one_event(harbor: World) -> None:
    for due in (reached(45), reached(45), reached(45, 30)):
        raised(harbor, due)

    assert AuditEvent.objects.filter(action="alert.raised").count() == 2


def questions(one: World, due: list[Reached]) -> int:
    with CaptureQueriesContext(connection) as asked:
        alerts.raise_each(due, by=one.by, at=NOW + DAY)
    return len(asked)


def test_later_morning_asks_as_often_for_a_chunk_as_for_one_alert(harbor: World) -> None:
    member(harbor, Role.ADMINISTRATOR)
    due = [reached(45, 30, subject_id=number) for number in range(alerts.CHUNK)]
    alerts.raise_each(due, by=harbor.by, at=NOW)

    assert questions(harbor, due) == questions(harbor, due[:1])


def test_looser_thresholds_do_not_ask_again_whom_to_tell(harbor: World) -> None:
    assert questions(harbor, [reached(45, 30, 21, 7)]) == questions(harbor, [reached(45, subject_id=2)])


@pytest.mark.parametrize(
    "due",
    [
        [reached(45, 30)],
        [reached(45, basis="2024-08-25")],
        [replace(reached(45), headline="said anew")],
        [reached(45, subject_id=2)],
        [reached(45, subject_kind="claim")],
    ],
    ids=["tighter", "other basis", "other words", "other subject", "other kind of subject"],
)
def test_chunk_does_what_each_of_its_alerts_would(harbor: World, due: list[Reached]) -> None:
    alerts.raise_each([reached(45)], by=harbor.by, at=NOW)

    alerts.raise_each(due, by=harbor.by, at=NOW + DAY)

    assert shown(harbor)[-1] == (due[0].passed[-1], due[0].headline)
    assert Delivery.objects.filter(basis=due[0].basis, threshold=due[0].passed[-1]).exists()


def test_chunk_tells_a_new_colleague_and_opens_what_closed_itself(harbor: World) -> None:
    due = [reached(45, subject_id=number) for number in (1, 2)]
    alerts.raise_each(due, by=harbor.by, at=NOW)
    alerts.close_gone("authorization_ending", due[:1], by=harbor.by, at=NOW)
    new = member(harbor, Role.ADMINISTRATOR)

    assert (alerts.raise_each(due, by=harbor.by, at=NOW + DAY), len(shown(harbor))) == (1, 2)
    assert len(told(recipient=new)) == 2


def test_each_chunk_is_a_transaction_of_its_own(harbor: World) -> None:
    sizes, due = [], [reached(45, subject_id=number) for number in range(2 * alerts.CHUNK + 1)]

    @contextmanager
    def within() -> Iterator[None]:
        before = alerts.open_alerts(harbor.by).count()
        yield
        sizes.append(alerts.open_alerts(harbor.by).count() - before)

    alerts.bring_up_to_date("authorization_ending", due, by=harbor.by, at=NOW, within=within)
    alerts.bring_up_to_date("authorization_ending", [], by=harbor.by, at=NOW, within=within)

    assert sizes == [alerts.CHUNK, alerts.CHUNK, 1, -alerts.CHUNK, -alerts.CHUNK, -1]
