"""A series of visits: whole or not at all, each conflict named, taken back together."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from referrals import queries
from referrals.domain.series import series as days_of
from referrals.models import Authorization, LedgerEntry, Visit
from referrals.services import series, visits
from referrals.services.series import SeriesRefused
from referrals.services.visits import MoveNotOffered, Plan
from tests import world
from tests.world import NOW, TODAY, World
from vca.core.models import AuditEvent
from vca.core.vocabulary import Role

pytestmark = [pytest.mark.both, pytest.mark.usefixtures("clock")]

WEEK = timedelta(days=7)


def plans(harbor: World, authorization: Authorization, *weeks: int) -> list[Plan]:
    return [world.plan(harbor, authorization, at=NOW + week * WEEK) for week in weeks]


def counts(authorization: Authorization) -> tuple[int, int, int]:
    """Visits held, entries of the ledger, visits."""
    line = world.line(authorization)
    return line.visits_held, LedgerEntry.objects.filter(service=line).count(), authorization.visits.count()


@pytest.mark.parametrize(
    ("first", "count", "weekdays", "expected"),
    [
        (date(2024, 4, 11), 3, set(), ["2024-04-11", "2024-04-18", "2024-04-25"]),
        (date(2024, 4, 11), 3, {0, 3}, ["2024-04-11", "2024-04-15", "2024-04-18"]),
        (date(2024, 4, 12), 2, {0}, ["2024-04-15", "2024-04-22"]),
        (date(2024, 2, 28), 3, {2, 3, 4}, ["2024-02-28", "2024-02-29", "2024-03-01"]),
    ],
)
def test_days_follow_the_pattern(first: date, count: int, weekdays: set[int], expected: list[str]) -> None:
    assert [str(day) for day in days_of(first, count=count, weekdays=weekdays)] == expected


def test_series_is_booked_whole(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=6)

    booked = series.book(plans=plans(harbor, authorization, 0, 1, 2), by=harbor.by, at=NOW)

    assert counts(authorization) == (3, 3, 3)
    assert len({visit.series for visit in booked}) == len(set(Visit.objects.values_list("series", flat=True))) == 1
    assert AuditEvent.objects.filter(action="visit.booked").count() == 3


def test_series_of_which_one_visit_is_refused_books_none_and_names_it(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=2)

    with pytest.raises(SeriesRefused) as refused:
        series.book(plans=plans(harbor, authorization, 0, 1, 2, 20), by=harbor.by, at=NOW)

    codes = {place: refusal.code for place, refusal in refused.value.conflicts.items()}
    assert codes == {2: "VISIT-02", 3: "VISIT-03"}
    assert "25 Apr 2024: VISIT-02" in refused.value.detail
    assert counts(authorization) == (0, 0, 0)
    assert not AuditEvent.objects.filter(action="visit.booked").exists()


@pytest.mark.parametrize("again", [(0,), (2, 2)])
def test_series_takes_no_moment_twice(harbor: World, again: tuple[int, ...]) -> None:
    authorization = world.authorization(harbor, visits=6)
    world.booked(harbor, authorization, at=NOW)

    with pytest.raises(SeriesRefused) as refused:
        series.book(plans=plans(harbor, authorization, 1, *again), by=harbor.by, at=NOW)

    codes = {place: refusal.code for place, refusal in refused.value.conflicts.items()}
    assert codes == {len(again): "VISIT-14"}
    assert counts(authorization) == (1, 1, 1)


def test_what_is_tried_leaves_nothing(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=2)

    found = series.conflicts_of(plans(harbor, authorization, 0, 1, 2), by=harbor.by, at=NOW)

    assert {place: refusal.code for place, refusal in found.items()} == {2: "VISIT-02"}
    assert counts(authorization) == (0, 0, 0)


def test_series_is_taken_back_as_far_as_it_still_waits(harbor: World) -> None:
    authorization = world.authorization(harbor, visits=6)
    alone = world.booked(harbor, authorization, at=NOW + 4 * WEEK)
    first, *_ = series.book(plans=plans(harbor, authorization, 0, 1, 2), by=harbor.by, at=NOW)
    visits.check_in(visit=first, by=harbor.by, at=NOW)

    cancelled = series.cancel(series=first.series, reason="moved away", by=harbor.by, at=NOW)

    states = dict(Visit.objects.values_list("pk", "state"))
    assert (cancelled, states[first.pk], states[alone.pk]) == (2, "ARRIVED", "BOOKED")
    assert not queries.miscounted(harbor.by).exists()


def test_series_of_another_practice_is_not_taken_back(harbor: World) -> None:
    authorization = world.authorization(harbor)
    first, *_ = series.book(plans=plans(harbor, authorization, 0, 1), by=harbor.by, at=NOW)

    assert series.cancel(series=first.series, reason="x", by=world.practice("ridge").by, at=NOW) == 0
    assert counts(authorization)[0] == 2


def test_half_a_series_is_never_seen(harbor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks after the second visit takes the first two with it."""
    authorization, book, done = world.authorization(harbor), visits.book, []

    def breaks(**said: Any) -> Visit:
        done.append(book(**said))
        if len(done) == 3:
            raise MemoryError
        return done[-1]

    monkeypatch.setattr(visits, "book", breaks)
    with pytest.raises(MemoryError):
        series.book(plans=plans(harbor, authorization, 0, 1, 2), by=harbor.by, at=NOW)

    assert (len(done), counts(authorization)) == (3, (0, 0, 0))


