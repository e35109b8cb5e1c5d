"""Overprint: a PDF of many pages that show one form, each with its own text over it.

The form and the font stand in the file once, drawn beforehand (``Stationery``); a page adds its text alone, about a
kilobyte. The same pages on the same stationery are the same bytes: no clock and no chance goes in.

Source: ISO 32000-1, 7.5 (file structure), 8.10 (form XObjects), 9.4 (text).
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count

Run = tuple[float, float, str]  # x and y of the baseline's beginning in points from the lower left corner, and the text

_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})
_SPECIAL = re.compile(r"[\\()]")
_COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class Stationery:
    """What pages share: objects of a PDF by their numbers, and which of them are the form and the font.

    ``size`` is width and height of the paper in points; ``spacing`` is what is added after each character, so that a
    character of the font is as wide as a column.
    """

    objects: Mapping[int, bytes]
    form: int
    font: int
    font_size: float
    spacing: float
    size: tuple[float, float]


def overprint(pages: Iterable[Iterable[Run]], stationery: Stationery, *, title: str, with_form: bool = True) -> bytes:
    """Return the PDF; without the form it is for pre-printed paper. Raises ValueError for a text that is not ASCII."""
    numbers = _free_numbers(stationery.objects)
    catalog, tree, info = next(numbers), next(numbers), next(numbers)
    objects = dict(stationery.objects)
    kids = []
    for runs in pages:
        contents, page = next(numbers), next(numbers)
        objects[contents] = _contents(runs, stationery, with_form=with_form)
        objects[page] = b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (tree, contents)
        kids.append(page)
    objects[tree] = _tree(kids, stationery)
    objects[catalog] = b"<</Type/Catalog/Pages %d 0 R/Lang(en-US)/ViewerPreferences<</DisplayDocTitle true>>>>" % tree
    objects[info] = b"<</Title(%s)>>" % _escaped(title)
    return _file(objects, catalog=catalog, info=info)


def _free_numbers(taken: Mapping[int, bytes]) -> Iterator[int]:
    last = max(taken)
    return chain((number for number in range(1, last) if number not in taken), count(last + 1))


def _contents(runs: Iterable[Run], stationery: Stationery, *, with_form: bool) -> bytes:
    drawn = b"/Form Do\n" if with_form else b""
    start = b"%sBT/Text %g Tf %.6g Tc\n" % (drawn, stationery.font_size, stationery.spacing)
    shown = b"".join([b"%s(%s)Tj\n" % (_position(x, y), _escaped(text)) for x, y, text in runs])
    packed = zlib.compress(start + shown + b"ET", _COMPRESSION)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)


@lru_cache(maxsize=4096)
def _position(x: float, y: float) -> bytes:
    return b"1 0 0 1 %.6g %.6g Tm" % (x, y)


def _escaped(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("a text that is printed over a form has ASCII characters only")
    return (text.translate(_ESCAPES) if _SPECIAL.search(text) else text).encode("ascii")


def _tree(kids: list[int], stationery: Stationery) -> bytes:
    """The page tree, from which every page inherits its paper and what it draws with."""
    drawn = b"/XObject<</Form %d 0 R>>/Font<</Text %d 0 R>>" % (stationery.form, stationery.font)
    paper = b"/MediaBox[0 0 %g %g]/Resources<<%s>>" % (*stationery.size, drawn)
    return b"<</Type/Pages%s/Count %d/Kids[%s]>>" % (paper, len(kids), b" ".join([b"%d 0 R" % kid for kid in kids]))


def _file(objects: Mapping[int, bytes], *, catalog: int, info: int) -> bytes:
    parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
    place, places = len(parts[0]), {}
    for number in sorted(objects):
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, objects[number]))
        places[number] = place
        place += len(parts[-1])
    body = b"".join(parts)
    size = max(objects) + 1
    identity = hashlib.sha256(body).hexdigest()[:32].encode()
    table = b"".join([_entry(places.get(number)) for number in range(size)])
    keys = b"/Size %d/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]" % (size, catalog, info, identity, identity)
    return body + b"xref\n0 %d\n%strailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, table, keys, place)


def _entry(place: int | None) -> bytes:
    """One line of the cross-reference table, 20 bytes; a number that no object has is free for ever."""
    return b"0000000000 65535 f \n" if place is None else b"%010d 00000 n \n" % place
