"""Papers of the demo: a picture that stands for a screenshot.

>>> screenshot("fax")[1:4]
b'PNG'
"""

import zlib
from struct import pack

WIDTH, HEIGHT = 320, 180  # pixels
PAPER, INK = 0xF4, 0x60  # shades of gray


def screenshot(of: str) -> bytes:
    """Return a PNG of gray lines, as long as the letters of what it is of: another picture for each."""
    marks = [ord(letter) for letter in of]
    rows = b"".join(b"\0" + _row(y, marks) for y in range(HEIGHT))
    header = pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*parts, strict=True)))


def _row(y: int, marks: list[int]) -> bytes:
    """A line of text every 20 pixels, 8 high."""
    line, within = divmod(y, 20)
    length = 2 * marks[line % len(marks)] if within < 8 else 0
    return bytes([INK]) * length + bytes([PAPER]) * (WIDTH - length)


def _chunk(name: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))
