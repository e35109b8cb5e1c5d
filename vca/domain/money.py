"""Money: US dollars, Decimal, two places, through one door.

>>> usd("87.5")
Decimal('87.50')
>>> usd(0.1)
Traceback (most recent call last):
TypeError: money is never a float
"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def usd(amount: str | int | Decimal) -> Decimal:
    """Return dollars at two places, half up. Floats are refused: they have already lost the cents."""
    if isinstance(amount, float):
        raise TypeError("money is never a float")
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)
