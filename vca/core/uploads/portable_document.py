"""Look into a PDF: every object that its reader could reach, without drawing a page. Runs in the child.

A link to a web page is spared, since it waits for a click: a confirmation printed from a portal is full of them.
What else would act is refused. Source: ISO 32000-1, 7.4 (filters), 7.5 (structure), 7.11 (files), 12.6 (actions).
"""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

from pypdf import PdfReader
from pypdf.errors import LimitReachedError
from pypdf.filters import ASCII85Decode, ASCIIHexDecode, LZWDecode, RunLengthDecode
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NullObject, StreamObject

from vca.core.uploads.kinds import Active, Broken, Limits, TooMuch

PIECE = 2**16
ACTIONS = {
    *("/JavaScript", "/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/Rendition", "/Movie", "/Sound"),
    *("/RichMediaExecute", "/GoTo3DView", "/ResetForm"),
}
KEYS = {
    **dict.fromkeys(("/JS", "/JavaScript"), "a script"),
    "/AA": "actions that begin by themselves",
    **dict.fromkeys(("/EF", "/EmbeddedFiles"), "another file inside it"),
    "/XFA": "a form that is a program (XFA)",
}
ANNOTATIONS = {"/FileAttachment", "/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"}
LINKS = ("http://", "https://", "mailto:", "tel:")
PICTURES = {"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"}
UNPACKED_BY: dict[str, Any] = {
    **dict.fromkeys(("/ASCIIHexDecode", "/AHx"), ASCIIHexDecode),
    **dict.fromkeys(("/ASCII85Decode", "/A85"), ASCII85Decode),
    **dict.fromkeys(("/LZWDecode", "/LZW"), LZWDecode),
    **dict.fromkeys(("/RunLengthDecode", "/RL"), RunLengthDecode),
}
_END = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_TABLE = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")


def examine(content: bytes, limits: Limits) -> None:
    """Raise what is unfit; whatever else is raised means that it cannot be read."""
    _refuse_cut_off(content)
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted:
            raise Broken("the PDF is locked by a password")
        _refuse_active(reader, limits)
        _refuse_pages(reader, limits)
    except LimitReachedError:
        raise TooMuch("the PDF is much larger than its file once it is unpacked") from None


def _refuse_cut_off(content: bytes) -> None:
    """Its end names where its table of objects begins, and that is there."""
    ends = _END.findall(content[-2048:])
    if not ends or not _TABLE.match(content, int(ends[-1])):
        raise Broken("the PDF is cut off or damaged: its end does not say where its parts are")


def _refuse_active(reader: PdfReader, limits: Limits) -> None:
    places = {(generation, number) for generation, table in reader.xref.items() for number in table}
    places |= {(0, number) for number in reader.xref_objStm}
    if len(places) > limits.objects:
        raise TooMuch(f"the PDF has more than {limits.objects:,} parts")
    room = limits.unpacked
    _look(reader.trailer)
    for generation, number in sorted(places):
        found = reader.get_object(IndirectObject(number, generation, reader))
        for inner in _within(found):
            _look(inner)
        if isinstance(found, StreamObject):
            room -= unpacked_size(found, room)


def _within(found: Any) -> Iterator[DictionaryObject]:
    """Yield every dictionary of an object; what it only refers to is an object of its own."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DictionaryObject):
            yield one
            waiting += one.values()
        elif isinstance(one, ArrayObject):
            waiting += one


def _look(one: DictionaryObject) -> None:
    """Refuse a dictionary that would act, or bring a file along."""
    for key, what in KEYS.items():
        if key in one and not isinstance(one[key], NullObject):
            raise Active(f"the PDF holds {what}")
    said = {key: one[key] for key in ("/S", "/Subtype", "/URI", "/OpenAction") if key in one}  # wherever they stand
    if said.get("/S") in ACTIONS or said.get("/Subtype") in ANNOTATIONS:
        raise Active("the PDF holds something that acts: a script, a program, a form that sends, or a recording")
    opening = said.get("/OpenAction")
    if isinstance(opening, DictionaryObject) and ("/S" not in opening or opening["/S"] != "/GoTo"):
        raise Active("the PDF does something when it is opened")
    if said.get("/S") == "/URI" and not str(said.get("/URI", "")).lower().startswith(LINKS):
        raise Active("the PDF holds a link to something other than a web page")
    if isinstance(one, StreamObject) and "/F" in one:
        raise Active("the PDF takes a part of itself from another file")


def unpacked_size(stream: StreamObject, room: int) -> int:
    """Return the bytes that a stream has once it is unpacked, up to the picture in it. Raises TooMuch beyond the room.

    Each step is counted, so that a bomb in a bomb never comes to lie in memory as a whole.
    """
    content, size = stream._data, len(stream._data)
    named = stream.get("/Filter", ArrayObject())
    named = named.get_object() if isinstance(named, IndirectObject) else named
    for name in named if isinstance(named, ArrayObject) else [named]:
        if name in PICTURES:
            _refuse_large(stream, room)
            break
        content = _inflated(content, room) if name in ("/FlateDecode", "/Fl") else _decoded(str(name), content)
        size = max(size, len(content))
    if size > room:
        raise TooMuch("the PDF is much larger than its file once it is unpacked")
    return size


def _inflated(content: bytes, room: int) -> bytes:
    inflater, parts, size = zlib.decompressobj(), list[bytes](), 0
    while content and not inflater.eof:
        parts.append(inflater.decompress(content, PIECE * 16))
        content, size = inflater.unconsumed_tail, size + len(parts[-1])
        if size > room:
            raise TooMuch("the PDF is much larger than its file once it is unpacked")
    return b"".join(parts)


def _decoded(name: str, content: bytes) -> bytes:
    if name not in UNPACKED_BY:
        raise Broken("the PDF is packed in a way that is not known")
    unpacked = UNPACKED_BY[name].decode(content)
    return unpacked if isinstance(unpacked, bytes) else unpacked.encode("latin-1")


def _refuse_large(picture: StreamObject, room: int) -> None:
    """A picture has three bytes a pixel, or fewer."""
    width, height = (int(picture.get(side, 0)) for side in ("/Width", "/Height"))
    if width * height > room:
        raise TooMuch("the PDF holds a picture that is too large")


def _refuse_pages(reader: PdfReader, limits: Limits) -> None:
    """Walk through the tree of pages, which must be one."""
    waiting, seen, pages = (
        [cast(DictionaryObject, reader.trailer["/Root"]).raw_get("/Pages")],
        set[tuple[int, int]](),
        0,
    )
    while waiting:
        reference = waiting.pop()
        if not isinstance(reference, IndirectObject) or (reference.idnum, reference.generation) in seen:
            raise Broken("the PDF is damaged: its pages are not in one order")
        seen.add((reference.idnum, reference.generation))
        node: Any = reference.get_object()
        kids = node.get("/Kids")
        waiting += kids.get_object() if kids is not None else ()
        pages += kids is None
        if pages > limits.pages:
            raise TooMuch(f"the PDF has more than {limits.pages} pages")
    if not pages:
        raise Broken("the PDF has no page")
