"""The child that draws: what it gives, and that it gives nothing to whoever writes a hostile form."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from django.conf import settings

from vca.core.typesetting import child, press
from vca.core.typesetting.press import CannotDraw

FORM = "<style>@page{size:612pt 792pt;margin:0}</style><p>A form"
FONT_FILE = press.PACKAGED[press.TEXT_FONT]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    press.stationery.cache_clear()
    yield
    press.stationery.cache_clear()


@pytest.fixture
def sink() -> Iterator[tuple[str, list[str]]]:
    """Listen where a hostile form could call; yield the address and what was asked for."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def draw_here(html: str) -> dict[str, Any]:
    """Draw without a child, as it does."""
    return child.draw(html, fonts={press.TEXT_FONT: FONT_FILE.read_bytes()}, text_font=press.TEXT_FONT)


def draw(html: str) -> press.Stationery:
    return press.stationery(html, font_size=12, pitch=7.2)


def test_two_children_draw_the_same_form_byte_for_byte() -> None:
    once = draw(FORM)
    press.stationery.cache_clear()
    assert draw(FORM) == once


def test_a_form_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    once = draw(FORM)
    monkeypatch.setattr(press, "_ask", pytest.fail)
    assert draw(FORM) is once


def test_columns_of_the_font_are_as_wide_as_asked_for() -> None:
    stationery = draw(FORM)
    assert stationery.size == (612, 792)
    assert stationery.spacing == 0
    assert b"/BaseFont /CourierPrime-Regular" in stationery.objects[stationery.font]
    assert b"/Subtype /Form" in stationery.objects[stationery.form]


HOSTILE = {
    "picture": '<img src="{sink}/a.png">',
    "style sheet": '<link rel=stylesheet href="{sink}/a.css">',
    "import": '<style>@import url("{sink}/a.css")</style>',
    "font": '<style>@font-face{{font-family:x;src:url("{sink}/a.woff")}}p{{font-family:x}}</style>',
    "background": '<p style="background:url({sink}/a.png)">x',
    "attachment": '<link rel=attachment href="file:///etc/passwd">',
    "attached link": '<a rel=attachment href="file:///etc/hostname">x</a>',
    "object": '<object data="{sink}/a.svg"></object>',
    "embed": '<embed src="file:///etc/hostname">',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{sink}/a.png" width="9" height="9"/></svg>',
    "file": '<img src="file:///etc/hostname">',
    "data": '<img src="data:image/png;base64,AAAA">',
    "another font": "<style>@font-face{{font-family:x;src:url(packaged:../../settings.py)}}p{{font-family:x}}</style>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_form_that_names_an_address_is_not_drawn(name: str, sink: tuple[str, list[str]]) -> None:
    address, asked = sink
    with pytest.raises(child.NamedSomethingElse):
        draw_here(FORM + HOSTILE[name].format(sink=address))
    assert asked == []


def test_the_sink_hears_a_call(sink: tuple[str, list[str]]) -> None:
    address, asked = sink
    with urlopen(f"{address}/called"):  # noqa: S310 - our own sink
        assert asked == ["/called"]


def test_a_form_of_several_pages_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="one page, and this one has 2"):
        draw_here(FORM + "<p style='page-break-before:always'>and more")


def test_why_a_form_was_not_drawn_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(CannotDraw) as refusal:
        draw(FORM + '<img src="file:///etc/hostname">')
    assert "NamedSomethingElse: file:///etc/hostname" in caplog.text
    assert str(refusal.value) == "PAPER-03 Forms are drawn before they are filled in."


def test_a_form_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "PATIENCE", 0.01)
    with pytest.raises(CannotDraw, match=r"not drawn within 0\.01 seconds"):
        draw(FORM)


def test_the_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, "secret")
    assert press._surroundings().keys() - {"PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"} == {"PYTHONPATH"}
    assert os.environ["SECRET_KEY"] == "secret"


LIMITED = """
import pathlib
import sys
from vca.core.typesetting import child
child.confine(pathlib.Path(sys.argv[1]).parent)
{act}
"""


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("bytearray(2**31)", "MemoryError"),
        ("pathlib.Path(sys.argv[1]).write_bytes(bytes(child.LARGEST_FILE + 1))", "OSError: [Errno 27] File too large"),
        ("pathlib.Path(sys.argv[1]).write_bytes(bytes(9))", ""),
    ],
)
def test_the_child_is_limited(act: str, said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED.format(act=act), str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=press._surroundings())
    assert done.stderr.rstrip().rpartition("\n")[2] == said


def test_the_packaged_fonts_are_there() -> None:
    assert [path.is_file() for path in press.PACKAGED.values()] == [True, True]
    assert FONT_FILE.is_relative_to(settings.BASE_DIR)


def test_the_font_is_cut_down_to_what_is_typed() -> None:
    face = child._typed(FONT_FILE.read_bytes())
    assert sorted(face.getBestCmap()) == list(range(32, 127))
    assert {"GSUB", "cvt ", "fpgm", "prep"} & set(face.keys()) == set()
