"""Charts say in words and in shapes what the numbers say."""

import re
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from vca.core import charts
from vca.core.charts import Bar, Point, bars, burn_down

TODAY = date(2026, 11, 23)
ENDS = date(2026, 12, 14)
ACTUAL: list[Point] = [(date(2026, 9, 1), 12), (date(2026, 10, 1), 8), (TODAY, 5)]
PLANNED: list[Point] = [(TODAY, 5), (date(2026, 12, 1), 4)]
FORECAST: list[Point] = [(TODAY, 5), (date(2026, 12, 30), Decimal("0.5"))]


def draw(
    points: list[Point] = ACTUAL,
    planned: list[Point] = PLANNED,
    forecast: list[Point] = FORECAST,
    *,
    limit: int = 12,
    ends_on: date | None = ENDS,
    name: str = "burn-down",
) -> ElementTree.Element:
    """Return the chart as a tree; HTML needs no namespace, so one is not asked for."""
    svg = burn_down(
        points=points, planned=planned, forecast=forecast, limit=limit, ends_on=ends_on, today=TODAY, name=name
    )
    return ElementTree.fromstring(svg)  # noqa: S314 - our own picture


def shapes(chart: ElementTree.Element, kind: str) -> list[dict[str, str]]:
    return [dict(path.attrib) for path in chart.iter("path") if path.get("class") == f"chart__{kind}"]


def texts(chart: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in chart.iter("text")]


def test_burn_down_is_a_named_picture() -> None:
    chart = draw(name="line-7")
    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == "line-7-title line-7-words"
    assert [child.get("id") for child in chart[:2]] == ["line-7-title", "line-7-words"]


def test_burn_down_says_everything_in_words() -> None:
    assert draw().findtext("desc") == (
        "5 of 12 visits left on 23 Nov 2026. Booked visits leave 4 on 1 Dec 2026. "
        "At the present pace 0.5 left on 30 Dec 2026. The authorization ends on 14 Dec 2026."
    )


def test_burn_down_tells_its_lines_apart_without_colour() -> None:
    chart = draw()
    dashes = [shapes(chart, kind)[0]["stroke-dasharray"] for kind in ("actual", "planned", "forecast")]
    assert dashes == ["none", "0 6", "10 6"]
    assert texts(chart)[-3:] == ["actual", "planned", "forecast"]


def test_burn_down_names_today_and_the_last_day() -> None:
    assert [text for text in texts(draw()) if text[0] in "TE"] == ["Today 23 Nov", "Ends 14 Dec"]


def test_burn_down_drops_on_the_day_of_the_visit() -> None:
    plane = charts.Plane(date(2026, 9, 1), date(2026, 12, 30), Decimal(12))
    first, second, third = (f"{plane.x(day)} {plane.y(count)}" for day, count in ACTUAL)
    x2, y2 = second.split()
    x3, y3 = third.split()
    assert shapes(draw(), "actual")[0]["d"] == f"M{first}H{x2}V{y2}H{x3}V{y3}"


@pytest.mark.parametrize(
    ("day", "count", "place"),
    [
        (date(2026, 1, 1), 12, (charts.LEFT, charts.TOP)),
        (date(2026, 1, 11), 0, (charts.RIGHT, charts.BOTTOM)),
        (date(2026, 1, 6), 6, ((charts.LEFT + charts.RIGHT) / 2, (charts.TOP + charts.BOTTOM) / 2)),
        (date(2026, 1, 1), -3, (charts.LEFT, charts.BOTTOM)),
    ],
)
def test_plane_places_days_and_counts(day: date, count: int, place: tuple[float, float]) -> None:
    plane = charts.Plane(date(2026, 1, 1), date(2026, 1, 11), Decimal(12))
    assert (float(plane.x(day)), float(plane.y(count))) == place


def test_burn_down_of_an_untouched_authorization_draws_only_what_there_is() -> None:
    chart = draw([(TODAY, 12)], [], [], ends_on=None)
    assert [len(shapes(chart, kind)) for kind in ("actual", "planned", "forecast", "end", "today")] == [2, 0, 0, 0, 1]
    assert chart.findtext("desc") == "12 of 12 visits left on 23 Nov 2026."


