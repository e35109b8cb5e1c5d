"""SVG from numbers. Every chart stands without colour, without a style attribute and without a script.

The picture carries a title and a sentence for those who do not see it; a page puts the numbers beside it as a table.
Colours come from static/css/house.css by class; without it everything is drawn in the colour of the text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vca.domain.wording import say_day

Point = tuple[date, int | Decimal]

WIDTH, HEIGHT = 480, 276
LEFT, RIGHT, TOP, BOTTOM = 42, 468, 50, 206
DASHES = {"actual": "none", "planned": "0 6", "forecast": "10 6"}
BLANK = format_html("{}", "")
ROW, BAR_HEIGHT, BAR_GAP = 27, 15, 8  # of bars, as BARS_BEGIN and BARS_END: the rest is for labels and numbers
BARS_BEGIN, BARS_END, LONGEST_HEADING = 124, 400, 36
OPACITY = {"whole": "1", "part": "0.4", "frame": "0"}  # told apart in grey too
WIDTHS = {"actual": "3", "planned": "3.5", "forecast": "2.5"}


@dataclass(frozen=True, slots=True)
class Plane:
    """The drawing plane: civil days to the right, counts upward, in units of the view box."""

    first: date
    last: date
    top: Decimal

    def x(self, day: date) -> Decimal:
        """Return how far right a day lies."""
        days = max((self.last - self.first).days, 1)
        return (LEFT + Decimal((day - self.first).days) * (RIGHT - LEFT) / days).quantize(Decimal("0.1"))

    def y(self, count: int | Decimal) -> Decimal:
        """Return how far down a count lies; counts below zero lie on the ground line."""
        return (BOTTOM - max(Decimal(count), Decimal(0)) * (BOTTOM - TOP) / self.top).quantize(Decimal("0.1"))


def burn_down(
    *,
    points: Sequence[Point],
    planned: Sequence[Point],
    forecast: Sequence[Point],
    limit: int,
    ends_on: date | None,
    today: date,
    name: str = "burn-down",
) -> SafeString:
    """Draw how the visits of an authorization run down.

    Each point is (civil day, visits left at its end), in order of days: what happened, what is booked, and what the
    present pace leads to. ``limit`` is the number of visits authorized, ``ends_on`` the last day, inclusive. ``name``
    keeps ids apart when a page has several charts.
    """
    plane = _plane((*points, *planned, *forecast), limit=limit, days=(today, ends_on or today))
    parts = (
        _grid(plane, limit),
        _day_line(plane, today, kind="today", words="Today", row=1),
        _day_line(plane, ends_on, kind="end", words="Ends", row=0) if ends_on else BLANK,
        _line(plane, planned, kind="planned", trace=_steps),
        _line(plane, forecast, kind="forecast", trace=_straight),
        _line(plane, points, kind="actual", trace=_steps),
        _ends_of_axis(plane),
        _legend([kind for kind, drawn in zip(DASHES, (points, planned, forecast), strict=True) if drawn]),
    )
    words = _in_words(points, planned, forecast, limit=limit, ends_on=ends_on)
    return _frame(name, title="Visits left", words=words, parts=parts)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it counts, how many, and how it is filled (``kind``: whole, part or frame)."""

    label: str
    count: int
    kind: str = "whole"


def bars(groups: Sequence[tuple[str, Sequence[Bar]]], *, title: str, words: str, name: str) -> SafeString:
    """Draw bars from left to right, one below the other, each with its label before it and its number behind it.

    A group has a heading, or none when it is empty. ``words`` say what the picture says; ``name`` keeps ids apart.
    """
    most = max([1, *(bar.count for _, some in groups for bar in some)])
    parts, row = [], 0
    for heading, some in groups:
        if heading:
            parts.append(_heading(heading, row))
            row += 1
        parts += [_bar(bar, row + place, most) for place, bar in enumerate(some)]
        row += len(some)
    return _frame(name, title=title, words=words, parts=parts, height=ROW * row + 8)


def _heading(text: str, row: int) -> SafeString:
    shown = text if len(text) <= LONGEST_HEADING else f"{text[:LONGEST_HEADING].rstrip()}…"
    return format_html(
        '<text class="chart__heading" fill="currentColor" x="{0}" y="{1}" font-weight="bold">{2}</text>',
        1,
        ROW * row + 22,
        shown,
    )


def _bar(bar: Bar, row: int, most: int) -> SafeString:
    width = (Decimal(bar.count) * (BARS_END - BARS_BEGIN) / most).quantize(Decimal("0.1"))
    middle = ROW * row + ROW // 2 + 4
    return format_html(
        '<text fill="currentColor" x="{0}" y="{1}" dy="5" text-anchor="end">{2}</text>'
        '<rect class="chart__bar chart__bar--{3}" fill="currentColor" fill-opacity="{4}" stroke="currentColor"'
        ' x="{5}" y="{6}" width="{7}" height="{8}"></rect>'
        '<text fill="currentColor" x="{9}" y="{1}" dy="5">{10}</text>',
        BARS_BEGIN - BAR_GAP,
        middle,
        bar.label,
        bar.kind,
        OPACITY[bar.kind],
        BARS_BEGIN,
        middle - BAR_HEIGHT // 2,
        width,
        BAR_HEIGHT,
        BARS_BEGIN + width + BAR_GAP,
        f"{bar.count:,}",
    )


