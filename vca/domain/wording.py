"""How many of something, in words.

>>> counted(1, "claim"), counted(0, "claim"), counted(1200, "claim")
('1 claim', '0 claims', '1,200 claims')
>>> counted(2, "diagnosis", "diagnoses")
'2 diagnoses'
"""


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun; the plural ends in s unless another one is given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
