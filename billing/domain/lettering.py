"""Lettering: names and addresses as people write them, in the capitals that claims carry.

>>> capitals("Peña-Smith")
'PENA-SMITH'
>>> capitals("Æsa")
'AESA'
"""

import unicodedata

# capitals and marks that Unicode does not take apart, and what a typist at an American keyboard writes for them
_TYPED = str.maketrans(
    {
        **{"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H", "ẞ": "SS"},
        **dict.fromkeys("‘’ʻʼ`´", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‐‑–—−", "-"),
    }
)
_DROPPED = frozenset({"Mn", "Cf"})  # accents, and marks without width


def capitals(value: str) -> str:
    """Return the value in capitals without accents; a letter of another script stays as it is."""
    raised = value.upper().translate(_TYPED)
    if raised.isascii():
        return raised
    apart = unicodedata.normalize("NFKD", raised).upper()
    return "".join([letter for letter in apart if unicodedata.category(letter) not in _DROPPED])
