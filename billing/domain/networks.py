"""The networks of Community Care: who runs which region, and where a claim under one of them belongs.

Regions, administrators, payer ids and addresses change with VA's contracts: they are parameters, written as
``name: value`` between semicolons, and no name of a network stands in code. Source: VA, File a claim for Veteran care.

>>> pairs("1: Optum; 4: TriWest")
{'1': 'Optum', '4': 'TriWest'}
>>> directory = Directory({"1": "Optum", "4": "TriWest"}, {"TriWest": "TWVACCN"}, {})
>>> directory.find("CCN Region 4"), directory.find("optum vaccn").payer_id, directory.find("") is None
(Network(name='TriWest', payer_id='TWVACCN', address=''), '', True)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


def pairs(text: str) -> dict[str, str]:
    """Return names with their values, as written. Raises ValueError for a part without both, or a name given twice."""
    found = [part.partition(":") for part in text.split(";") if part.strip()]
    read = {name.strip(): value.strip() for name, _, value in found}
    if len(read) < len(found) or not all(name and value for name, value in read.items()):
        raise ValueError(text)
    return read


@dataclass(frozen=True, slots=True)
class Network:
    """The administrator of some regions, its electronic payer id and the address of its claims; either may be empty."""

    name: str
    payer_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Administrators by region, and payer ids and addresses by administrator, as they are on one day."""

    regions: Mapping[str, str]
    payer_ids: Mapping[str, str]
    addresses: Mapping[str, str]

    def find(self, words: str) -> Network | None:
        """Return the network that a referral names in these words, by its name or else by its region."""
        names = dict.fromkeys([*self.regions.values(), *self.payer_ids, *self.addresses])
        named = [name for name in names if re.search(rf"\b{re.escape(name)}\b", words, re.IGNORECASE)]
        region = re.search(r"\bregion\s*(\w+)", words, re.IGNORECASE)
        by_region = self.regions.get(region.group(1)) if region else None
        name = next(iter(named), by_region)
        return Network(name, self.payer_ids.get(name, ""), self.addresses.get(name, "")) if name else None
