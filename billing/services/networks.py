"""Where a claim of the network belongs, by the parameters in force."""

from datetime import date

from billing.domain.networks import Directory, pairs
from vca.core.access import Actor
from vca.core.services import parameters


def directory(by: Actor, *, on: date) -> Directory:
    """Return the networks as they are on a day; what a practice entered of its own stands above what was shipped."""
    names = ("ccn-regions", "ccn-payer-ids", "ccn-addresses")
    return Directory(*(pairs(parameters.value(name, practice_id=by.practice_id, on=on)) for name in names))


def where_to_send(words: str, by: Actor, *, on: date) -> str:
    """Return what is known of the network that a referral names in these words, as the end of a sentence."""
    found = directory(by, on=on).find(words)
    if found is None:
        return words or "the network's administrator"
    details = (found.payer_id and f"payer id {found.payer_id}", found.address)
    return ", ".join([found.name, *(one for one in details if one)])
