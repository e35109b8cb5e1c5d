"""The edge cases of an episode of care, by their number in the list that the product was made from."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing import queries as billing
from referrals import queries
from referrals.domain.drawdown import VisitOutsidePeriod
from referrals.domain.notice import HoldReason, StatedLine
from referrals.domain.states import Affiliation, LimitKind, ReferralState, VisitState
from referrals.models import Authorization, Referral, Visit
from referrals.services import approvals, referrals, visits
from referrals.services.bookable import NoAgreement
from referrals.services.visits import Planned, ReferralNotActive
from tests import world
from tests.world import NOW, World
from vca.core.models import Agreement, Task
from vca.core.services import practices
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both]

INFUSION = StatedLine("Ketamine infusion", LimitKind.COUNTED, 6, ("96365", "96366", "J3490"))
EVALUATION = StatedLine("Evaluation", LimitKind.COUNTED, 3, ("99204",))


@pytest.fixture
def harbor() -> World:
    return world.practice()


def counted(authorization: Authorization) -> list[tuple[int, int]]:
    """Return held and used of each line."""
    rows = authorization.services.order_by("number")
    return list(rows.values_list("visits_held", "visits_used"))


def test_e01_visit_late_on_the_last_day_is_covered_though_the_next_day_has_begun_in_greenwich(harbor: World) -> None:
    authorization = world.authorization(harbor, expiration_date=date(2024, 5, 27))
    late = datetime(2024, 5, 28, 6, 30, tzinfo=UTC)  # 23:30 on 27 May in Portland

    assert world.booked(harbor, authorization, at=late).on == date(2024, 5, 27)
    with pytest.raises(VisitOutsidePeriod):
        world.booked(harbor, authorization, at=late + timedelta(minutes=30))


def test_e13_visit_on_two_lines_uses_one_of_each(harbor: World) -> None:
    authorization = world.authorization(harbor, lines=(EVALUATION, INFUSION))

    world.completed(harbor, authorization, lines=(1, 2))

    assert counted(authorization) == [(0, 1), (0, 1)]


def test_e14_two_procedures_on_one_line_are_one_visit(harbor: World) -> None:
    authorization = world.authorization(harbor)
    plan = world.plan(harbor, authorization)
    hours = [*plan.services, replace(plan.services[0], code="96366", units=2)]

    visit = visits.book(plan=replace(plan, services=hours), by=harbor.by, at=NOW)
    visits.check_in(visit=visit, by=harbor.by, at=NOW)
    visits.complete(visit=visit, by=harbor.by, at=NOW)

    assert (visit.services.count(), counted(authorization)) == (2, [(0, 1)])


def test_e15_day_cancelled_in_the_morning_and_given_in_the_afternoon_uses_one(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    morning = world.booked(harbor, authorization)
    visits.cancel(visit=morning, reason="No escort yet", by=harbor.by, at=NOW)
    assert counted(authorization) == [(0, 0)]

    world.completed(harbor, authorization, at=NOW + timedelta(hours=5))

    assert counted(authorization) == [(0, 1)]


def two_open(harbor: World) -> tuple[Authorization, Authorization]:
    """Return a mental health and a pain referral of one Veteran."""
    therapy = StatedLine("Psychotherapy", LimitKind.COUNTED, 6, ("90837",))
    mind = world.authorization(harbor, lines=(therapy,))
    facts = mind.veteran.facts
    same = {name: getattr(facts, name) for name in ("last_name", "first_name", "date_of_birth", "icn")}
    pain = world.authorization(harbor, category_of_care="Pain", **same)
    assert pain.veteran == mind.veteran
    return mind, pain


@pytest.fixture
def biller(harbor: World) -> Client:
    return world.signed_in(world.person(harbor, Role.BILLER))


def book_on(authorization: Authorization, harbor: World, who: Client, code: str) -> str:
    """Book a visit by its page and return what the next page says."""
    line = world.line(authorization)
    services = {"services-0-service": line.pk, "services-0-clinician": harbor.clinician.pk, "services-0-code": code}
    form = {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0, "services-0-units": 1, **services}
    when = {"location": harbor.location.pk, "on": "2024-04-18", "at": "10:00"}
    answer = who.post(reverse("book_visit", args=[authorization.pk]), {**form, **when}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_e17_page_of_a_booking_lets_choose_between_two_open_referrals(harbor: World) -> None:
    mind, pain = two_open(harbor)

    with time_machine.travel(NOW):
        biller = world.signed_in(world.person(harbor, Role.BILLER))
        page = biller.get(reverse("book_visit", args=[mind.pk])).content.decode()

    assert "1 other referral of this Veteran is open" in page
    assert reverse("book_visit", args=[pain.pk]) in page
    assert "Pain: Ketamine infusion (96365, 96366, J3490)" in page


def test_e17_ended_referral_is_none_to_choose(harbor: World) -> None:
    mind, pain = two_open(harbor)
    referrals.complete(referral=pain.referral, reason="Done", by=harbor.by, at=NOW)

    assert not queries.also_open(mind, harbor.by, on=NOW.date()).exists()
    assert queries.also_open(pain, harbor.by, on=NOW.date()).exists()


@pytest.mark.parametrize(("code", "warned"), [("96365", True), ("90837", False)])
def test_e17_code_suggests_the_referral_that_lists_it(harbor: World, biller: Client, code: str, warned: bool) -> None:
    mind, pain = two_open(harbor)

    page = book_on(mind, harbor, biller, code)

    assert Visit.objects.get().authorization == mind
    assert (f"96365 is listed on {pain.referral.number}" in page and "VISIT-28" in page) is warned


def test_e27_cancelled_referral_names_its_bookings_and_what_was_given_is_billed(harbor: World) -> None:
    authorization = world.authorization(harbor)
    given = world.completed(harbor, authorization, at=NOW - timedelta(days=1))
    booked = world.booked(harbor, authorization, at=NOW + timedelta(days=3))

    referrals.cancel(referral=authorization.referral, reason="VA cancelled it", by=harbor.by, at=NOW)

    assert Task.objects.filter(kind="visits_on_ended", closed_at=None).count() == 1
    assert list(billing.unbilled_visits(harbor.by)) == [given]
    with pytest.raises(ReferralNotActive):
        visits.check_in(visit=booked, by=harbor.by, at=booked.starts_at)


def test_e28_status_that_va_never_documented_is_kept_as_it_came_and_holds_the_referral(harbor: World) -> None:
    referral = world.receive(harbor, va_status="I").referral

    assert (referral.va_status, referral.state) == ("I", ReferralState.HELD)
    assert HoldReason.STATUS in queries.obstacles(referral)
    assert Task.objects.filter(kind="referral_held", closed_at=None).count() == 1


def test_e37_agreement_that_ends_before_the_referral_is_told_and_refuses_visits(harbor: World) -> None:
    authorization = world.authorization(harbor)
    ends = NOW.date() + timedelta(days=5)
    agreement = Agreement.objects.get()
    practices.record_agreement(
        facts={"valid_through": ends},
        by=harbor.by,
        locations=[harbor.location],
        clinicians=[harbor.clinician],
        agreement=agreement,
    )

    told = approvals.due(harbor.by, today=NOW.date())
    assert [one.rule_code for one in told["agreement_ending"]] == ["AGREEMENT-01"]
    world.booked(harbor, authorization, at=NOW + timedelta(days=5))
    with pytest.raises(NoAgreement):
        world.booked(harbor, authorization, at=NOW + timedelta(days=6))


def test_e38_referral_keeps_the_route_that_is_printed_on_it(harbor: World) -> None:
    under_agreement = world.authorization(harbor).referral
    network = world.receive(harbor, affiliation=Affiliation.CCN).referral

    again = Referral.objects.get(pk=under_agreement.pk)
    assert (again.affiliation, network.affiliation) == (Affiliation.VCA, Affiliation.CCN)


def test_e42_referral_without_a_last_day_is_held_and_books_nothing(harbor: World) -> None:
    outcome = world.receive(harbor, expiration_date=None)
    referral = outcome.referral

    assert HoldReason.EXPIRATION in queries.obstacles(referral)
    with pytest.raises(referrals.NotReady):
        world.confirm(harbor, outcome)
    line = world.line(referral.authorization)
    services = [Planned(service_id=line.pk, clinician_id=harbor.clinician.pk)]
    plan = visits.Plan(referral.authorization, harbor.location, NOW, services)
    with pytest.raises(ReferralNotActive):
        visits.book(plan=plan, by=harbor.by, at=NOW)
    assert not Visit.objects.exclude(state=VisitState.VOIDED).exists()
