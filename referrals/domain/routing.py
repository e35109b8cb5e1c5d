"""Who pays: decided by the affiliation printed on the referral, never by the clinic or the Veteran.

Source: VA, File a claim for Veteran care. The payer's id and address are dated parameters.

>>> bills_va(Affiliation.VCA), bills_va(Affiliation.CCN)
(True, False)
"""

from referrals.domain.states import Affiliation


def bills_va(affiliation: Affiliation) -> bool:
    """Tell whether claims under that affiliation go to VA itself."""
    return affiliation in (Affiliation.VCA, Affiliation.OTHER_VA)


def bills_network(affiliation: Affiliation | str) -> bool:
    """Tell whether claims under that affiliation go to the administrator of the Community Care Network."""
    return affiliation == Affiliation.CCN


def where_to_bill(affiliation: Affiliation, *, network: str) -> str:
    """Return one sentence that says where the claim belongs when it does not go to VA."""
    if affiliation == Affiliation.UNKNOWN:
        return "Nobody can tell who pays before the affiliation on the referral is entered."
    name = network or "the network's administrator"
    return f"This referral belongs to the Community Care Network: the claim goes to {name}, not to VA."