def test_burn_down_without_any_point_still_draws() -> None:
    assert draw([], [], [], limit=0).findtext("desc") == "The authorization ends on 14 Dec 2026."


def test_burn_down_makes_room_for_more_visits_than_the_limit() -> None:
    chart = draw([(TODAY, 15)], [], [], limit=12)
    heights = [float(found) for found in re.findall(r"M\S+ (\S+)", shapes(chart, "actual")[0]["d"])]
    assert heights == [charts.TOP]


def test_burn_down_stays_inside_its_view_box() -> None:
    svg = burn_down(points=ACTUAL, planned=PLANNED, forecast=FORECAST, limit=12, ends_on=ENDS, today=TODAY)
    xs = [float(x) for x in re.findall(r'x="([\d.]+)"|[MH]([\d.]+)', svg) for x in x if x]
    assert 0 <= min(xs) <= max(xs) <= charts.WIDTH


def test_burn_down_has_neither_style_nor_script() -> None:
    svg = burn_down(points=ACTUAL, planned=PLANNED, forecast=FORECAST, limit=12, ends_on=ENDS, today=TODAY)
    assert re.findall(r"style=|<script|on\w+=", svg) == []


def test_burn_down_escapes_its_name() -> None:
    svg = burn_down(points=[], planned=[], forecast=[], limit=1, ends_on=None, today=TODAY, name='"><b>')
    assert "<b>" not in svg


PLACES = [
    ("Harbor", [Bar("authorized", 40, "frame"), Bar("used", 20), Bar("held", 10, "part")]),
    ("A place whose name is too long for a telephone", [Bar("authorized", 0, "frame")]),
]


def draw_bars(groups: list[tuple[str, list[Bar]]] = PLACES) -> ElementTree.Element:
    svg = bars(groups, title="Visits by location", words="Harbor: 40 authorized.", name="use")
    return ElementTree.fromstring(svg)  # noqa: S314 - our own picture


def test_bars_are_a_named_picture_with_words() -> None:
    chart = draw_bars()
    assert (chart.get("role"), chart.get("aria-labelledby")) == ("img", "use-title use-words")
    assert (chart.findtext("title"), chart.findtext("desc")) == ("Visits by location", "Harbor: 40 authorized.")


def test_bars_are_as_long_as_their_counts_and_told_apart_without_colour() -> None:
    drawn = [(float(bar.attrib["width"]), bar.attrib["fill-opacity"]) for bar in draw_bars().iter("rect")]
    longest = charts.BARS_END - charts.BARS_BEGIN
    assert drawn == [(longest, "0"), (longest / 2, "1"), (longest / 4, "0.4"), (0, "0")]


def test_bars_carry_label_and_number_each_and_groups_their_heading() -> None:
    first, *_ = PLACES
    assert texts(draw_bars()) == [
        *("Harbor", "authorized", "40", "used", "20", "held", "10"),
        *("A place whose name is too long for a…", "authorized", "0"),
    ]
    assert texts(draw_bars([("", first[1])])) == ["authorized", "40", "used", "20", "held", "10"]


def test_bars_make_room_for_every_row() -> None:
    chart = draw_bars()
    bottom = float((chart.get("viewBox") or "").split()[3])
    assert max(float(bar.attrib["y"]) + charts.BAR_HEIGHT for bar in chart.iter("rect")) < bottom
    assert float((draw_bars([("", [Bar("x", 1)])]).get("viewBox") or "").split()[3]) < bottom


def test_bars_of_nothing_still_draw() -> None:
    assert list(draw_bars([]).iter("rect")) == []


def test_bars_have_neither_style_nor_script_and_escape_what_they_are_given() -> None:
    svg = bars([("<script>", [Bar("<b>", 1)])], title="<i>", words="<u>", name='"><b>')
    assert re.findall(r"style=|<script|<b>|<i>|<u>|on\w+=", svg) == []
