"""That benchmarks measure what they say: medians with an honest interval, and sides that give the same values."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import sleep
from typing import Any

import pytest
from django.utils import timezone

from benchmarks import claim_837p, clinic, cms1500, dashboard, measuring
from benchmarks.authorization_list import values
from benchmarks.courses import Size
from benchmarks.measuring import Estimate, by_turns, estimate, percentile, ratio
from benchmarks.registry import BENCHMARKS, Benchmark, Table, benchmark, discover
from benchmarks.report import Machine, section, with_section
from benchmarks.rivals import authorization_list
from benchmarks.rivals.authorization_list import FIRST
from benchmarks.rivals.dashboard import Rival
from billing.models import Charge, Claim
from referrals.models import AuthorizedService
from tests import databases
from tests.databases import url
from vca.core.models import Practice
from vca.desk.queries import authorizations as queries
from vca.desk.queries import dashboard as figures
from vca.desk.queries.calendar import Calendar

SMALL = Size(authorizations=130, visits=1_300, claims=60, waiting=5)
VIEWS = ("active", "ended", "all")


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(5, 1, 5), (6, 1, 6), (15, 4, 12), (20, 6, 15), (31, 10, 22), (61, 23, 39)],
)
def test_interval_of_a_median_cuts_as_many_values_as_the_sign_test_allows(count: int, low: int, high: int) -> None:
    assert estimate(range(count, 0, -1)) == Estimate((count + 1) / 2, low, high)


def test_ratio_is_taken_within_each_round() -> None:
    ours, theirs = [2.0, 40.0, 6.0] * 5, [1.0, 20.0, 3.0] * 5
    assert ratio(ours, theirs) == Estimate(2, 2, 2)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 10), (0.95, 19), (1, 20)])
def test_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(range(20, 0, -1), share) == expected


def test_sides_take_turns_and_begin_in_another_order_each_round() -> None:
    calls: list[str] = []
    sides: dict[str, Callable[[], Any]] = {name: lambda name=name: calls.append(name) for name in "abc"}  # type: ignore[misc]

    taken = by_turns(sides, rounds=15)

    rounds = ["".join(calls[at : at + 3]) for at in range(0, len(calls), 3)]
    assert set(rounds) == {"abc", "bca", "cab"}
    assert rounds[-3:] == ["abc", "bca", "cab"]
    assert (len(rounds), [len(times) for times in taken.values()]) == (15 + measuring.WARM_UP, [15, 15, 15])


def test_what_is_done_before_each_turn_does_not_count() -> None:
    calls: list[str] = []
    taken = by_turns({"a": lambda: calls.append("a")}, rounds=15, before=lambda: calls.append("before") or sleep(0.002))
    assert calls == ["before", "a"] * (15 + measuring.WARM_UP)
    assert min(taken["a"]) < 2


def test_too_few_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="take at least 15"):
        by_turns({}, rounds=14)


EXAMPLE = Benchmark("example", "It is fast.", lambda: Table(("Page", "ms"), (("one", "1.0"),)))


def test_section_tells_day_machine_and_figures() -> None:
    machine = Machine(2, "3.11.7", "15.18", (0.24, 1.0))
    assert section(EXAMPLE, EXAMPLE.run(), on=date(2026, 11, 23), machine=machine).splitlines() == [
        "It is fast. Measured on 2026-11-23: 2 cores, Python 3.11.7, PostgreSQL 15.18, load 0.2 before and 1.0 after.",
        "",
        "| Page | ms |",
        "| --- | --: |",
        "| one | 1.0 |",
    ]


def test_sections_are_written_between_their_own_marks() -> None:
    once = with_section("# Benchmarks\n\nWhy.\n", "a", "old")
    twice = with_section(with_section(once + "\nBy hand.\n", "b", "other"), "a", "new")
    begin, end = "<!-- a: written by ./run bench -->", "<!-- end of a -->"
    assert twice == with_section(f"# Benchmarks\n\nWhy.\n\n## a\n\n{begin}\nnew\n{end}\n\nBy hand.\n", "b", "other")


def test_two_benchmarks_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BENCHMARKS, "example", EXAMPLE)
    with pytest.raises(ValueError, match="two benchmarks named example"):
        benchmark("example", claim="It is fast.")(EXAMPLE.run)


def test_every_benchmark_is_found() -> None:
    every = ["authorization-list", "claim-837p", "cms1500", "dashboard", "guards", "isolation", "pages"]
    assert sorted(discover()) == every


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_every_way_of_writing_a_claim_file_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    with claim_837p.ready(3) as batch:
        assert batch.check().batch_id == f"B{Practice.objects.get().pk}-000001"

        monkeypatch.setattr(claim_837p, "from_claims", lambda claims, envelope: b"")
        with pytest.raises(AssertionError, match="by hand"):
            batch.check()


def test_every_way_of_printing_says_the_same_in_the_same_cells() -> None:
    batch = cms1500.batch_of(cms1500.claims_of(2))
    assert len(cms1500.check(cms1500.sides(batch), batch)) == 3


def test_a_way_of_printing_that_says_something_else_is_noticed() -> None:
    batch = cms1500.batch_of(cms1500.claims_of(2))
    with pytest.raises(AssertionError):
        cms1500.check(cms1500.sides([batch[0] | {"23": "VA0000000018"}, batch[1]]), batch)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_list_gives_on_every_page_what_one_statement_gives() -> None:
    harbor, ridge = (clinic.practice(code, SMALL, now=timezone.now()) for code in ("harbor", "ridge"))
    databases.analyze()
    for place in (harbor, ridge):
        clinic.check(place, SMALL)
    today = harbor.location.civil_day(datetime.now(UTC))
    calendar = Calendar({harbor.location.pk: today}, today)
    rival = authorization_list.Rival(url(), practice_id=harbor.practice.pk, today=today)

    for view in VIEWS:
        after, cursor, places = FIRST, "", []
        while cursor is not None:
            page = queries.authorization_page(harbor.by, queries.Choice(view), after=cursor, calendar=calendar)
            assert [values(row) for row in page.rows] == rival.page(view, after=after)
            places += [(row["valid_through"], row["pk"]) for row in page.rows]
            cursor, after = page.older or None, places[-1]
        assert places == rival.order(view)
    rival.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_dashboard_gives_the_figures_of_one_statement() -> None:
    harbor, ridge = (clinic.practice(code, SMALL, now=timezone.now()) for code in ("harbor", "ridge"))
    today = harbor.location.civil_day(datetime.now(UTC))
    Charge.objects.filter(practice=harbor.practice, code="96365").update(valid_through=today - timedelta(days=20))
    Claim.objects.filter(practice=harbor.practice, state="READY").update(state="SENT")
    databases.analyze()
    rivals = [Rival(url(), practice_id=place.practice.pk, today=today) for place in (harbor, ridge)]

    found = [
        figures.figures(place.by, calendar=Calendar({place.location.pk: today}, today), place=None)
        for place in (harbor, ridge)
    ]

    told = [list(rival.figures()) for rival in rivals]
    assert [dashboard.values(one) for one in found] == told
    assert told[0] != told[1]
    assert min(found[0].ending, found[0].at_risk.visits, found[0].unbilled.unpriced, found[0].sent) > 0
    for rival in rivals:
        rival.close()


@pytest.mark.postgres
@pytest.mark.django_db
def test_counter_that_is_not_what_its_ledger_adds_up_to_is_found() -> None:
    place = clinic.practice("harbor", SMALL, now=timezone.now())
    line = AuthorizedService.objects.filter(visits_used__gt=0).earliest("pk")
    AuthorizedService.objects.filter(pk=line.pk).update(visits_used=line.visits_used - 1)

    with pytest.raises(AssertionError):
        clinic.check(place, SMALL)
