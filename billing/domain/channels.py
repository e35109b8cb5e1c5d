"""How claims leave, and what shows that they did."""

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
