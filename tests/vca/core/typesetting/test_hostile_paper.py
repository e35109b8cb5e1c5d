"""Hostile texts in what is printed: as a part of a form's HTML, and in each field of a claim on each printed form."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from billing.cms1500.blank import blank_form
from billing.cms1500.boxes import sheets
from billing.cms1500.form import FIELDS
from billing.domain.claim import ProfessionalClaim
from billing.services import printing
from tests.architecture.test_security_rules import imported
from tests.architecture.test_style import sources
from tests.billing.x12.test_hostile_text import CLAIM, hostile_copies
from tests.vca.core.typesetting.payloads import payloads
from tests.vca.core.typesetting.test_press import FONT_FILE, sink  # noqa: F401 - a fixture
from vca.core.typesetting import press
from vca.core.uploads import portable_document
from vca.core.uploads.kinds import Limits

FORM = "<style>@page{size:612pt 792pt;margin:0}</style>"
NOBODY = "http://127.0.0.1:9"


# What prints data of a person, by its module: from claims to a PDF.
PRINTED: dict[str, Callable[[list[ProfessionalClaim]], bytes]] = {
    "billing/services/printing.py": lambda claims: printing.print_sheets(
        fitted(sheet) for claim in claims for sheet in sheets(claim, signed_on=claims[0].lines[0].service_date)
    )
}


def fitted(sheet: dict[str, str]) -> dict[str, str]:
    """Cut what has no room: the product refuses it, and here as much as there is room for shall be printed."""
    return {key: text[: FIELDS[key].width] for key, text in sheet.items() if key in FIELDS}


def test_every_module_that_prints_is_tried_below() -> None:
    """A new one is found here, and comes into ``PRINTED``."""
    printing_modules = {
        path
        for path, text in sources()
        if not path.startswith(("tests/", "benchmarks/", "vca/core/typesetting/"))
        and any(
            name.startswith("vca.core.typesetting") and not name.endswith(".CannotDraw") for _, name in imported(text)
        )
    }
    assert printing_modules == set(PRINTED)


def fields_of_a_claim() -> dict[str, Callable[[str], ProfessionalClaim]]:
    """Return what makes each text of a claim say something else, by its place."""
    return {
        where: lambda text, number=number: list(hostile_copies(CLAIM, "claim", text))[number][1]
        for number, (where, _) in enumerate(hostile_copies(CLAIM, "claim"))
    }


@pytest.mark.parametrize("printed", PRINTED)
@pytest.mark.parametrize("where", fields_of_a_claim())
def test_hostile_text_in_a_field_is_a_text_on_a_page(printed: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page more or less, nothing in the file that acts, and no HTML that the child saw has a word of it."""
    drawn: list[str] = []
    ask = press._ask
    monkeypatch.setattr(press, "_ask", lambda html: drawn.append(html) or ask(html))
    change = fields_of_a_claim()[where]
    hostile = [change(text) for text in payloads(NOBODY).values()]

    content = PRINTED[printed](hostile)

    portable_document.examine(content, Limits(pages=len(hostile)))
    assert drawn in ([], [blank_form()])
    assert content.count(b"/Type/Page/") == len(hostile) >= 60


DRAW = """
import json, pathlib, sys, tempfile
from vca.core import confinement
from vca.core.typesetting import child
from weasyprint import HTML
form, payloads, font, guarded = json.load(sys.stdin)
fonts = {"text": pathlib.Path(font).read_bytes()}
outcomes, heard = {}, []
if guarded:
    guard = child.confine(pathlib.Path(tempfile.mkdtemp()))
    heard = guard.refused
else:
    libraries, workshop = [pathlib.Path(sys.prefix), pathlib.Path(sys.base_prefix)], pathlib.Path(tempfile.gettempdir())
    listener = confinement.Guard(readable=libraries, writable=[workshop])
    listener._refuse = heard.append
    listener.stand()
for name, html in payloads.items():
    try:
        if guarded:
            child.draw(form + html, fonts=fonts, text_font="text")
        else:
            HTML(string=form + html).write_pdf()
        outcomes[name] = "drawn"
    except BaseException as fault:  # the refusal of a fetcher is one
        outcomes[name] = type(fault).__name__
print(json.dumps([outcomes, heard]))
"""


def drawn(html: dict[str, str], *, guarded: bool) -> tuple[dict[str, str], list[str]]:
    """Draw these in a child, as ours does or as the library by itself; return outcomes and what was reached for."""
    asked = json.dumps([FORM, html, str(FONT_FILE), guarded])
    command = [sys.executable, "-c", DRAW]
    done = subprocess.run(
        command,
        input=asked,
        capture_output=True,
        text=True,
        check=True,
        env=press._surroundings(),
        cwd=settings.BASE_DIR,
    )
    outcomes, heard = json.loads(done.stdout.splitlines()[-1])
    return outcomes, heard


def test_hostile_form_opens_no_socket_and_no_file(sink: tuple[str, list[str]]) -> None:  # noqa: F811
    address, asked = sink

    outcomes, heard = drawn(payloads(address), guarded=True)

    assert (heard, asked) == ([], [])
    assert sum(outcome == "NamedSomethingElse" for outcome in outcomes.values()) > 40


def test_library_by_itself_opens_what_a_hostile_form_names(sink: tuple[str, list[str]]) -> None:  # noqa: F811
    """The control: without our fetcher, who listens is called, and files of this machine are opened."""
    address, asked = sink

    _, heard = drawn(payloads(address), guarded=False)

    assert len(asked) > 10
    assert {"open /etc/hostname", "socket.connect"} <= set(heard)


@pytest.mark.parametrize(("noted", "refused"), [("pass", 0), ("sys.dont_write_bytecode = False", 1)])
def test_module_that_is_imported_late_is_not_noted_down_as_bytecode(tmp_path: Path, noted: str, refused: int) -> None:
    """On a new installation no library has its bytecode yet. The control writes it, and is heard."""
    (tmp_path / "late.py").write_text("")
    code = f"""
import sys
from pathlib import Path
from vca.core.confinement import Guard

guard = Guard(readable=[Path(sys.prefix), Path(sys.base_prefix), Path({str(tmp_path)!r})])
guard.stand()
{noted}
sys.path.insert(0, {str(tmp_path)!r})
import late
print(len(guard.refused))
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=settings.BASE_DIR
    )
    assert int(said.stdout) == refused
