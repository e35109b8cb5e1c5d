"""Claims on paper: looked through before they are printed, then one PDF of all that may be.

Printing sends nothing and moves no claim: a claim on paper is sent when somebody has mailed it and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billing import queries
from billing.cms1500.boxes import Sheet, sheets
from billing.cms1500.fit import misfits
from billing.domain import paper
from billing.domain.claim import Address, ProfessionalClaim
from billing.domain.findings import Finding
from billing.domain.paper import PaperRules, Shift, Totals
from billing.domain.states import ClaimState
from billing.models import PrintedClaim
from billing.services import assembly, claims
from billing.services.assembly import Assembled
from billing.services.printing import PDF
from vca.core import audit, documents, jobs
from vca.core.access import Actor
from vca.core.models import Document, Job
from vca.core.services import parameters, practices
from vca.domain.errors import RuleError

WITH_FORM, TEXT_ALONE = "write_cms1500", "write_cms1500_text"
MOST = 5_000  # claims of one file


class NothingToPrint(RuleError):
    """No claim was chosen, or none that has been made ready."""

    code = "CLAIM-28"


class TooMany(RuleError):
    """One file cannot hold as many claims."""

    code = "PAPER-04"


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with its sheets and with what was found; it is printed unless a finding blocks."""

    claim_id: int
    revision: int
    control_number: str
    total_charge: Decimal
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...]

    @property
    def is_printed(self) -> bool:
        """Tell whether nothing blocks."""
        return not claims.blocking(self.findings)


@dataclass(frozen=True, slots=True)
class Review:
    """What a file will hold, before it is written: claims, sheets, dollars, and what is left out with its reasons."""

    judged: tuple[Judged, ...]

    @property
    def printed(self) -> tuple[Judged, ...]:
        """The claims that are printed."""
        return tuple(one for one in self.judged if one.is_printed)

    @property
    def left_out(self) -> tuple[Judged, ...]:
        """The claims that are not."""
        return tuple(one for one in self.judged if not one.is_printed)

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All sheets, in the order of the claims."""
        return tuple(sheet for one in self.printed for sheet in one.sheets)

    @property
    def total_charge(self) -> Decimal:
        """Dollars of the claims that are printed."""
        return sum((one.total_charge for one in self.printed), start=Decimal())


def review(claim_ids: Sequence[int], *, by: Actor, at: datetime) -> Review:
    """Judge claims as if they were signed and mailed at that moment; a draft, and what is not there, is left alone.

    Claims that were sent already are printed as they stand; a ready one is scrubbed as before any submission.
    """
    found, on = assembly.assemble(printable_ids(claim_ids, by=by), by=by, at=at), practices.civil_day(by, at=at)
    ready = set(queries.ready_ids(by, among=claim_ids))
    scrubbed = claims.scrub_all([one for one in found if one.claim_id in ready], by=by)
    rules, address = wanted(by=by, on=on), _address(by, on)
    mailed = (replace(one, document=_mailed(one.document, address)) for one in found)
    return Review(tuple(_judge(one, scrubbed.get(one.claim_id, ()), rules, one.filed_on) for one in mailed))


def printable_ids(claim_ids: Sequence[int], *, by: Actor) -> list[int]:
    """Return those of the claims that are not drafts."""
    rows = queries.claims(by).filter(pk__in=claim_ids).exclude(state=ClaimState.DRAFT)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def wanted(*, by: Actor, on: date) -> PaperRules:
    """Return what the practice has set for claims on paper on that day."""
    return PaperRules(
        totals=Totals(_value("paper-totals", by, on)),
        spaces_after_ndc=paper.read_spaces(_value("paper-ndc-spaces", by, on)),
        billing_name=_value("paper-billing-name", by, on),
    )


def shift(*, by: Actor, on: date) -> Shift:
    """Return how far the practice's printer needs everything moved on pre-printed paper."""
    return paper.read_shift(_value("paper-shift", by, on))


def ask(claim_ids: Sequence[int], *, with_form: bool, by: Actor) -> Job:
    """Ask the worker for one PDF of these claims. Raises NothingToPrint, TooMany."""
    ids = printable_ids(claim_ids, by=by)
    if not ids:
        raise NothingToPrint("none of the chosen claims has been made ready" if claim_ids else "no claim was chosen")
    if len(ids) > MOST:
        raise TooMany(f"{len(ids):,} claims were chosen")
    kind = WITH_FORM if with_form else TEXT_ALONE
    return jobs.enqueue(kind=kind, key=f"practice {by.practice_id} {jobs.digest(ids)}", by=by, subject_ids=ids)


def keep(content: bytes, *, whole: Review, by: Actor, at: datetime) -> Document:
    """Keep the PDF, note which claims are in it, and tell of it; the job calls this in the transaction that ends it."""
    counts = {"claims": len(whole.printed), "sheets": len(whole.sheets)}
    filename = f"CMS-1500-{practices.civil_day(by, at=at).isoformat()}-{counts['claims']}.pdf"
    with transaction.atomic():
        document = documents.keep(content, kind="claims_cms1500", filename=filename, media_type=PDF, by=by)
        PrintedClaim.objects.bulk_create(
            (
                PrintedClaim(
                    practice_id=by.practice_id,
                    document=document,
                    claim_id=one.claim_id,
                    revision=one.revision,
                    printed_at=at,
                )
                for one in whole.printed
            ),
            ignore_conflicts=True,  # the same claims printed twice are one document
        )
        named = queries.veterans_in(document)
        audit.record(by=by, action="claims.printed", subject=document, changes=counts, veterans=named)
    return document


def _judge(one: Assembled, scrubbed: tuple[Finding, ...], rules: PaperRules, on: date) -> Judged:
    claim = one.document
    said = sheets(claim, signed_on=on, rules=rules)
    found = (*scrubbed, *misfits(claim, said))
    return Judged(one.claim_id, one.revision, claim.control_number, claim.total_charge, said, found)


def _mailed(claim: ProfessionalClaim, address: Address | None) -> ProfessionalClaim:
    return replace(claim, payer=replace(claim.payer, address=address))


def _address(by: Actor, on: date) -> Address | None:
    return paper.read_address(_value("paper-mail-address", by, on))


def _value(name: str, by: Actor, on: date) -> str:
    return parameters.value(name, practice_id=by.practice_id, on=on)
