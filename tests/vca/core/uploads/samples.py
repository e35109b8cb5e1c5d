"""Files that people send: sound ones, and the parts that hostile ones are made of. All are made here."""

import io
import struct
import zlib
from collections.abc import Mapping

from PIL import Image

CATALOG, PAGES, PAGE = 1, 2, 3
SOUND: Mapping[int, bytes] = {
    CATALOG: b"<</Type/Catalog/Pages 2 0 R>>",
    PAGES: b"<</Type/Pages/Count 1/Kids[3 0 R]/MediaBox[0 0 612 792]>>",
    PAGE: b"<</Type/Page/Parent 2 0 R>>",
}


def pdf(changes: Mapping[int, bytes] | None = None, *, trailer: bytes = b"") -> bytes:
    """Return a PDF of one page; ``changes`` are objects by number that it has besides or instead."""
    objects = {**SOUND, **(changes or {})}
    content, places = b"%PDF-1.7\n", {}
    for number, body in sorted(objects.items()):
        places[number] = len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max(objects) + 1
    free = b"0000000000 65535 f \n"
    lines = [b"%010d 00000 n \n" % places[number] if number in places else free for number in range(size)]
    table = b"xref\n0 %d\n%s" % (size, b"".join(lines))
    ending = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(content))
    return content + table + ending


def packed_pdf(changes: Mapping[int, bytes]) -> bytes:
    """Return the same with its objects in one compressed stream, and a compressed table: ISO 32000-1, 7.5.7, 7.5.8."""
    objects = {**SOUND, **changes}
    bodies = list(objects.values())
    places = [sum(len(body) + 1 for body in bodies[:count]) for count in range(len(bodies))]
    head = b" ".join(b"%d %d" % pair for pair in zip(objects, places, strict=True)) + b" "
    inner = zlib.compress(head + b" ".join(bodies))
    holder, table = max(objects) + 1, max(objects) + 2
    keys = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(objects), len(head))
    content = b"%PDF-1.7\n"
    entries = {holder: (1, len(content), 0)}
    entries |= {number: (2, holder, place) for place, number in enumerate(objects)}
    content += b"%d 0 obj\n%s\nendobj\n" % (holder, stream(inner, keys))
    entries[table] = (1, len(content), 0)
    rows = b"".join(struct.pack(">BIH", *entries.get(number, (0, 0, 0))) for number in range(table + 1))
    keys = b"/Type/XRef/W[1 4 2]/Root 1 0 R/Size %d/Filter/FlateDecode" % (table + 1)
    written = b"%d 0 obj\n%s\nendobj\n" % (table, stream(zlib.compress(rows), keys))
    return content + written + b"startxref\n%d\n%%%%EOF\n" % len(content)


def stream(content: bytes, keys: bytes = b"") -> bytes:
    """Return a stream as the body of an object."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), keys, content)


def zeros(megabytes: int) -> bytes:
    """Return so many megabytes of nothing, deflated: about a thousandth. One megabyte is packed, and repeated."""
    packer, nothing, total = zlib.compressobj(9), bytes(2**20), 1
    first, again = (packer.compress(nothing) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    for _ in range(megabytes):
        total = zlib.adler32(nothing, total)
    return first + again * (megabytes - 1) + b"\x03\x00" + total.to_bytes(4)


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a red picture, a PNG or a JPEG."""
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


PNG, JPEG, PDF = picture("PNG"), picture("JPEG"), pdf()
