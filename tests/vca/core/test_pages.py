"""Pages of lists by keyset, and the page that a form came from."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from vca.core.models import ParameterValue, Practice
from vca.core.pages import asked_for, came_from, keyset, keyset_by_day, path_of

pytestmark = [pytest.mark.django_db, pytest.mark.both]

FIRST = date(2024, 4, 11)
NONSENSE = ["", "x", "-1", "1.5", "' OR 1=1 --", "~", "x~1", "2024-02-30~1", "2024-04-11~", "2024-04-11~x", "0" * 30]


@pytest.fixture
def values() -> list[int]:
    """Seven values, two on each day but the last; return their ids."""
    practice = Practice.objects.create(code="harbor", name="Harbor")
    facts = {"practice": practice, "value": "x", "source": "x"}
    made = [
        ParameterValue.objects.create(name=f"n{number}", valid_from=FIRST + timedelta(days=number // 2), **facts)
        for number in range(7)
    ]
    return [one.pk for one in made]


def by_day(after: str = "", size: int = 3) -> Any:
    return keyset_by_day(ParameterValue.objects.values("valid_from", "pk"), "valid_from", after=after, size=size)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_hold_every_row_once(values: list[int], newest_first: bool, size: int) -> None:
    found, after = [], ""

    for _ in range(9):
        page = keyset(ParameterValue.objects.all(), newest_first=newest_first, after=after, size=size)
        found += [row.pk for row in page.rows]
        after = page.older
        if not after:
            break

    assert found == (values[::-1] if newest_first else values)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_by_day_hold_every_row_once(values: list[int], size: int) -> None:
    found, after = [], ""

    for _ in range(9):
        page = by_day(after, size)
        found += [row["pk"] for row in page.rows]
        after = page.older
        if not after:
            break

    assert found == values


@pytest.mark.parametrize("after", NONSENSE)
def test_nonsense_is_the_first_page(values: list[int], after: str) -> None:
    assert [row["pk"] for row in by_day(after).rows] == values[:3]


@pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "' OR 1=1 --"])
def test_nonsense_is_the_newest_page(values: list[int], after: str) -> None:
    assert [row.pk for row in keyset(ParameterValue.objects.all(), after=after, size=3).rows] == values[:-4:-1]


@pytest.mark.parametrize(("after", "rows"), [("9" * 30, 3), ("0", 0)])
def test_cursor_beyond_all_ids_is_no_error(values: list[int], after: str, rows: int) -> None:
    assert len(keyset(ParameterValue.objects.all(), after=after, size=3).rows) == rows


def test_day_cursor_beyond_all_ids_goes_on_with_the_next_day(values: list[int]) -> None:
    assert [row["pk"] for row in by_day(f"{FIRST}~{'9' * 30}").rows] == values[2:5]


@pytest.mark.parametrize(
    ("referer", "origin"),
    [
        ("http://testserver/claims/1/", "http://testserver/claims/1/"),
        ("/claims/1/", "/claims/1/"),
        ("", "/"),
        ("http://elsewhere.example/claims/", "/"),
        ("//elsewhere.example/", "/"),
        ("http://testserver@elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("https:///elsewhere.example", "/"),
    ],
)
def test_form_leads_back_to_a_page_of_ours_alone(referer: str, origin: str) -> None:
    request = RequestFactory().post("/", headers={"Referer": referer})

    assert came_from(request, "/") == origin


@pytest.mark.parametrize(
    ("url", "path"), [("http://testserver/claims/?state=READY", "/claims/?state=READY"), ("/claims/", "/claims/")]
)
def test_path_of_an_address_keeps_its_query(url: str, path: str) -> None:
    assert path_of(url) == path


def test_row_that_an_address_names_is_among_those_that_may_be_seen(values: list[int]) -> None:
    first, *others = ParameterValue.objects.order_by("pk")

    assert (asked_for(str(first.pk), [first, *others]), asked_for("", [first])) == (first, None)
    for text in (str(first.pk), "x"):
        with pytest.raises(Http404):
            asked_for(text, others)
