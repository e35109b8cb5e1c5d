"""NDC, National Drug Code: labeler, product and package of a drug.

Issued by the Food and Drug Administration (21 CFR 207.33) as ten digits in three parts, 4-4-2, 5-3-2 or 5-4-1; billed
as eleven, 5-4-2, the short part padded with a zero on its left (45 CFR 162.1002; 837P loop 2410 LIN03; CMS-1500 box
24, shaded). Without hyphens ten digits could stand for three packages, so the hyphens are asked for.

>>> validate("0409-2051-05"), validate("42023-114-10"), validate("67457-1810-0")
('00409205105', '42023011410', '67457181000')
>>> validate("42023-114")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadFormat: Its parts are not 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits.
>>> validate("4202301141")
Traceback (most recent call last):
    ...
vca.domain.identifiers.exceptions.BadLength: Ten digits need their hyphens, as printed on the package.
"""

from vca.domain.identifiers import digits, pasted
from vca.domain.identifiers.exceptions import BadFormat, BadLength, ValidationError

ACT = "Enter it with its hyphens, as printed on the package."

_PARTS = ((4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2))


def compact(text: str) -> str:
    """Return eleven digits when the hyphens show where to pad; otherwise the text without spaces and NDC before it."""
    plain = pasted.capitals(text).removeprefix("NDC").removeprefix(":")
    parts = plain.split("-")
    if tuple(map(len, parts)) not in _PARTS:
        return plain
    labeler, product, package = parts
    return labeler.zfill(5) + product.zfill(4) + package.zfill(2)


def validate(text: str) -> str:
    """Return the eleven digits. Raises BadFormat, BadLength."""
    number = compact(text)
    if "-" in number:
        raise BadFormat("Its parts are not 4-4-2, 5-3-2, 5-4-1 or 5-4-2 digits.", act=ACT)
    if len(number) == 10:
        raise BadLength("Ten digits need their hyphens, as printed on the package.", act="Add them.")
    digits.require(number, 11, act=ACT)
    if not number.strip("0"):
        raise BadFormat("No drug has only zeros.", act=ACT)
    return number


def is_valid(text: str) -> bool:
    """Tell whether the text can be an NDC."""
    try:
        validate(text)
    except ValidationError:
        return False
    return True
