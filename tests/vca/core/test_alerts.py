"""Alerts: each threshold reaches each person once, an alert lives as long as its cause, and a person may dismiss it."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

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
BILLERS = (Role.BILLER, Role.ADMINISTRATOR)


@pytest.fixture
def harbor() -> World:
    harbor = world.practice()
    member(harbor, Role.BILLER)
    return harbor


def member(one: World, role: Role) -> Membership:
    user = User.objects.create_user(f"{role}-{User.objects.count()}@example.org", name="Person")
    return people.give_role(user=user, role=role, by=one.by)


def reached(*passed: int, basis: str = "2024-05-27", **more: Any) -> Reached:
    facts: dict[str, Any] = {"subject_kind": "authorization", "subject_id": 1, "roles": BILLERS, **more}
    return Reached(
        kind="authorization_ending",
        rule_code="AUTH-01",
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
    for one, role in ((harbor, Role.NURSE), (lake, Role.BILLER)):
        member(one, role)
    people.end_role(membership=member(harbor, Role.BILLER), by=harbor.by)
    User.objects.filter(pk=member(harbor, Role.BILLER).user_id).update(is_active=False)

    raised(harbor, reached(45))

    assert [delivery.recipient for delivery in Delivery.objects.order_by("recipient")] == wanted


def test_new_member_is_told_without_a_second_alert(harbor: World) -> None:
    raised(harbor, reached(45))
    new = member(harbor, Role.ADMINISTRATOR)

    raised(harbor, reached(45), days=1)

    assert (len(shown(harbor)), told(recipient=new)) == (1, [(45, "2024-05-27", "DELIVERED")])


def test_alert_is_open_even_while_nobody_has_the_role(harbor: World) -> None:
    raised(harbor, reached(45, roles=(Role.CLINICIAN,)))

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
    about = {"kind": "authorization_ending", "subject_kind": "authorization", "by": harbor.by, "at": NOW + DAY}

    closed = [alerts.resolve(subject_ids=ids, **about) for ids in ([2], [1], [1])]

    alert = Alert.objects.get()
    assert (closed, alert.state, alert.closed_at) == ([0, 1, 0], "RESOLVED", NOW + DAY)


def test_alert_that_closed_itself_opens_again_with_its_cause_and_tells_nobody_again(harbor: World) -> None:
    raised(harbor, reached(45))
    about = {"kind": "authorization_ending", "subject_kind": "authorization", "subject_ids": [1]}
    alerts.resolve(**about, by=harbor.by, at=NOW)

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
