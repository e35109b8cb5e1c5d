"""The dashboard as somebody reads it: each tile beside the rows of the list that it links to, page by page."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

TILE = re.compile(
    r'<li class="tile">\s*<span class="figure-large">(.*?)</span>\s*<span class="row"><a href="(.*?)">(.*?)</a>'
    r'.*?</span>\s*<span class="quiet fine">(.*?)</span>\s*<span class="quiet fine">As of (.*?)</span>',
    re.DOTALL,
)
NEXT = re.compile(r'href="([^"]*)" rel="next"')
LINKED = re.compile(r'<th scope="row"[^>]*><a href="([^"]*)">([^<]*)</a></th>(.*?)</tr>', re.DOTALL)
ROW_OF = {
    "authorizations": re.compile(r'<th scope="row(?:group)?"[^>]*><a href="/authorizations/\d+/">'),
    "not-billed": re.compile(r'data-label="Expected charge">'),
    "claims": re.compile(r'data-label="Total charge">'),
}
DOLLARS = re.compile(r'data-label="(?:Expected|Total) charge">\$([\d,]+\.\d\d)')


@dataclass(frozen=True)
class Tile:
    """What a tile says, and where it leads."""

    label: str
    figure: str
    definition: str
    as_of: str
    url: str


@dataclass(frozen=True)
class Listed:
    """What the rows of all pages of a list add up to."""

    rows: int
    charge: Decimal
    unpriced: int
    authorized: int
    before_us: int
    used: int
    held: int


def read(client: Client, url: str) -> str:
    answer: Any = client.get(url)
    assert answer.status_code == 200, url
    text: str = answer.content.decode()
    return text


def tiles(client: Client, place: int | str = "") -> list[Tile]:
    """Return the tiles of all places or one."""
    html = read(client, f"{reverse('dashboard')}?place={place}")
    found = [tuple(map(unescape, match)) for match in TILE.findall(html)]
    return [Tile(label, figure, definition, as_of, url) for figure, url, label, definition, as_of in found]


def pages(client: Client, url: str) -> Iterator[str]:
    """Yield every page of a list."""
    while url:
        html = read(client, url)
        yield html
        found = NEXT.search(html)
        url = url.partition("?")[0] + unescape(found.group(1)) if found else ""


def listed(client: Client, url: str) -> Listed:
    """Add up the rows of all pages of a list."""
    html = "".join(pages(client, url))
    kind = next(name for name in ROW_OF if name in url)
    dollars = (Decimal(text.replace(",", "")) for text in DOLLARS.findall(html))
    return Listed(
        len(ROW_OF[kind].findall(html)),
        sum(dollars, Decimal(0)),
        html.count("price missing"),
        *(_counts(html, name) for name in ("Authorized", "Before us", "Used", "Held")),
    )


def _counts(html: str, name: str) -> int:
    return sum(map(int, re.findall(rf'data-label="{name}">(\d+)<', html)))


def dollars(figure: str) -> Decimal:
    return Decimal(figure.removeprefix("$").replace(",", ""))


def number(pattern: str, text: str) -> int:
    """Return the number that a definition names; none named is zero."""
    found = re.search(pattern, text)
    return int(found.group(1).replace(",", "")) if found else 0


def number_of_rows(tile: Tile, there: Listed) -> None:
    assert int(tile.figure.replace(",", "")) == there.rows, tile


def share_of_visits(tile: Tile, there: Listed) -> None:
    given = there.before_us + there.used
    share = Decimal(100 * given) / there.authorized if there.authorized else None
    shown = "–" if share is None else f"{share.quantize(Decimal('0.1'), rounding=ROUND_HALF_UP)} %"
    said = [number(pattern, tile.definition) for pattern in (r"^([\d,]+) visit", r"of ([\d,]+) auth", r"; ([\d,]+) m")]
    assert (tile.figure, said) == (shown, [given, there.authorized, there.held]), tile


def money_of_visits(tile: Tile, there: Listed) -> None:
    said = [number(r"([\d,]+) visits?\b", tile.definition), number(r"; ([\d,]+) of them", tile.definition)]
    assert (dollars(tile.figure), said) == (there.charge, [there.rows, there.unpriced]), tile


def money_of_claims(tile: Tile, there: Listed) -> None:
    assert (dollars(tile.figure), number(r"([\d,]+) claim", tile.definition)) == (there.charge, there.rows), tile


COMPARED: dict[str, Callable[[Tile, Listed], None]] = {
    "Active authorizations": number_of_rows,
    "Ending within 30 days": number_of_rows,
    "Visits used of those authorized": share_of_visits,
    "Visits not billed": money_of_visits,
    "Revenue at risk": money_of_visits,
    "Claims sent and not answered": money_of_claims,
}


def compare(client: Client, place: int | str = "") -> dict[str, str]:
    """Hold every tile and every row behind the charts against its list; return the figures. Raises AssertionError."""
    found = tiles(client, place)
    assert [tile.label for tile in found] == list(COMPARED)
    for tile in found:
        COMPARED[tile.label](tile, listed(client, tile.url))
    for url, cells in behind_the_charts(client, place):
        if "week=" in url and place and cells == [0]:
            continue  # of all places together the empty weeks are walked too
        there = listed(client, url)
        weekly, by_home = [there.rows], [there.authorized, there.before_us, there.used, there.held]
        assert cells == (weekly if "week=" in url else by_home), url
    return {tile.label: tile.figure for tile in found}


def behind_the_charts(client: Client, place: int | str = "") -> Iterator[tuple[str, list[int]]]:
    """Yield the list that each row behind a chart links to, with the row's whole numbers."""
    html = read(client, f"{reverse('dashboard')}?place={place}")
    for url, _, cells in LINKED.findall(html):
        yield unescape(url), [int(cell) for cell in re.findall(r">(\d+)</td>", cells)]


def money(found: dict[str, str]) -> Decimal:
    return sum((dollars(text) for text in found.values() if text.startswith("$")), Decimal(0))
