"""The administrator's dashboard over 4,000 authorizations, 80,000 visits and 5,000 claims, beside one bare aggregate.

Both sides give the same numbers before anything is timed: active, ending, visits by location, weeks, not billed, at
risk, past the last day, sent. Ours asks eight short questions; the statement gathers them all in one.
"""

import html
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measuring import Side, by_turns, percentile, ratio
from benchmarks.registry import Table, benchmark
from benchmarks.rivals.dashboard import Rival
from benchmarks.scene import Scene, scene
from vca.core.templatetags.house import money
from vca.desk.queries import dashboard as queries
from vca.desk.queries.dashboard import Figures
from vca.desk.queries.unbilled import Unbilled

ROUNDS = 61
PREPARED_AFTER = 5  # psycopg's own default
HEAD = (
    *("Dashboard", "SQL, ms", "prepared, ms", "queries, ms", "queries / SQL (95 %)", "queries / prepared (95 %)"),
    *("page, ms", "page p95, ms", "page / SQL (95 %)"),
)


@benchmark(
    "dashboard",
    claim="The dashboard takes less than 50 ms, and what it asks the database at most twice the time of one aggregate "
    "written by hand that gives the same figures.",
)
def run() -> Table:
    """Compare the dashboard of all locations."""
    stage = scene()
    known = {"practice_id": stage.by.practice_id, "today": stage.today}
    sql, prepared = (Rival(stage.database, **known, prepared_after=runs) for runs in (None, PREPARED_AFTER))
    sides: dict[str, Side] = {
        "sql": sql.figures,
        "prepared": prepared.figures,
        "queries": partial(queries.figures, stage.by, calendar=stage.calendar, place=None),
        "page": partial(stage.get, "/dashboard/"),
    }
    check(stage, sides)
    taken = by_turns(sides, rounds=ROUNDS)
    for rival in (sql, prepared):
        rival.close()
    return Table(HEAD, (("all locations", *_figures(taken)),))


def check(stage: Scene, sides: dict[str, Side]) -> None:
    """Ask whether all sides give the same figures, none of them nothing. Raises AssertionError."""
    found: Figures = sides["queries"]()
    assert values(found) == list(sides["sql"]()) == list(sides["prepared"]())
    assert all(
        (found.active, found.ending, found.use.given, found.unbilled.visits, found.at_risk.visits, found.sent)
    ), found
    page = html.unescape(sides["page"]().decode())
    assert all(money(one) in page for one in (found.unbilled.charge, found.at_risk.charge, found.sent_charge)), stage


def values(found: Figures) -> list[Any]:
    """Return figures of ours in the order of the statement's columns, money in cents."""
    homes = [[home, use.authorized, use.before_us, use.held, use.used] for home, use in found.by_home.items()]
    weeks = [[monday.isoformat(), number] for monday, number in found.weeks]
    sums = [_cents(one) for one in (found.unbilled, found.at_risk, found.late)]
    return [[found.active, found.ending], homes, weeks, *sums, [found.sent, int(found.sent_charge * 100)]]


def _cents(found: Unbilled) -> list[int]:
    return [found.visits, int(found.charge * 100), found.unpriced]


def _figures(taken: dict[str, list[float]]) -> tuple[str, ...]:
    ms = {name: f"{median(times):.1f}" for name, times in taken.items()}
    asked = [str(ratio(taken["queries"], taken[rival])) for rival in ("sql", "prepared")]
    slow, whole = f"{percentile(taken['page'], 0.95):.1f}", str(ratio(taken["page"], taken["sql"]))
    return ms["sql"], ms["prepared"], ms["queries"], *asked, ms["page"], slow, whole
