"""The list of 4,000 authorizations with 80,000 visits, beside one SQL statement written by hand.

Two things are set against the statement: what the page asks the database and makes of it (lines, names, badges), and
the whole page as a browser gets it (session, roles, navigation, HTML), which no statement does. The values of the three
are compared first, and every view is walked from its first page to its last.
"""

import re
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measuring import by_turns, percentile, ratio
from benchmarks.registry import Table, benchmark
from benchmarks.rivals.authorization_list import FIRST, Place, Rival, Row
from benchmarks.scene import Scene, scene
from vca.core.pages import PAGE_SIZE, KeysetPage
from vca.desk import queries

ROUNDS = 61
NUMBER = re.compile(rb">(VA\d{10})</a>")
HEAD = ("Page", "SQL, ms", "queries, ms", "queries / SQL (95 %)", "page, ms", "page p95, ms", "page / SQL (95 %)")


@benchmark(
    "authorization-list",
    claim="Any page of the list of 4,000 authorizations with 80,000 visits takes less than 50 ms, and what it asks the "
    "database at most twice the time of one SQL statement written by hand that gives the same values.",
)
def run() -> Table:
    """Compare the first page, one in the middle and the last page of each view."""
    stage = scene()
    rival = Rival(stage.database, practice_id=stage.by.practice_id, today=stage.today)
    rows = tuple(row for view in ("active", "ended", "all") for row in _rows(stage, rival, view))
    rival.close()
    return Table(HEAD, rows)


def _rows(stage: Scene, rival: Rival, view: str) -> Iterator[tuple[str, ...]]:
    order = rival.order(view)
    assert [(row["valid_through"], row["pk"]) for row in walk(stage, view)] == order
    pages = (len(order) - 1) // PAGE_SIZE + 1
    for number in sorted({1, (pages + 1) // 2, pages}):
        after = order[(number - 1) * PAGE_SIZE - 1] if number > 1 else FIRST
        yield (f"{view}, page {number} of {pages}", *_figures(stage, rival, view, after))


def walk(stage: Scene, view: str) -> Iterator[dict[str, Any]]:
    """Yield all rows of a view, page by page."""
    page: KeysetPage[dict[str, Any]] = KeysetPage([], "first")
    while page.older:
        page = queries.authorization_page(stage.by, view=view, after=page.older, today=stage.today)
        yield from page.rows


def _figures(stage: Scene, rival: Rival, view: str, after: Place) -> tuple[str, ...]:
    """Return what was measured of one page. Raises AssertionError when the sides differ in any value."""
    cursor = "" if after == FIRST else f"{after[0]}~{after[1]}"
    data = partial(queries.authorization_page, stage.by, view=view, after=cursor, today=stage.today)
    path = f"/authorizations/?view={view}&after={cursor}"
    sql = rival.page(view, after=after)
    assert [values(row) for row in data().rows] == sql
    assert NUMBER.findall(stage.get(path)) == [row[2].encode() for row in sql]
    sides = {"sql": partial(rival.page, view, after=after), "queries": data, "page": partial(stage.get, path)}
    taken = by_turns(sides, rounds=ROUNDS)
    sql_ms, queries_ms, page_ms = (f"{median(taken[name]):.1f}" for name in sides)
    slow = f"{percentile(taken['page'], 0.95):.1f}"
    asked, whole = (str(ratio(taken[name], taken["sql"])) for name in ("queries", "page"))
    return sql_ms, queries_ms, asked, page_ms, slow, whole


def values(row: dict[str, Any]) -> Row:
    """Return what a row of ours says in the order of the statement's columns."""
    counts = [(line["description"], line["count"]) for line in row["lines"]]
    lines = [[words, one.authorized, one.before_us, one.held, one.used, one.left] for words, one in counts]
    names = (
        "pk",
        "authorization_id",
        "referral_number",
        "veteran_id",
        "name",
        "valid_from",
        "valid_through",
        "next_visit",
    )
    return (*(row[name] for name in names), lines, row["badges"])
