"""How a page looks and behaves in a real browser: pictures at two widths, accessibility, and what went wrong.

Headless Chromium without its own traffic. Nothing leaves the machine; what a page asks of another host is reported.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = {"phone": 320, "desk": 1280}
HEIGHT = 900
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
Scheme = Literal["light", "dark"]


@dataclass(slots=True)
class Complaints:
    """What went wrong while pages were open, one sentence each."""

    host: str
    console: list[str] = field(default_factory=list)
    policy: list[str] = field(default_factory=list)
    off_host: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    @property
    def everything(self) -> list[str]:
        """All complaints; empty when the pages were clean."""
        return [*self.console, *self.policy, *self.off_host, *self.failed]

    def hear(self, kind: str, text: str) -> None:
        """Keep an error of the console, a report of the content security policy apart; answers are judged elsewhere."""
        if kind == "error" and not text.startswith("Failed to load resource: the server responded"):
            (self.policy if "Content Security Policy" in text else self.console).append(text)

    def see_request(self, request: Request) -> None:
        """Keep a request that leaves the host; addresses inside the page (blob:, data:) have no host."""
        self.requested.append(request.url)
        host = urlsplit(request.url).netloc
        if host and host != self.host:
            self.off_host.append(request.url)

    def see_response(self, response: Response) -> None:
        """Keep an answer of 400 and above, except that of the page itself: error pages are looked at too."""
        if response.status >= 400 and not response.request.is_navigation_request():
            self.failed.append(f"{response.status} {response.url}")


def chromium() -> str:
    """Return the path of the browser. Raises FileNotFoundError when there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise FileNotFoundError("no Chromium on this machine")


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, and the browser."""

    base: str
    browser: Browser

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base).netloc


@contextmanager
def browser() -> Iterator[Browser]:
    """Start headless Chromium. Its event loop would make Django refuse the database, which tests may use."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            yield running
        finally:
            running.close()


@contextmanager
def visitor(
    running: Browser, *, host: str, width: int = WIDTHS["desk"], scheme: Scheme = "light", scripts: bool = True
) -> Iterator[tuple[Page, Complaints]]:
    """Open a fresh page at a width (CSS pixels) and yield it with what it will complain of."""
    context = running.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        yield page, listen(page, host=host)
    finally:
        context.close()


def listen(page: Page, *, host: str) -> Complaints:
    """Return a list that fills itself with what goes wrong on the page from now on."""
    complaints = Complaints(host)
    page.on("console", lambda message: complaints.hear(message.type, message.text))
    page.on("pageerror", lambda error: complaints.console.append(str(error)))
    page.on("request", lambda request: complaints.see_request(request))
    page.on("response", lambda response: complaints.see_response(response))
    return complaints


def sign_in(context: BrowserContext, *, base: str, cookies: dict[str, str]) -> None:
    """Give the browser the cookies of a session that a test made without the sign-in page."""
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])


def axe(page: Page) -> list[str]:
    """Return what axe finds, as `rule: selector`; empty when the page is clean.

    Its preloading writes style sheets into the page, which the page's own policy would report; no rule here needs it.
    """
    options = {"runOnly": list(RULES), "resultTypes": ["violations"], "preload": False}
    results = Axe().run(page, options=options)
    violations = cast(list[dict[str, list[dict[str, list[str]]]]], results.response["violations"])
    return [f"{found['id']}: {' '.join(map(str, node['target']))}" for found in violations for node in found["nodes"]]


def scrolls_sideways(page: Page) -> int:
    """Return by how many CSS pixels the page, or what a panel cuts off, is too wide; zero when all of it is shown."""
    return int(page.evaluate(TOO_WIDE))


def small_targets(page: Page, *, least: int = 24) -> list[str]:
    """Return what can be pressed but is smaller than that many CSS pixels, but for links in sentences (2.5.8)."""
    found: list[str] = page.evaluate(SMALL_TARGETS, least)
    return found


TOO_WIDE = """Math.max(0, ...[document.documentElement, ...document.querySelectorAll(".panel")]
  .map(one => one.scrollWidth - one.clientWidth))
"""
SMALL_TARGETS = """least => [...document.querySelectorAll("a, button, input, select, summary, textarea")]
  .filter(seen => seen.checkVisibility({visibilityProperty: true}) && seen.type !== "hidden")
  .filter(seen => !seen.closest("p, .usa-sr-only, .usa-skipnav"))
  .map(seen => [seen, (seen.closest("label") || seen).getBoundingClientRect()])
  .filter(([, box]) => box.width < least || box.height < least)
  .map(([seen, box]) => `${seen.outerHTML.slice(0, 80)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""


def picture(page: Page, path: Path) -> Path:
    """Take a picture of the whole page."""
    page.screenshot(path=path, full_page=True)
    return path


@dataclass(frozen=True, slots=True)
class Look:
    """One page at one width in one scheme: what is wrong with it, and its picture."""

    url: str
    width: int
    scheme: Scheme
    violations: list[str]
    sideways: int
    small: list[str]
    complaints: list[str]
    picture: Path | None

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong, in sentences; empty when the page is as it should be."""
        wide = [f"{self.sideways} px wider than the window"] if self.sideways else []
        return [*self.violations, *wide, *self.small, *self.complaints]


def look(
    running: Browser,
    url: str,
    *,
    width: int,
    scheme: Scheme = "light",
    cookies: dict[str, str] | None = None,
    pictures: Path | None = None,
    name: str = "page",
) -> Look:
    """Open an address and return everything that can be told without a person; with ``pictures``, keep one there."""
    address = urlsplit(url)
    with visitor(running, host=address.netloc, width=width, scheme=scheme) as (page, complaints):
        sign_in(page.context, base=f"{address.scheme}://{address.netloc}", cookies=cookies or {})
        page.goto(url, wait_until="networkidle")
        taken = picture(page, pictures / f"{name}-{width}-{scheme}.png") if pictures else None
        return Look(
            url, width, scheme, axe(page), scrolls_sideways(page), small_targets(page), complaints.everything, taken
        )
