"""Fit: what a claim says that the CMS-1500 has no room for. Nothing is ever cut: a person decides what to do.

The messages name the box and count characters; they never repeat the text.
"""

from collections.abc import Iterator, Sequence

from billing.cms1500.boxes import Sheet
from billing.cms1500.form import FIELDS, SERVICE_LINES
from billing.domain.claim import ProfessionalClaim
from billing.domain.findings import Finding
from vca.domain.errors import RuleError


class DoesNotFit(RuleError):
    """A box holds fewer characters than the claim says there."""

    code = "PAPER-01"


def misfits(claim: ProfessionalClaim, sheets: Sequence[Sheet]) -> tuple[Finding, ...]:
    """Return what keeps these sheets of the claim from being printed and mailed, each once; none means that they may.

    PAPER-01: every text fits its box. PAPER-02, a warning: the carrier block says where the form is mailed.
    """
    found = dict.fromkeys(finding for place, sheet in enumerate(sheets) for finding in _overfull(sheet, place))
    if claim.payer.address is None:
        message = "The form does not say where it is mailed: the payer's address is missing."
        found[Finding("PAPER-02", message, "payer.address")] = None
    return tuple(found)


def _overfull(sheet: Sheet, place: int = 0) -> Iterator[Finding]:
    for key, text in sheet.items():
        field = FIELDS.get(key)
        if field is None:
            yield Finding("PAPER-01", f"The form has no box {key}: the claim says more than it has room for.", key)
        elif len(text) > field.width:
            room = f"{_name(key, place)} holds {field.width} characters for {field.title}"
            yield Finding("PAPER-01", f"{room}, and there are {len(text)}.", key)


def _name(key: str, place: int) -> str:
    """Return how a biller finds the box: those of a service with the number of its line in the claim."""
    box, _, rest = key.partition(".")
    number = rest.partition(".")[0]
    return f"Box {box}, line {SERVICE_LINES * place + int(number)}," if box.startswith("24") else f"Box {box}"


def refuse_misfits(sheet: Sheet) -> None:
    """Raise DoesNotFit for the first text without room."""
    for finding in _overfull(sheet):
        raise DoesNotFit(finding.message, field=finding.field)