def _plane(points: Sequence[Point], *, limit: int, days: tuple[date, date]) -> Plane:
    all_days = [*days, *(day for day, _ in points)]
    return Plane(
        min(all_days), max(all_days), max(Decimal(1), Decimal(limit), *(Decimal(count) for _, count in points))
    )


def _frame(name: str, *, title: str, words: str, parts: Sequence[SafeString], height: int = HEIGHT) -> SafeString:
    return format_html(
        '<svg class="chart" role="img" viewBox="0 0 {0} {1}" aria-labelledby="{2}-title {2}-words"'
        ' fill="none" stroke-linecap="round">'
        '<title id="{2}-title">{3}</title><desc id="{2}-words">{4}</desc>{5}</svg>',
        WIDTH,
        height,
        name,
        title,
        words,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _grid(plane: Plane, limit: int) -> SafeString:
    counts = sorted({0, limit // 2, limit})
    return format_html_join(
        "",
        '<path class="chart__grid" stroke="currentColor" d="M{0} {2}H{1}"></path>'
        '<text fill="currentColor" x="{3}" y="{2}" dy="4" text-anchor="end">{4}</text>',
        ((LEFT, RIGHT, plane.y(count), LEFT - 6, count) for count in counts),
    )


def _day_line(plane: Plane, day: date, *, kind: str, words: str, row: int) -> SafeString:
    """Draw a day as an upright line whose name stands above the plane, each in its own row so that none collide."""
    x, y = plane.x(day), 16 + 22 * row
    before = x > Decimal(LEFT + RIGHT) / 2
    return format_html(
        '<path class="chart__{0}" stroke="currentColor" stroke-width="{1}" d="M{2} {3}V{4}"></path>'
        '<text fill="currentColor" x="{5}" y="{6}" text-anchor="{7}">{8} {9}</text>',
        kind,
        "2.5" if kind == "end" else "1",
        x,
        y - 12,
        BOTTOM,
        x - 5 if before else x + 5,
        y,
        "end" if before else "start",
        words,
        _short(day),
    )


def _line(
    plane: Plane, points: Sequence[Point], *, kind: str, trace: Callable[[Plane, Sequence[Point]], str]
) -> SafeString:
    if not points:
        return BLANK
    return format_html(
        '<path class="chart__{0}" stroke="currentColor" stroke-width="{1}" stroke-dasharray="{2}" d="{3}"></path>',
        kind,
        WIDTHS[kind],
        DASHES[kind],
        trace(plane, points),
    )


def _steps(plane: Plane, points: Sequence[Point]) -> str:
    """Return a path that stays level until the day of a visit and drops on it: visits come whole."""
    (day, count), *rest = points
    return f"M{plane.x(day)} {plane.y(count)}" + "".join(f"H{plane.x(day)}V{plane.y(count)}" for day, count in rest)


def _straight(plane: Plane, points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{plane.x(day)} {plane.y(count)}" for day, count in points)


def _ends_of_axis(plane: Plane) -> SafeString:
    return format_html(
        '<text fill="currentColor" x="{0}" y="{2}">{3}</text>'
        '<text fill="currentColor" x="{1}" y="{2}" text-anchor="end">{4}</text>',
        LEFT,
        RIGHT,
        BOTTOM + 22,
        _short(plane.first),
        _short(plane.last),
    )


def _legend(kinds: Sequence[str]) -> SafeString:
    return format_html_join(
        "",
        '<path class="chart__{0}" stroke="currentColor" stroke-width="{1}" stroke-dasharray="{2}"'
        ' d="M{3} {5}h34"></path>'
        '<text fill="currentColor" x="{4}" y="{5}" dy="5">{0}</text>',
        (
            (kind, WIDTHS[kind], DASHES[kind], LEFT + 146 * place, LEFT + 146 * place + 41, HEIGHT - 16)
            for place, kind in enumerate(kinds)
        ),
    )


def _in_words(
    points: Sequence[Point], planned: Sequence[Point], forecast: Sequence[Point], *, limit: int, ends_on: date | None
) -> str:
    lines = (
        (points, f"{{count}} of {limit} visits left on {{day}}."),
        (planned, "Booked visits leave {count} on {day}."),
        (forecast, "At the present pace {count} left on {day}."),
    )
    sentences = [words.format(count=line[-1][1], day=say_day(line[-1][0])) for line, words in lines if line]
    return " ".join([*sentences, *([f"The authorization ends on {say_day(ends_on)}."] if ends_on else [])])


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"
