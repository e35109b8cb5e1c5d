"""The daily watch: authorizations that end soon, lines with few visits left; nobody is told twice, or not at all."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
import time_machine

from referrals.domain.notice import StatedLine
from referrals.domain.states import LimitKind
from referrals.models import Authorization
from referrals.services import amendments, referrals, visits, watch
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, audit, jobs
from vca.core.models import Alert, AuditEvent, Delivery, Job, User
from vca.core.services import parameters, people, practices
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
LAST = date(2024, 5, 27)
DAYS = (45, 30, 21, 7)


@pytest.fixture
def harbor() -> World:
    harbor = world.practice()
    user = User.objects.create_user("biller@example.org", name="Biller")
    people.give_role(user=user, role=Role.BILLER, by=harbor.by)
    return harbor


def swept(harbor: World, *, on: date = TODAY) -> tuple[int, int]:
    """Sweep as the job does; return how many alerts were raised and closed."""
    at = NOW + (on - TODAY)
    due = watch.due(watch.watched(harbor.location, by=harbor.by, today=on), today=on, by=harbor.by)
    raised = alerts.raise_each(due, by=harbor.by, at=at)
    return raised, watch.close_gone(due, location=harbor.location, by=harbor.by, at=at)


def shown(harbor: World) -> list[tuple[str, int]]:
    return list(alerts.open_alerts(harbor.by).order_by("pk").values_list("kind", "threshold"))


def told() -> list[tuple[int, str]]:
    return list(Delivery.objects.order_by("pk").values_list("threshold", "outcome"))


def amend(harbor: World, authorization: Authorization, last: date) -> None:
    terms = Terms(date(2024, 3, 28), last)
    amendments.amend(authorization=authorization, terms=terms, reason="VA amended it", by=harbor.by, at=NOW)


@pytest.mark.parametrize(
    ("days_left", "threshold"),
    [(46, None), (45, 45), (31, 45), (30, 30), (22, 30), (21, 21), (8, 21), (7, 7), (0, 7), (-1, 7), (-30, 7)],
)
def test_authorization_that_ends_soon_is_told(harbor: World, days_left: int, threshold: int | None) -> None:
    world.authorization(harbor)

    swept(harbor, on=LAST - days_left * DAY)

    assert shown(harbor) == ([] if threshold is None else [("authorization_ending", threshold)])


def test_authorization_that_ended_long_ago_is_history(harbor: World) -> None:
    world.authorization(harbor)

    assert (swept(harbor, on=LAST + 31 * DAY), shown(harbor)) == ((0, 0), [])


@pytest.mark.parametrize(("drawn", "threshold"), [(3, None), (4, 2), (5, 2), (6, 0)])
def test_line_with_few_visits_left_is_told(harbor: World, drawn: int, threshold: int | None) -> None:
    authorization = world.authorization(harbor)
    for number in range(drawn):
        world.booked(harbor, authorization, at=NOW + number * DAY)

    swept(harbor)

    assert shown(harbor) == ([] if threshold is None else [("visits_left", threshold)])


def test_line_over_its_limit_has_no_visits_left(harbor: World) -> None:
    authorization = world.authorization(harbor)
    for number in range(3):
        world.booked(harbor, authorization, at=NOW + number * DAY)
    limit = Limit("Ketamine infusion", LimitKind.COUNTED, 1)
    amendments.set_limit(service=world.line(authorization), limit=limit, reason="cut", by=harbor.by, at=NOW)

    swept(harbor)

    assert Alert.objects.get().headline.endswith("Ketamine infusion: no visits left")


def test_line_without_a_number_is_never_short(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=None)
    world.booked(harbor, authorization)

    assert swept(harbor) == (0, 0)


@pytest.mark.parametrize("lines", [(), (StatedLine("Infusion", LimitKind.UNKNOWN),)])
def test_referral_that_is_not_confirmed_is_not_watched(harbor: World, lines: Sequence[StatedLine]) -> None:
    world.receive(harbor, lines=lines)

    assert swept(harbor, on=LAST) == (0, 0)


def test_thresholds_are_those_of_the_practice(harbor: World) -> None:
    authorization = world.authorization(harbor)
    for name, value in {"authorization-ending-days": "7, 60", "visits-left": "5"}.items():
        source = {"source": "our own", "verified_on": None}
        parameters.set_value(name=name, value=value, valid_from=TODAY, by=harbor.by, **source)
    world.booked(harbor, authorization)

    swept(harbor)

    assert shown(harbor) == [("authorization_ending", 60), ("visits_left", 5)]


def test_alert_names_the_day_and_no_veteran(harbor: World) -> None:
    authorization = world.authorization(harbor)

    swept(harbor, on=LAST - 7 * DAY)

    alert = Alert.objects.get()
    assert alert.headline == f"Authorization {authorization.referral.number} ends on 27 May 2024"
    assert (alert.due_on, alert.rule_code, alert.basis) == (LAST, "AUTH-01", "2024-05-27")


@pytest.mark.parametrize("since", [0, 1], ids=["told before", "told afterwards"])
def test_alert_of_an_authorization_that_has_ended_no_longer_asks_to_be_early(harbor: World, since: int) -> None:
    world.authorization(harbor)
    codes = []

    for on in (LAST, LAST + DAY)[since:]:
        swept(harbor, on=on)
        codes.append(Alert.objects.get().rule_code)

    assert codes == ["AUTH-01", "AUTH-03"][since:]


def test_extended_authorization_closes_its_alert_and_warns_again(harbor: World) -> None:
    authorization = world.authorization(harbor)
    swept(harbor, on=LAST - 7 * DAY)

    amend(harbor, authorization, LAST + 60 * DAY)

    assert swept(harbor, on=LAST - 6 * DAY) == (0, 1)
    assert swept(harbor, on=LAST + 15 * DAY) == (1, 0)
    assert told() == [(45, "PASSED"), (30, "PASSED"), (21, "PASSED"), (7, "DELIVERED"), (45, "DELIVERED")]


def test_authorization_extended_a_little_keeps_its_alert_and_names_the_new_day(harbor: World) -> None:
    authorization = world.authorization(harbor)
    swept(harbor, on=LAST - 7 * DAY)

    amend(harbor, authorization, LAST + 10 * DAY)
    swept(harbor, on=LAST - 6 * DAY)

    alert = Alert.objects.get()
    assert (alert.state, alert.threshold, alert.due_on) == ("OPEN", 21, LAST + 10 * DAY)


@pytest.mark.parametrize("act", ["suspend", "cancel", "complete"])
def test_alerts_close_with_the_referral(harbor: World, act: str) -> None:
    authorization = world.authorization(harbor, visits=1)
    world.booked(harbor, authorization)
    swept(harbor, on=LAST)

    getattr(referrals, act)(referral=authorization.referral, reason="test", by=harbor.by, at=NOW)

    assert (swept(harbor, on=LAST), shown(harbor)) == ((0, 2), [])


def test_alert_comes_back_when_the_referral_is_resumed(harbor: World) -> None:
    authorization = world.authorization(harbor)
    swept(harbor, on=LAST)
    for act in (referrals.suspend, referrals.resume):
        act(referral=authorization.referral, reason="test", by=harbor.by, at=NOW)
        swept(harbor, on=LAST)

    assert shown(harbor) == [("authorization_ending", 7)]


def test_line_that_has_visits_again_closes_its_alert_and_comes_back(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=3)
    visit = world.booked(harbor, authorization)
    swept(harbor)
    visits.cancel(visit=visit, reason="", by=harbor.by, at=NOW)
    closed = swept(harbor)

    world.booked(harbor, authorization)

    assert (closed, swept(harbor), shown(harbor)) == ((0, 1), (1, 0), [("visits_left", 2)])


def test_alert_of_a_line_closes_when_its_authorization_is_history(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    world.booked(harbor, authorization)
    swept(harbor)

    swept(harbor, on=LAST + 31 * DAY)

    assert shown(harbor) == []


def test_alerts_of_another_location_are_left_alone(harbor: World) -> None:
    world.authorization(harbor)
    swept(harbor, on=LAST)
    facts = {"name": "Branch", "time_zone": "America/New_York"}
    branch = practices.record_location(facts=facts, by=harbor.by)

    closed = watch.close_gone([], location=branch, by=harbor.by, at=NOW)

    assert (closed, shown(harbor)) == (0, [("authorization_ending", 7)])


def nights(skipping: int | None, *, first: date) -> Iterator[date]:
    """Yield 120 nights, or those of them on which the worker was up: it slept for up to so many nights at a time."""
    chance, day = Random(skipping), first
    while day < first + 120 * DAY:
        yield day
        day += DAY * (1 if skipping is None else chance.randint(1, skipping + 1))


@pytest.mark.parametrize("skipping", [None, 4, 10])
def test_four_months_of_nights_tell_everything_exactly_once(harbor: World, skipping: int | None) -> None:
    early = world.authorization(harbor)
    late = world.authorization(harbor, expiration_date=LAST + 20 * DAY)
    amended_on, extended = LAST - 15 * DAY, LAST + 40 * DAY
    done = False

    for night in nights(skipping, first=date(2024, 3, 28)):
        if night >= amended_on and not done:
            amend(harbor, late, extended)
            done = True
        swept(harbor, on=night)

    bases = ("subject_id", "basis", "threshold")
    found = sorted(Delivery.objects.filter(kind="authorization_ending").values_list(*bases))
    first_basis = {days for days in DAYS if LAST + 20 * DAY - days * DAY < amended_on}
    expected = [(early.pk, LAST.isoformat(), days) for days in DAYS]
    expected += [(late.pk, extended.isoformat(), days) for days in DAYS]
    expected += [(late.pk, (LAST + 20 * DAY).isoformat(), days) for days in first_basis]
    assert found == sorted(expected)


@pytest.fixture
def morning(harbor: World) -> Iterator[Job]:
    """The daily job of the place, with the clock at a week before the last day of two authorizations."""
    with time_machine.travel(NOW + (LAST - 7 * DAY - TODAY), tick=False):
        for _ in range(2):
            world.authorization(harbor)
        jobs.plan_daily(NOW)
        yield Job.objects.get(kind="watch_authorizations")


def test_daily_job_watches_the_place_and_says_how_much(harbor: World, morning: Job) -> None:
    jobs.run(morning.pk)

    morning.refresh_from_db()
    outcome = "2 authorizations watched, 4 alerts raised, 0 closed"
    assert (morning.state, morning.outcome, morning.done, morning.total) == ("DONE", outcome, 4, 4)
    ids = Authorization.objects.values_list("pk", flat=True)
    looked_at = {"watched": 2, "ids_sha256": audit.digest_of_ids(ids)}
    assert AuditEvent.objects.get(action="watch.swept").changes == {"raised": 4, "closed": 0, **looked_at}


def test_worker_that_lost_the_job_raises_nothing_more(
    harbor: World, morning: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vca.core.alerts.CHUNK", 1)
    raise_each = alerts.raise_each

    def raise_and_be_overtaken(*args: Any, **options: Any) -> int:
        raised = raise_each(*args, **options)
        Job.objects.update(fence=99)
        return raised

    monkeypatch.setattr(alerts, "raise_each", raise_and_be_overtaken)

    jobs.run(morning.pk)

    assert (len(shown(harbor)), AuditEvent.objects.filter(action="watch.swept").count()) == (1, 0)


def test_second_worker_ends_what_the_first_began(harbor: World, morning: Job) -> None:
    swept(harbor, on=LAST - 7 * DAY)

    jobs.run(morning.pk)

    morning.refresh_from_db()
    assert (morning.outcome, len(told())) == ("2 authorizations watched, 2 alerts raised, 0 closed", 12)
