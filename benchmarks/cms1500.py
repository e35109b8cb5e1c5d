"""A batch of claims as CMS-1500, beside reportlab, the fastest way to draw a PDF from Python that we know of.

All sides begin with the same sheets (what stands in which box) and give a PDF of the same pages in the same places;
ours adds the check that every text has room. One rival draws the form anew on each page, as a program does that knows
no better, the other once, as a form that all pages share.
"""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from statistics import median

from pypdf import PdfReader

from benchmarks.measuring import by_turns, ratio
from benchmarks.registry import Table, benchmark
from benchmarks.rivals import cms1500 as rival
from billing.cms1500.boxes import Sheet, sheets
from billing.domain.claim import ProfessionalClaim
from billing.services.printing import print_sheets
from tests.billing.cms1500 import reading
from tests.billing.cms1500.test_printed import SIGNED_ON, claim

CLAIMS = 200
ROUNDS = 21
OURS, FROM_CLAIMS = "ours", "ours, from claims instead of sheets"
SHARED, ON_EACH = "reportlab, form shared", "reportlab, form drawn on each page"
HEAD = (f"One file of {CLAIMS} claims", "ms", "claims/s", "time / ours (95 %)", "kB")

Side = Callable[[], bytes]


@benchmark(
    "cms1500",
    claim="A batch of claims is printed at least 4 times as fast as reportlab draws boxes, labels and text of each "
    "page, and no slower than reportlab with the form as one shared object.",
)
def run() -> Table:
    """Print the batch on each side and, for what a worker does, from claims instead of sheets."""
    printed = claims_of(CLAIMS)
    batch = batch_of(printed)
    acts = sides(batch)
    files = check(acts, batch)
    acts[FROM_CLAIMS] = lambda: print_sheets(batch_of(printed))
    assert acts[FROM_CLAIMS]() == files[OURS]
    taken = by_turns(acts, rounds=ROUNDS)
    files[FROM_CLAIMS] = files[OURS]
    return Table(HEAD, tuple(_row(name, taken, len(files[name])) for name in acts))


def claims_of(count: int) -> list[ProfessionalClaim]:
    """Return so many claims of an infusion of two hours and its drug."""
    return [claim(control_number=f"GPR-{number:05}") for number in range(count)]


def batch_of(printed: Sequence[ProfessionalClaim]) -> list[Sheet]:
    """Return the sheets of the claims."""
    return [sheet for one in printed for sheet in sheets(one, signed_on=SIGNED_ON)]


def sides(batch: Sequence[Sheet]) -> dict[str, Side]:
    """Return the ways of printing the batch by name."""
    return {
        OURS: partial(print_sheets, batch),
        SHARED: partial(rival.shared_form, batch),
        ON_EACH: partial(rival.form_on_each_page, batch),
    }


def check(acts: dict[str, Side], batch: Sequence[Sheet]) -> dict[str, bytes]:
    """Return each side's file after asking whether all say the same in the same cells. Raises AssertionError."""
    files = {name: act() for name, act in acts.items()}
    for name, content in files.items():
        last = len(batch) - 1
        assert len(PdfReader(BytesIO(content)).pages) == len(batch), name
        for page in {0, last}:
            assert rival.typed(content, page) == reading.expected(batch[page]), name
    return files


def _row(name: str, taken: dict[str, list[float]], size: int) -> tuple[str, ...]:
    middle = median(taken[name])
    return (
        name,
        f"{middle:,.0f}",
        f"{CLAIMS / middle * 1000:,.0f}",
        str(ratio(taken[name], taken[OURS])),
        f"{size / 1000:,.0f}",
    )
