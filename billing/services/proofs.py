"""What shows a deed outside: a screenshot or a paper as it was uploaded, kept as it is."""

from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile

from billing.domain.channels import LARGEST_PROOF, media_type
from vca.core import documents
from vca.core.access import Actor
from vca.core.models import Document
from vca.domain.errors import RuleError


class NotAProof(RuleError):
    """The file is too large, or of a kind that is not kept as proof."""

    code = "SUBMIT-03"


@dataclass(frozen=True, slots=True)
class Proof:
    """A screenshot or paper, as it was uploaded."""

    content: bytes
    filename: str


def uploaded(file: UploadedFile) -> Proof:
    """Return an uploaded file, which is not read when it is too large. Raises NotAProof."""
    if (file.size or 0) > LARGEST_PROOF:
        raise NotAProof(field="proof")
    return Proof(file.read(), file.name or "")


def keep(proof: Proof, *, kind: str, by: Actor) -> Document:
    """Keep a proof as a document of that kind, in the transaction of what it shows. Raises NotAProof."""
    found = media_type(proof.content)
    if not found or len(proof.content) > LARGEST_PROOF:
        raise NotAProof(field="proof")
    return documents.keep(proof.content, kind=kind, filename=proof.filename, media_type=found, by=by)
