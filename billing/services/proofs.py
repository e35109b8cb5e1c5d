"""What shows a deed outside: a screenshot or a paper as it was uploaded, let in by the gate and kept as it is."""

from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile

from billing.domain.channels import LARGEST_PROOF
from vca.core import documents
from vca.core.access import Actor
from vca.core.models import Document
from vca.core.uploads import gate
from vca.core.uploads.kinds import Kind, Limits, kind_of
from vca.domain.errors import RuleError

KINDS = (Kind.PDF, Kind.PNG, Kind.JPEG)


class NotAProof(RuleError):
    """The file is too large, or of a kind that is not kept as proof."""

    code = "SUBMIT-03"


@dataclass(frozen=True, slots=True)
class Proof:
    """A screenshot or paper, as it was uploaded."""

    content: bytes
    filename: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A proof that the gate has let in, with what it is."""

    content: bytes
    filename: str
    media_type: Kind


def uploaded(file: UploadedFile) -> Proof:
    """Return an uploaded file, which is not read when it is too large. Raises NotAProof."""
    if (file.size or 0) > LARGEST_PROOF:
        raise NotAProof(field="proof")
    return Proof(file.read(), file.name or "")


def admit(proof: Proof) -> Admitted:
    """Return a proof that may be kept; asked before rows are locked. Raises NotAProof, NotAdmitted."""
    if not kind_of(proof.content, KINDS) or len(proof.content) > LARGEST_PROOF:
        raise NotAProof(field="proof")
    found = gate.admit(proof.content, filename=proof.filename, among=KINDS, limits=Limits(), field="proof")
    return Admitted(proof.content, documents.masked(proof.filename), found)


def keep(admitted: Admitted, *, kind: str, by: Actor) -> Document:
    """Keep a proof as a document of that kind, in the transaction of what it shows."""
    return documents.keep(
        admitted.content, kind=kind, filename=admitted.filename, media_type=admitted.media_type, by=by
    )
