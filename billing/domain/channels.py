"""How claims leave, and what shows that they did.

>>> media_type(b"%PDF-1.7 ...")
'application/pdf'
>>> media_type(b"GIF89a")
''
"""

from enum import StrEnum


class Channel(StrEnum):
    """As an 837P file; or by hand: typed into a portal, mailed on paper, faxed."""

    FILE = "FILE"
    PORTAL = "PORTAL"
    MAIL = "MAIL"
    FAX = "FAX"


BY_HAND = (Channel.PORTAL, Channel.MAIL, Channel.FAX)
CHANNEL_WORDS = {
    Channel.FILE: "837P file",
    Channel.PORTAL: "Payer's portal",
    Channel.MAIL: "Mail, on paper",
    Channel.FAX: "Fax",
}
LARGEST_PROOF = 10 * 1024**2  # bytes: a scan of some pages
BEGINNINGS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def media_type(content: bytes) -> str:
    """Return what a proof is by its first bytes, whatever its name says; empty for what is not kept as one."""
    return next((kind for beginning, kind in BEGINNINGS.items() if content.startswith(beginning)), "")
