"""Penciled visits: planned beyond VA's cover, holding nothing, booked when cover comes, given up on a day."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from referrals import queries
from referrals.domain.drawdown import VisitsExhausted
from referrals.domain.states import LimitKind
from referrals.models import Authorization, Visit
from referrals.services import amendments, pencils, referrals, series, visits
from referrals.services.amendments import Limit
from referrals.services.authorizations import Terms
from referrals.services.bookable import NoAgreement
from referrals.services.series import SeriesRefused
from referrals.services.visits import MoveNotOffered, ReferralNotActive
from tests import world
from tests.referrals.services.test_series import days, form
from tests.vca.core.api.caller import caller
from tests.world import NOW, TODAY, World
from vca.core.models import Agreement, Alert, AuditEvent, Task
from vca.core.vocabulary import Role
from vca.domain.errors import RuleError

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock")]
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def arranged(harbor: World, authorization: Authorization, *weeks: int) -> list[Visit]:
    """Return visits at this time of the day in so many weeks, booked or penciled in one by one."""
    plans = [world.plan(harbor, authorization, at=NOW + week * WEEK) for week in weeks]
    return [pencils.arrange(plan=plan, by=harbor.by, at=NOW) for plan in plans]


def states(authorization: Authorization) -> list[str]:
    return list(authorization.visits.order_by("starts_at", "pk").values_list("state", flat=True))


def allow(harbor: World, authorization: Authorization, visits: int) -> None:
    """VA authorizes so many visits on the line."""
    limit = Limit("Infusion", LimitKind.COUNTED, visits)
    amendments.set_limit(service=world.line(authorization), limit=limit, reason="VA", by=harbor.by, at=NOW)


def tasks(kind: str) -> list[tuple[str, date | None]]:
    return list(Task.objects.filter(kind=kind, closed_at=None).order_by("pk").values_list("headline", "due_on"))


def test_four_are_held_and_two_penciled_in(harbor: World) -> None:
    """Hold four, pencil two, and say that VA must be asked."""
    authorization = world.authorization(harbor, visits=4)
    plans = [world.plan(harbor, authorization, at=NOW + week * WEEK) for week in range(6)]

    booked = series.book(plans=plans, by=harbor.by, at=NOW, or_pencil=True)

    line, waiting = world.line(authorization), booked[4:]
    assert states(authorization) == ["BOOKED"] * 4 + ["PENCILLED"] * 2
    assert (line.visits_held, queries.miscounted(harbor.by).exists()) == (4, False)
    days_kept = [TODAY + week * WEEK - 2 * DAY for week in (4, 5)]
    assert [(one.waits_for, one.kept_until) for one in waiting] == [("VISIT-02", day) for day in days_kept]
    number = authorization.referral.number
    words = f"2 penciled visits wait for VA's cover on {number}: ask VA for more"
    assert tasks("visits_penciled") == [(words, days_kept[0])]


def test_visit_that_va_covers_is_booked(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)

    (visit,) = arranged(harbor, authorization, 0)

    assert (visit.state, visit.waits_for, visit.kept_until) == ("BOOKED", "", None)


def without_agreement(harbor: World, authorization: Authorization) -> type[RuleError]:
    Agreement.objects.update(valid_through=TODAY - DAY)
    return NoAgreement


def ended(harbor: World, authorization: Authorization) -> type[RuleError]:
    referrals.cancel(referral=authorization.referral, reason="VA", by=harbor.by, at=NOW)
    return ReferralNotActive


@pytest.mark.parametrize("arrange", [without_agreement, ended])
def test_visit_that_lacks_more_than_cover_is_refused(harbor: World, arrange: Any) -> None:
    authorization = world.authorization(harbor, visits=0)
    refusal = arrange(harbor, authorization)

    with pytest.raises(refusal):
        arranged(harbor, Authorization.objects.get(), 1)

    assert states(authorization) == []


def test_day_that_has_passed_waits_for_nothing(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)

    with pytest.raises(VisitsExhausted):
        arranged(harbor, authorization, -1)

    assert states(authorization) == []


def test_series_with_a_visit_that_cannot_wait_is_refused_whole(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    plans = [world.plan(harbor, authorization, at=NOW + week * WEEK) for week in (-1, 1)]

    with pytest.raises(SeriesRefused) as refused:
        series.book(plans=plans, by=harbor.by, at=NOW, or_pencil=True)

    assert (list(refused.value.conflicts), states(authorization)) == ([0], [])


def test_cover_books_in_the_order_of_the_days(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    arranged(harbor, authorization, 0, 3, 2, 1)

    allow(harbor, authorization, 3)

    assert states(authorization) == ["BOOKED", "BOOKED", "BOOKED", "PENCILLED"]
    assert not queries.miscounted(harbor.by).exists()
    told = [said for said, _ in tasks("penciled_booked")]
    assert ["2 penciled visits are booked now" in said for said in told] == [True]
    assert ["1 penciled visit waits" in said for said, _ in tasks("visits_penciled")] == [True]
    booked = AuditEvent.objects.filter(action="visit.booked").order_by("pk")
    assert [one.changes.get("was") for one in booked] == [None, "PENCILLED", "PENCILLED"]


def test_last_one_that_is_booked_closes_the_task(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    arranged(harbor, authorization, 0, 1)

    allow(harbor, authorization, 2)

    assert (tasks("visits_penciled"), states(authorization)) == ([], ["BOOKED"] * 2)


def test_days_that_va_adds_book_what_waits_for_them(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=2)
    (visit,) = arranged(harbor, authorization, 40)
    terms = Terms(TODAY, TODAY + 60 * WEEK)

    amendments.amend(authorization=authorization, terms=terms, reason="VA", by=harbor.by, at=NOW)

    assert (visit.waits_for, states(authorization)) == ("VISIT-03", ["BOOKED"])


def test_referral_that_goes_on_books_what_waits_for_it(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=2)
    referrals.suspend(referral=authorization.referral, reason="VA", by=harbor.by, at=NOW)
    (visit,) = arranged(harbor, Authorization.objects.get(), 1)

    referrals.resume(referral=Authorization.objects.get().referral, reason="VA", by=harbor.by, at=NOW)

    assert (visit.waits_for, states(authorization)) == ("VISIT-01", ["BOOKED"])


def test_cover_that_lacks_another_thing_says_what_the_visit_waits_for_now(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    (visit,) = arranged(harbor, authorization, 40)

    allow(harbor, authorization, 0)

    visit.refresh_from_db()
    assert (visit.state, visit.waits_for) == ("PENCILLED", "VISIT-03")


def test_place_that_a_cancellation_frees_is_given_by_hand(harbor: World) -> None:
    """Somebody who moves a booking must not lose its place to a penciled visit in between."""
    authorization = world.authorization(harbor, visits=1)
    first, waiting = arranged(harbor, authorization, 0, 1)

    visits.cancel(visit=first, reason="moved", by=harbor.by, at=NOW)
    before = states(authorization)
    visits.book_penciled(visit=waiting, by=harbor.by, at=NOW)

    assert (before, states(authorization)) == (["CANCELLED", "PENCILLED"], ["CANCELLED", "BOOKED"])
    assert (world.line(authorization).visits_held, tasks("visits_penciled")) == (1, [])


def test_penciled_visit_is_given_up_and_penciled_again(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    (visit,) = arranged(harbor, authorization, 1)

    visits.cancel(visit=visit, reason="test", by=harbor.by, at=NOW)
    closed = tasks("visits_penciled")
    visits.undo(visit=visit, by=harbor.by, at=NOW)

    assert (closed, len(tasks("visits_penciled")), visit.state) == ([], 1, "PENCILLED")
    assert not queries.miscounted(harbor.by).exists()


@pytest.mark.parametrize("deed", [visits.check_in, visits.complete, visits.no_show])
def test_penciled_visit_is_not_given(harbor: World, deed: Any) -> None:
    authorization = world.authorization(harbor, visits=0)
    (visit,) = arranged(harbor, authorization, 0)
    reason = {"reason": "test"} if deed is visits.no_show else {}

    with pytest.raises(MoveNotOffered):
        deed(visit=visit, by=harbor.by, at=NOW, **reason)


def test_day_to_wait_ends_with_a_task(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    arranged(harbor, authorization, 1, 2)
    last = TODAY + WEEK - 2 * DAY

    kept = pencils.give_up_due(harbor.location, by=harbor.by, at=NOW + (last - TODAY))
    given_up = pencils.give_up_due(harbor.location, by=harbor.by, at=NOW + (last - TODAY) + DAY)

    assert (kept, given_up, states(authorization)) == (0, 1, ["CANCELLED", "PENCILLED"])
    assert [
        "was given up, no cover by 16 Apr 2024: tell the Veteran" in said for said, _ in tasks("penciled_given_up")
    ] == [True]


def test_ended_referral_gives_up_what_waits(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    arranged(harbor, authorization, 1)
    referrals.complete(referral=authorization.referral, reason="done", by=harbor.by, at=NOW)

    assert (pencils.give_up_due(harbor.location, by=harbor.by, at=NOW), states(authorization)) == (1, ["CANCELLED"])


def test_database_refuses_a_penciled_visit_that_waits_for_nothing(harbor: World) -> None:
    (visit,) = arranged(harbor, world.authorization(harbor, visits=0), 1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Visit.objects.filter(pk=visit.pk).update(waits_for="")


def test_nobody_is_warned_of_what_is_only_penciled(harbor: World) -> None:
    arranged(harbor, world.authorization(harbor, visits=0), 1)

    assert not Alert.objects.filter(kind="not_closed").exists()


def test_page_offers_to_pencil_what_only_waits(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    client = world.signed_in(world.person(harbor, Role.FRONT_DESK))
    url, said = reverse("book_visit", args=[authorization.pk]), form(harbor, authorization) | {"on": str(TODAY + WEEK)}

    refused = client.post(url, said)
    client.post(url, said | {"pencil": "pencil"})
    shown = client.get(reverse("authorization", args=[authorization.pk])).content.decode()

    assert (refused.status_code, "Pencil it in" in refused.content.decode()) == (422, True)
    assert (states(authorization), "waits for VA" in shown) == (["PENCILLED"], True)


def test_page_of_a_walk_in_offers_no_pencil(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=0)
    client = world.signed_in(world.person(harbor, Role.FRONT_DESK))

    refused = client.post(reverse("walk_in", args=[authorization.pk]), form(harbor, authorization) | {"pencil": "x"})

    assert ("Pencil it in" in refused.content.decode(), states(authorization)) == (False, [])


def test_page_of_a_series_books_some_and_pencils_the_rest(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=1)
    client = world.signed_in(world.person(harbor, Role.FRONT_DESK))
    url = reverse("book_series", args=[authorization.pk])
    said = form(harbor, authorization) | days(("2024-04-15", "10:00"), ("2024-04-18", "10:00"))

    refused = client.post(url, said)
    said.pop("book")
    answer = client.post(url, said | {"pencil": "pencil"}, follow=True).content.decode()

    assert (refused.status_code, "Book 1, pencil in 1" in refused.content.decode()) == (422, True)
    assert (states(authorization), "1 visit booked, 1 penciled in" in answer) == (["BOOKED", "PENCILLED"], True)


def test_program_books_a_series_and_pencils_what_waits(harbor: World) -> None:
    authorization, program = world.authorization(harbor, visits=1), caller(harbor, Role.BILLER)
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk, "code": "96365"}
    moments = [(NOW + week * WEEK).isoformat() for week in (1, 2)]
    body = {"location": harbor.location.pk, "starts_at": moments, "services": [service]}

    refused = program.post("api_series", authorization.pk, body=body)
    answer = program.post("api_series", authorization.pk, body=body | {"or_pencil": True})

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "VISIT-13")
    told = [(one["state"], one["waits_for"]) for one in answer.json()["visits"]]
    assert (answer.status_code, told) == (201, [("BOOKED", ""), ("PENCILLED", "VISIT-02")])


def test_program_books_what_it_has_penciled(harbor: World) -> None:
    authorization, program = world.authorization(harbor, visits=0), caller(harbor, Role.BILLER)
    service = {"service": world.line(authorization).pk, "clinician": harbor.clinician.pk}
    body = {"location": harbor.location.pk, "starts_at": (NOW + WEEK).isoformat(), "services": [service]}
    visit = program.post("api_visits", authorization.pk, body=body | {"or_pencil": True}).json()["id"]

    refused = program.post("api_book_penciled", visit)
    world.line(authorization).__class__.objects.update(visits_authorized=1)
    booked = program.post("api_book_penciled", visit)

    assert (refused.status_code, booked.status_code, booked.json()["state"]) == (409, 200, "BOOKED")
