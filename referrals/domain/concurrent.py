"""Two referrals of one Veteran at once: the clinic chooses under which a visit is given, and the codes suggest it.

A claim names one referral (837P loop 2300, REF*9F; CMS-1500 box 23), and VA pays for the codes of its standardized
episode of care.

>>> listed_elsewhere(["96365", "90837"], here=["96365"], elsewhere={"VA0000000002": ["90837"], "VA0000000003": []})
{'90837': 'VA0000000002'}
>>> listed_elsewhere(["90837"], here=[], elsewhere={"VA0000000002": ["90837"]})  # this one lists no codes
{'90837': 'VA0000000002'}
>>> listed_elsewhere([""], here=["96365"], elsewhere={"VA0000000002": ["90837"]})
{}
"""

from collections.abc import Collection, Iterable, Mapping


def listed_elsewhere(
    codes: Iterable[str], *, here: Collection[str], elsewhere: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Return the codes that this referral does not list and another does, with the number of the first such one."""
    missing = [code for code in codes if code and code not in here]
    found = {code: next((number for number, listed in elsewhere.items() if code in listed), "") for code in missing}
    return {code: number for code, number in found.items() if number}
