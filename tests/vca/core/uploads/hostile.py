"""Files that somebody hostile would send, each with the page it is sent to and the rule that refuses it."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from pypdf import PdfWriter

from tests.vca.core.uploads.samples import JPEG, PDF, PNG, packed_pdf, pdf, stream, zeros

PROOF, LIST = "proof", "list"
RECORD = {"lastName": "Inventor", "dob": "1970-01-01", "referralNumber": "VA0000000042"}
FLATE = b"/Filter/FlateDecode"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file. ``make`` is called late: some are large."""

    sent_to: str
    filename: str
    refused_by: str
    make: Callable[[], bytes]


def proof(refused_by: str, make: Callable[[], bytes], filename: str = "proof.pdf") -> Hostile:
    return Hostile(PROOF, filename, refused_by, make)


def listed(refused_by: str, make: Callable[[], bytes], filename: str = "list.json") -> Hostile:
    return Hostile(LIST, filename, refused_by, make)


def acting(action: bytes) -> Callable[[], bytes]:
    """A PDF that does this when it is opened."""
    return lambda: pdf({1: b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", 4: action})


def annotated(annotation: bytes) -> Callable[[], bytes]:
    """A PDF with this on its page."""
    return lambda: pdf({3: b"<</Type/Page/Parent 2 0 R/Annots[4 0 R]>>", 4: annotation})


def acting_by_name(name: bytes, keys: bytes = b"/F(x.exe)") -> Callable[[], bytes]:
    """A PDF with an action on its page whose kind, and address, are objects of their own: ISO 32000-1, 7.3.10."""
    link = b"<</Type/Annot/Subtype/Link/A<</S 5 0 R%s>>>>" % keys
    page = b"<</Type/Page/Parent 2 0 R/Annots[4 0 R]>>"
    return lambda: pdf({3: page, 4: link, 5: name, 6: b"(file:///etc/passwd)"})


def with_contents(content: bytes, keys: bytes = FLATE) -> bytes:
    return pdf({3: b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", 4: stream(content, keys)})


def locked() -> bytes:
    writer, file = PdfWriter(), io.BytesIO()
    writer.add_blank_page(612, 792)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def archive(megabytes: int = 1) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("../../etc/cron.d/x", bytes(megabytes * 2**20))
    return file.getvalue()


def loop() -> bytes:
    return pdf({2: b"<</Type/Pages/Count 1/Kids[4 0 R]>>", 4: b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]>>"})


def many_pages(count: int = 10_000) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(4, 4 + count))
    page = b"<</Type/Page/Parent 2 0 R>>"
    return pdf({2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids)} | dict.fromkeys(range(4, 4 + count), page))


def packed_objects() -> bytes:
    """A table of objects that is itself a bomb."""
    body = stream(zeros(300), FLATE + b"/Type/XRef/W[1 4 2]/Size 4/Root 1 0 R")
    content = PDF[: PDF.index(b"xref\n")]
    return content + b"9 0 obj\n" + body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(content)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def huge_picture(side: int = 60_000) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return PNG[:8] + header + chunk(b"IDAT", zeros(200)) + chunk(b"IEND", b"")


def records(**said: object) -> Callable[[], bytes]:
    return lambda: json.dumps([RECORD | said]).encode()


def written(text: str) -> Callable[[], bytes]:
    return lambda: text.encode()


INTERCHANGE = f"ISA*00*{' ' * 9}*00*{' ' * 10}*ZZ*X*ZZ*Y*260101*0000*^*00501*000000001*0*P*:~GS*HP~SE*9*1~"
LAUGHS = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "&x;&x;">]><a>&y;</a>'

FILES = {
    "bomb": proof("UPLOAD-04", lambda: with_contents(zeros(400))),
    "bomb in a bomb": proof(
        "UPLOAD-04", lambda: with_contents(zlib.compress(zeros(1024), 9), b"/Filter[/FlateDecode/FlateDecode]")
    ),
    "bomb for a table": proof("UPLOAD-02", packed_objects),
    "script at opening": proof("UPLOAD-03", acting(b"<</S/JavaScript/JS(app.alert\\(1\\))>>")),
    "script by its other name": proof("UPLOAD-03", acting(b"<</S/#4aava#53cript/#4a#53(x)>>")),
    "script by a name tree": proof(
        "UPLOAD-03",
        lambda: pdf({1: b"<</Type/Catalog/Pages 2 0 R/Names<</JavaScript<</Names[(x)4 0 R]>>>>>>", 4: b"<<>>"}),
    ),
    "script in a packed object": proof(
        "UPLOAD-03",
        lambda: packed_pdf({1: b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", 4: b"<</S/JavaScript/JS(x)>>"}),
    ),
    "page elsewhere at opening": proof("UPLOAD-03", acting(b"<</S/URI/URI(https://example.org)>>")),
    "actions of a page": proof(
        "UPLOAD-03", lambda: pdf({3: b"<</Type/Page/Parent 2 0 R/AA<</O<</S/Named/N/Print>>>>>>"})
    ),
    "program": proof("UPLOAD-03", annotated(b"<</Type/Annot/Subtype/Link/A<</S/Launch/F(cmd.exe)>>>>")),
    "program by a name elsewhere": proof("UPLOAD-03", acting_by_name(b"/Launch")),
    "script by a name elsewhere": proof("UPLOAD-03", acting_by_name(b"/JavaScript")),
    "form that sends by a name elsewhere": proof("UPLOAD-03", acting_by_name(b"/SubmitForm")),
    "link to a file elsewhere": proof("UPLOAD-03", acting_by_name(b"/URI", b"/URI 6 0 R")),
    "film by a name elsewhere": proof(
        "UPLOAD-03",
        lambda: pdf({3: b"<</Type/Page/Parent 2 0 R/Annots[4 0 R]>>", 4: b"<</Subtype 5 0 R>>", 5: b"/RichMedia"}),
    ),
    "form that sends": proof("UPLOAD-03", annotated(b"<</Type/Annot/A<</S/SubmitForm/F(https://example.org)>>>>")),
    "link to a file": proof("UPLOAD-03", annotated(b"<</Type/Annot/A<</S/URI/URI(file:///etc/passwd)>>>>")),
    "link that is a script": proof("UPLOAD-03", annotated(b"<</Type/Annot/A<</S/URI/URI(javascript:x)>>>>")),
    "file inside": proof(
        "UPLOAD-03", lambda: pdf({4: b"<</Type/Filespec/F(x.exe)/EF<</F 5 0 R>>>>", 5: stream(b"MZ")})
    ),
    "film": proof("UPLOAD-03", annotated(b"<</Type/Annot/Subtype/RichMedia>>")),
    "form that is a program": proof(
        "UPLOAD-03",
        lambda: pdf({1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</XFA 4 0 R>>>>", 4: stream(b"<xdp/>")}),
    ),
    "part in another file": proof("UPLOAD-03", lambda: with_contents(b"", b"/F(/etc/passwd)")),
    "locked": proof("UPLOAD-02", locked),
    "cut off": proof("UPLOAD-02", lambda: PDF[:-60]),
    "table elsewhere": proof("UPLOAD-02", lambda: PDF.replace(b"startxref\n", b"startxref\n9")),
    "pages in a circle": proof("UPLOAD-02", loop),
    "no page": proof("UPLOAD-02", lambda: pdf({2: b"<</Type/Pages/Count 0/Kids[]>>"})),
    "10,000 pages": proof("UPLOAD-04", many_pages),
    "archive as well": proof("UPLOAD-01", lambda: PDF + archive()),
    "web page as well": proof("UPLOAD-01", lambda: PDF.replace(b"\n", b"\n%<Script>fetch('/')</script>\n", 1)),
    "program by its name": proof("UPLOAD-01", lambda: PDF, "proof.pdf.exe"),
    "picture of 10 GB": proof("UPLOAD-04", huge_picture, "shot.png"),
    "picture with a tail": proof("UPLOAD-02", lambda: PNG + b"and more", "shot.png"),
    "picture cut off": proof("UPLOAD-02", lambda: JPEG[: len(JPEG) // 2], "shot.jpg"),
    "zip bomb": proof("SUBMIT-03", lambda: archive(50), "proof.pdf"),
    "entities": proof("SUBMIT-03", written(LAUGHS), "shot.png"),
    "nested 10,000 deep": listed("UPLOAD-04", lambda: b"[" * 10_000 + b"]" * 10_000),
    "three million values": listed("UPLOAD-04", lambda: b"[" + b"[]," * 3_000_000 + b"1]"),
    "number beyond any": listed(
        "FILE-01", written('[{"referralNumber": 1e400, "lastName": "X", "dob": "1970-01-01"}]')
    ),
    "number of a million digits": listed("FILE-01", written(f'[{{"referralNumber": {"9" * 10**6}}}]')),
    "constant that is none": listed("FILE-01", written('[{"referralNumber": NaN}]')),
    "one key, two numbers": listed(
        "FILE-01", written('[{"ReferralNo": "VA0000000042", "ReferralNo": "VA0000000043"}]')
    ),
    "half of UTF-16": listed("FILE-01", lambda: '[{"a": "ü"}]'.encode("utf-16")[:-1]),
    "mark of UTF-8, then nothing": listed("FILE-01", lambda: b"\xef\xbb\xbf"),
    "formulas": listed("FILE-01", written("=cmd|'/C calc'!A0,\"@SUM(1)\"\n"), "list.txt"),
    "interchange of another length": listed("FILE-01", written(INTERCHANGE), "list.txt"),
    "entities for a list": listed("FILE-01", written(LAUGHS)),
    "archive for a list": listed("UPLOAD-01", lambda: archive(50)),
    "a place for a name": listed("UPLOAD-01", records(), "../../../../etc/passwd.d"),
}