def form(harbor: World, authorization: Authorization, **said: Any) -> dict[str, Any]:
    line = world.line(authorization)
    given = {"service": line.pk, "clinician": harbor.clinician.pk, "code": "96365", "units": 1}
    fields = {f"services-0-{name}": value for name, value in given.items()}
    management = {"services-TOTAL_FORMS": 1, "services-INITIAL_FORMS": 0}
    pattern = {"location": harbor.location.pk, "on": str(TODAY), "at": "10:00", "count": 3, "weekdays": [0, 3]}
    return pattern | fields | management | said


def days(*moments: tuple[str, str]) -> dict[str, Any]:
    rows = {
        f"days-{place}-{name}": value
        for place, row in enumerate(moments)
        for name, value in zip(("on", "at"), row, strict=True)
    }
    return rows | {"days-TOTAL_FORMS": len(moments), "days-INITIAL_FORMS": 0, "book": "book"}


@pytest.fixture
def desk(harbor: World) -> Client:
    return world.signed_in(world.person(harbor, Role.FRONT_DESK))


def text_of(answer: Any) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_page_proposes_days_and_says_which_cannot_be_booked(harbor: World, desk: Client) -> None:
    authorization = world.authorization(harbor, visits=2)

    answer: Any = desk.post(reverse("book_series", args=[authorization.pk]), form(harbor, authorization, plan="plan"))

    proposed = [str(one.initial["on"]) for one, *_ in answer.context["rows"]]
    assert (answer.status_code, proposed) == (200, ["2024-04-11", "2024-04-15", "2024-04-18"])
    assert [refusal[-10:] for _, refusal, _ in answer.context["rows"]] == ["", "", "(VISIT-02)"]
    assert "1 visit cannot be booked." in text_of(answer)
    assert counts(authorization) == (0, 0, 0)


def test_page_books_the_days_as_they_were_changed(harbor: World, desk: Client) -> None:
    authorization = world.authorization(harbor, visits=2)
    url = reverse("book_series", args=[authorization.pk])

    answer: Any = desk.post(
        url, form(harbor, authorization) | days(("2024-04-12", "09:30"), ("", ""), ("2024-04-19", "15:00"))
    )
    page: Any = desk.get(answer.url)
    taken_back: Any = desk.post(reverse("cancel_series", args=[Visit.objects.first().series]))  # type: ignore[union-attr]

    moments = [one.astimezone(harbor.location.zone) for one in Visit.objects.values_list("starts_at", flat=True)]
    assert [f"{one:%d %H:%M}" for one in sorted(moments)] == ["12 09:30", "19 15:00"]
    assert "2 visits booked." in text_of(page)
    assert (taken_back.status_code, counts(authorization)[0]) == (302, 0)


def test_page_that_cannot_book_all_books_none_and_keeps_what_was_typed(harbor: World, desk: Client) -> None:
    authorization = world.authorization(harbor, visits=1)
    url = reverse("book_series", args=[authorization.pk])

    answer: Any = desk.post(url, form(harbor, authorization) | days(("2024-04-12", "09:30"), ("2024-04-19", "15:00")))

    assert (answer.status_code, counts(authorization)) == (422, (0, 0, 0))
    assert [refusal[-10:] for _, refusal, _ in answer.context["rows"]] == ["", "(VISIT-02)"]
    assert b'value="2024-04-19"' in answer.content


def test_day_without_a_time_is_asked_for(harbor: World, desk: Client) -> None:
    authorization = world.authorization(harbor)

    answer: Any = desk.post(
        reverse("book_series", args=[authorization.pk]), form(harbor, authorization) | days(("2024-04-12", ""))
    )

    assert answer.status_code == 422
    assert "Enter the time." in text_of(answer)


def test_series_that_is_over_is_none_to_take_back(harbor: World, desk: Client) -> None:
    authorization = world.authorization(harbor)
    first, *_ = series.book(plans=plans(harbor, authorization, 0, 1), by=harbor.by, at=NOW)
    series.cancel(series=first.series, reason="x", by=harbor.by, at=NOW)

    assert desk.post(reverse("cancel_series", args=[first.series])).status_code == 404


def test_undone_visit_of_a_series_stays_in_it(harbor: World) -> None:
    authorization = world.authorization(harbor)
    first, second = series.book(plans=plans(harbor, authorization, 0, 1), by=harbor.by, at=NOW)
    visits.cancel(visit=second, reason="x", by=harbor.by, at=NOW)
    visits.undo(visit=second, by=harbor.by, at=NOW)

    assert series.cancel(series=first.series, reason="x", by=harbor.by, at=NOW) == 2
    with pytest.raises(MoveNotOffered):
        visits.cancel(visit=first, reason="x", by=harbor.by, at=datetime.now(tz=NOW.tzinfo))
