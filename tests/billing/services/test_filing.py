"""The daily watch over the filing limit."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models import Acknowledgment, Claim
from billing.services import acknowledgments, claims, filing, submissions
from billing.services.acknowledgments import Answer
from billing.services.submissions import ByHand
from referrals.domain.states import Affiliation
from referrals.models import Authorization, Referral, Visit
from tests import world
from tests.world import NOW, TODAY, World
from vca.core import alerts, jobs
from vca.core.models import Alert, AuditEvent, Delivery, Job
from vca.core.services import parameters, practices
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)
LAST = TODAY + 180 * DAY


@pytest.fixture
def harbor() -> World:
    one = world.practice()
    world.person(one, Role.BILLER)
    return one


@pytest.fixture
def authorization(harbor: World) -> Authorization:
    return world.authorization(harbor)


@pytest.fixture
def visit(harbor: World, authorization: Authorization) -> Visit:
    return world.completed(harbor, authorization)


def due(harbor: World, days_left: int) -> list[tuple[tuple[int, ...], str]]:
    on = LAST - days_left * DAY
    return [(one.passed, one.headline) for one in filing.due(harbor.location, by=harbor.by, today=on)]


@pytest.mark.parametrize(
    ("days_left", "passed"),
    [
        (151, None),
        (150, (150,)),
        (91, (150,)),
        (90, (150, 90)),
        (30, (150, 90, 30)),
        (10, (150, 90, 30, 10)),
        (0, (150, 90, 30, 10)),
        (-30, (150, 90, 30, 10)),
        (-31, None),
    ],
)
def test_unbilled_visit_is_told_at_its_thresholds(
    harbor: World, visit: Visit, days_left: int, passed: tuple[int, ...] | None
) -> None:
    assert [reached for reached, _ in due(harbor, days_left)] == ([passed] if passed else [])


def test_headline_says_the_day_and_what_is_missing(harbor: World, authorization: Authorization, visit: Visit) -> None:
    number = authorization.referral.number
    said = f"{number}: visit of 11 Apr 2024 must be filed by 8 Oct 2024; "
    assert due(harbor, 20)[0][1] == f"{said}no claim yet"
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    assert due(harbor, 20)[0][1] == f"{said}claim {claim.control_number} is not sent"
    assert " had to be filed by 8 Oct 2024; " in due(harbor, -1)[0][1]


def test_sent_claim_ends_the_watch_and_a_closed_one_does_not(harbor: World, visit: Visit) -> None:
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.close(claim=claim, reason="entered twice", by=harbor.by, at=NOW)
    assert len(due(harbor, 20)) == 1
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    assert len(due(harbor, 20)) == 1
    with time_machine.travel(NOW):
        submissions.ask(by=harbor.by)
        jobs.sweep(jobs.run)
    assert due(harbor, 20) == []


def test_limit_is_that_of_the_day_of_service(harbor: World, visit: Visit) -> None:
    """The bill that would make it a year changes nothing for visits before it."""
    facts = {"name": "filing-limit-days", "value": "365", "source": "a later law", "verified_on": None}
    parameters.set_value(valid_from=TODAY + DAY, by=harbor.by, **facts)
    assert len(due(harbor, 150)) == 1
    parameters.set_value(valid_from=TODAY, by=harbor.by, **facts)
    assert due(harbor, 150) == []


@pytest.mark.parametrize(
    ("affiliation", "told"), [(Affiliation.VCA, 1), (Affiliation.OTHER_VA, 1), (Affiliation.CCN, 0)]
)
def test_only_what_va_is_billed_for_is_watched(
    harbor: World, visit: Visit, affiliation: Affiliation, told: int
) -> None:
    Referral.objects.update(affiliation=affiliation)
    assert len(due(harbor, 20)) == told


def test_day_is_that_of_the_place(visit: Visit, harbor: World) -> None:
    """At one in the morning in Greenwich it is still the day before in Portland."""
    moment = datetime.combine(LAST - 10 * DAY, datetime.min.time(), UTC) + timedelta(hours=1)
    for hours, threshold in ((0, 30), (8, 10)):
        filing.bring_up_to_date(harbor.location, by=harbor.by, at=moment + timedelta(hours=hours))
        assert Alert.objects.get().threshold == threshold


def test_thresholds_are_those_in_force_on_the_day_of_the_place(visit: Visit, harbor: World) -> None:
    facts = {"name": "filing-limit-left-days", "value": "200", "source": "our own", "verified_on": None}
    parameters.set_value(valid_from=TODAY + DAY, by=harbor.by, **facts)
    assert [len(filing.due(harbor.location, by=harbor.by, today=TODAY + days * DAY)) for days in (0, 1)] == [0, 1]


def test_each_place_is_judged_by_its_own_calendar_and_closes_its_own_alerts(visit: Visit, harbor: World) -> None:
    guam = practices.record_location(facts={"name": "Guam", "time_zone": "Pacific/Guam"}, by=harbor.by)
    evening = datetime.combine(LAST - 150 * DAY, datetime.min.time(), UTC) + timedelta(hours=20)
    filing.bring_up_to_date(harbor.location, by=harbor.by, at=evening)
    assert filing.bring_up_to_date(guam, by=harbor.by, at=evening) == (0, 0)


def test_job_raises_once_and_closes_when_it_is_billed(harbor: World, visit: Visit) -> None:
    for days in (40, 41, 95):
        with time_machine.travel(NOW + days * DAY):
            jobs.sweep(jobs.run)
    mine = Alert.objects.filter(kind="filing_limit")
    assert list(mine.values_list("state", "threshold", "due_on")) == [("OPEN", 90, date(2024, 10, 8))]
    [claim] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    claims.make_ready(claim=claim, by=harbor.by, at=NOW)
    with time_machine.travel(NOW + 96 * DAY):
        submissions.ask(by=harbor.by)
    for days in (96, 97):
        with time_machine.travel(NOW + days * DAY):
            jobs.sweep(jobs.run)
    assert list(mine.values_list("state", flat=True)) == ["RESOLVED"]


def test_worker_that_lost_the_job_keeps_its_chunks_and_raises_nothing_more(
    harbor: World, authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.completed(harbor, authorization)
    raise_alert = alerts.raise_alert

    def raise_and_be_overtaken(*args: Any, **options: Any) -> Alert | None:
        Job.objects.update(fence=99)
        return raise_alert(*args, **options)

    monkeypatch.setattr(alerts, "CHUNK", 2)
    monkeypatch.setattr(alerts, "raise_alert", raise_and_be_overtaken)
    with time_machine.travel(NOW + 40 * DAY):
        jobs.plan_daily(NOW)
        jobs.run(Job.objects.get(kind="watch_filing").pk)

    assert Alert.objects.filter(kind="filing_limit").count() == 2
    assert AuditEvent.objects.filter(action="filing.swept").count() == 0


def looked(harbor: World, days_left: int) -> tuple[int, int]:
    """Let the watch look; return how many alerts it raised and closed."""
    at = NOW + (LAST - TODAY - days_left * DAY)
    return filing.bring_up_to_date(harbor.location, by=harbor.by, at=at)


def sent(harbor: World, claim: Claim, days_left: int) -> None:
    at = NOW + (LAST - TODAY - days_left * DAY)
    claims.make_ready(claim=claim, by=harbor.by, at=at)
    how = ByHand(Channel.PORTAL, at, receipt="R-1")
    submissions.record_by_hand(claim_ids=[claim.pk], sent=how, by=harbor.by, at=at)


def rejected(harbor: World, claim: Claim, days_left: int) -> Acknowledgment:
    at = NOW + (LAST - TODAY - days_left * DAY)
    on = harbor.location.civil_day(at)
    no = Answer(Verdict.REJECTED, Source.PORTAL, on, words="no such Veteran", reference="7")
    return acknowledgments.take(claim=claim, answer=no, by=harbor.by, at=at)


@pytest.fixture
def claim(harbor: World, visit: Visit) -> Claim:
    [one] = claims.draft(visit_ids=[visit.pk], by=harbor.by, at=NOW)
    return one


def test_rejection_warns_again_though_the_warning_was_dismissed(harbor: World, claim: Claim) -> None:
    looked(harbor, 8)
    alerts.dismiss(alert=Alert.objects.get(), reason="goes out today", by=harbor.by, at=NOW)
    sent(harbor, claim, 8)
    on_its_way = looked(harbor, 7)
    rejected(harbor, claim, 6)

    assert (on_its_way, looked(harbor, 6), looked(harbor, 5)) == ((0, 0), (1, 0), (0, 0))
    assert f"claim {claim.control_number} was rejected" in Alert.objects.get(state="OPEN").headline


def test_each_rejection_is_told_to_everybody_anew(harbor: World, claim: Claim) -> None:
    told = []
    looked(harbor, 9)
    for days_left in (8, 6):
        sent(harbor, claim, days_left)
        looked(harbor, days_left)
        rejected(harbor, claim, days_left - 1)
        looked(harbor, days_left - 1)
        told.append(Delivery.objects.filter(outcome="DELIVERED").count())
        claims.back_to_draft(claim=claim, by=harbor.by)
        looked(harbor, days_left - 1)

    assert (told, Delivery.objects.filter(outcome="DELIVERED").count()) == ([2, 3], 3)


def test_rejection_recorded_by_mistake_warns_nobody_again(harbor: World, claim: Claim) -> None:
    looked(harbor, 8)
    sent(harbor, claim, 8)
    row = rejected(harbor, claim, 7)
    acknowledgments.undo(acknowledgment=row, reason="the wrong claim", by=harbor.by, at=NOW + 173 * DAY)
    submissions.take_back(
        submission=row.submitted.submission, reason="it was never sent", by=harbor.by, at=NOW + 173 * DAY
    )
    looked(harbor, 6)

    assert set(Delivery.objects.values_list("basis", flat=True)) == {LAST.isoformat()}


def test_claim_closed_after_its_rejection_and_drafted_anew_is_told_once(harbor: World, claim: Claim) -> None:
    sent(harbor, claim, 8)
    rejected(harbor, claim, 7)
    first = looked(harbor, 7)
    claims.back_to_draft(claim=claim, by=harbor.by)
    claims.close(claim=claim, reason="billed apart", by=harbor.by, at=NOW)

    assert (first, looked(harbor, 6)) == ((1, 0), (0, 0))
