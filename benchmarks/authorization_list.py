"""The list of 4,000 authorizations with 80,000 visits, beside one SQL statement written by hand.

Two things are set against the statement: what the page asks the database and makes of it (lines, names, badges), and
the whole page as a browser gets it (session, roles, navigation, HTML), which no statement does. The statement is
planned on every run, as Django's are; beside it the same one runs prepared. The values of all are compared first, and
every view is walked from its first page to its last.
"""

import re
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measuring import Side, by_turns, percentile, ratio
from benchmarks.registry import Table, benchmark
from benchmarks.rivals.authorization_list import FIRST, Place, Rival, Row
from benchmarks.scene import Scene, scene
from vca.core.pages import PAGE_SIZE, KeysetPage
from vca.desk.queries import authorizations as queries

ROUNDS = 61
NUMBER = re.compile(rb">(VA\d{10})</a>")
PREPARED_AFTER = 5  # psycopg's own default
HEAD = (
    *("Page", "SQL, ms", "prepared, ms", "queries, ms", "queries / SQL (95 %)", "queries / prepared (95 %)"),
    *("page, ms", "page p95, ms", "page / SQL (95 %)"),
)


@benchmark(
    "authorization-list",
    claim="Any page of the list of 4,000 authorizations with 80,000 visits takes less than 50 ms, and what it asks the "
    "database at most twice the time of one SQL statement written by hand that gives the same values.",
)
def run() -> Table:
    """Compare the first page, one in the middle and the last page of each view."""
    stage = scene()
    known = {"practice_id": stage.by.practice_id, "today": stage.today}
    sql, prepared = (Rival(stage.database, **known, prepared_after=runs) for runs in (None, PREPARED_AFTER))
    rows = tuple(row for view in ("active", "ended", "all") for row in _rows(stage, sql, prepared, view))
    for rival in (sql, prepared):
        rival.close()
    return Table(HEAD, rows)


def _rows(stage: Scene, sql: Rival, prepared: Rival, view: str) -> Iterator[tuple[str, ...]]:
    order = sql.order(view)
    assert [(row["valid_through"], row["pk"]) for row in walk(stage, view)] == order
    pages = (len(order) - 1) // PAGE_SIZE + 1
    for number in sorted({1, (pages + 1) // 2, pages}):
        after = order[(number - 1) * PAGE_SIZE - 1] if number > 1 else FIRST
        sides = _sides(stage, view, after) | {
            "sql": partial(sql.page, view, after=after),
            "prepared": partial(prepared.page, view, after=after),
        }
        check(sides)
        yield (f"{view}, page {number} of {pages}", *_figures(by_turns(sides, rounds=ROUNDS)))


def _sides(stage: Scene, view: str, after: Place) -> dict[str, Side]:
    cursor = "" if after == FIRST else f"{after[0]}~{after[1]}"
    ours = partial(queries.authorization_page, stage.by, queries.Choice(view), after=cursor, calendar=stage.calendar)
    return {"queries": ours, "page": partial(stage.get, f"/authorizations/?view={view}&after={cursor}")}


def check(sides: dict[str, Side]) -> None:
    """Ask whether all sides give the same values, and the page the same rows. Raises AssertionError."""
    rows = sides["sql"]()
    assert sides["prepared"]() == rows
    assert [values(row) for row in sides["queries"]().rows] == rows
    assert NUMBER.findall(sides["page"]()) == [row[2].encode() for row in rows]


def _figures(taken: dict[str, list[float]]) -> tuple[str, ...]:
    ms = {name: f"{median(times):.1f}" for name, times in taken.items()}
    asked = [str(ratio(taken["queries"], taken[rival])) for rival in ("sql", "prepared")]
    slow, whole = f"{percentile(taken['page'], 0.95):.1f}", str(ratio(taken["page"], taken["sql"]))
    return ms["sql"], ms["prepared"], ms["queries"], *asked, ms["page"], slow, whole


def walk(stage: Scene, view: str) -> Iterator[dict[str, Any]]:
    """Yield all rows of a view, page by page."""
    page: KeysetPage[dict[str, Any]] = KeysetPage([], "first")
    calendar = stage.calendar
    while page.older:
        page = queries.authorization_page(stage.by, queries.Choice(view), after=page.older, calendar=calendar)
        yield from page.rows


def values(row: dict[str, Any]) -> Row:
    """Return what a row of ours says in the order of the statement's columns."""
    counts = [(line["description"], line["count"]) for line in row["lines"]]
    lines = [[words, one.authorized, one.before_us, one.held, one.used, one.left] for words, one in counts]
    first = ("pk", "authorization_id", "referral_number", "veteran_id", "name")
    names = (*first, "valid_from", "valid_through", "next_visit")
    return (*(row[name] for name in names), lines, row["badges"])
