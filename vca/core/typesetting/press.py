"""The press: forms drawn by WeasyPrint in a child process, each once for the life of this one.

A child draws one form and ends: it costs about a second, and what it leaves is kept. A form comes from our own code
and never holds data of a person; the text of each page is printed over it by ``overprint``.
"""

import json
import logging
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import Any

from django.conf import settings

from vca.core.typesetting.overprint import Stationery
from vca.domain.errors import RuleError

PATIENCE = 30  # seconds
FONTS = settings.BASE_DIR / "static" / "vendor"
TEXT_FONT = "courier-prime-latin-400-normal.woff"
PACKAGED = {
    TEXT_FONT: FONTS / "courier-prime-5.3.0" / TEXT_FONT,
    "sourcesanspro-regular-webfont.woff2": FONTS
    / "uswds-3.14.0/fonts/source-sans-pro/sourcesanspro-regular-webfont.woff2",
}

logger = logging.getLogger(__name__)


class CannotDraw(RuleError):
    """The child did not draw the form: a library is missing, or it ran into a limit."""

    code = "PAPER-03"


@lru_cache(maxsize=8)
def stationery(html: str, *, font_size: float, pitch: float) -> Stationery:
    """Return the form that the HTML draws on one page, to be written over in a font of fixed pitch.

    ``font_size`` and ``pitch``, the width of a column, are in points. The HTML may use the fonts of ``PACKAGED`` under
    ``packaged:``. Raises CannotDraw.
    """
    drawn = _ask(html)
    return Stationery(
        objects={int(number): b64decode(content) for number, content in drawn["objects"].items()},
        form=drawn["form"],
        font=drawn["font"],
        font_size=font_size,
        spacing=round(pitch - drawn["advance"] * font_size / 1000, 6),
        size=tuple(drawn["size"]),
    )


def _ask(html: str) -> dict[str, Any]:
    fonts = {name: b64encode(path.read_bytes()).decode() for name, path in PACKAGED.items()}
    asked = json.dumps({"html": html, "fonts": fonts, "text_font": TEXT_FONT})
    command = [sys.executable, "-m", "vca.core.typesetting.child"]
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, text=True, timeout=PATIENCE, check=True, env=_surroundings()
        )
    except subprocess.TimeoutExpired:
        raise CannotDraw(f"the form was not drawn within {PATIENCE} seconds") from None
    except subprocess.CalledProcessError as fault:
        logger.error("the child that draws forms ended with %s: %s", fault.returncode, fault.stderr[-2000:])
        raise CannotDraw from None
    return dict(json.loads(done.stdout))


def _surroundings() -> dict[str, str]:
    """What the child may know: where programs, libraries and its own modules are, and no secret."""
    passed = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in passed if name in os.environ} | {"PYTHONPATH": str(settings.BASE_DIR)}
