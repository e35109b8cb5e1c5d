"""The file that overprinting writes, read by readers that are not ours."""

import zlib
from dataclasses import replace
from io import BytesIO

import pypdf
import pytest

from vca.core.typesetting.overprint import Run, Stationery, overprint

PLAIN = Stationery(
    objects={
        2: b"<</Type/XObject/Subtype/Form/BBox[0 0 612 792]/Length 17>>stream\n0 0 m 9 9 l S    \nendstream",
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
    },
    form=2,
    font=5,
    font_size=12,
    spacing=0,
    size=(612, 792),
)
HELLO: list[Run] = [(24, 700, "HELLO"), (100.8, 700, "THERE")]


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(content), strict=True)


def drawn(reader: pypdf.PdfReader, page: int = 0) -> bytes:
    contents = reader.pages[page].get_contents()
    assert contents is not None
    return contents.get_data()


def test_page_draws_the_form_and_then_its_text() -> None:
    reader = read(overprint([HELLO], PLAIN, title="Forms"))
    assert drawn(reader) == (
        b"/Form Do\nBT/Text 12 Tf 0 Tc\n1 0 0 1 24 700 Tm(HELLO)Tj\n1 0 0 1 100.8 700 Tm(THERE)Tj\nET"
    )
    assert reader.pages[0].mediabox[2:] == [612, 792]
    assert reader.metadata is not None
    assert reader.metadata.title == "Forms"


def test_pre_printed_paper_gets_the_text_alone() -> None:
    assert drawn(read(overprint([HELLO], PLAIN, title="Forms", with_form=False))).startswith(b"BT/Text 12 Tf")


def test_pages_keep_their_order_and_share_one_form() -> None:
    content = overprint(([(24, 700, f"PAGE {n}")] for n in range(1, 13)), PLAIN, title="Forms")
    assert [page.extract_text() for page in read(content).pages] == [f"PAGE {n}" for n in range(1, 13)]
    assert content.count(b"/Subtype/Form") == 1


def test_no_pages_are_a_file_too() -> None:
    assert len(read(overprint([], PLAIN, title="Forms")).pages) == 0


@pytest.mark.parametrize("text", ["A (B) C", "A\\B", ")(", "ET /F Do", "a\\"])
def test_text_cannot_leave_its_string(text: str) -> None:
    reader = read(overprint([[(24, 700, text)], HELLO], PLAIN, title=text))
    assert [page.extract_text() for page in reader.pages] == [text, "HELLO THERE"]
    assert reader.metadata is not None
    assert reader.metadata.title == text


def test_text_that_the_font_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        overprint([[(24, 700, "Peña")]], PLAIN, title="Forms")


def test_same_pages_are_the_same_bytes_and_others_are_not() -> None:
    once, again = (overprint([HELLO], PLAIN, title="Forms") for _ in range(2))
    other = overprint([[(24, 700, "HELLO")]], PLAIN, title="Forms")
    assert once == again
    assert read(once).trailer["/ID"] != read(other).trailer["/ID"]


def test_every_entry_of_the_table_points_at_its_object() -> None:
    content = overprint([HELLO] * 3, replace(PLAIN, objects=PLAIN.objects | {9: b"null"}), title="Forms")
    start = int(content.rpartition(b"startxref\n")[2].split()[0])
    lines = content[start:].split(b"\n")
    entries = lines[2 : 2 + int(lines[1].split()[1])]
    assert {len(entry) for entry in entries} == {19}
    for number, entry in enumerate(entries):
        place, kind = int(entry[:10]), entry[17:18]
        assert kind == b"f" or content[place:].startswith(b"%d 0 obj\n" % number)
    assert sum(entry[17:18] == b"n" for entry in entries) == 3 + 3 + 2 * 3


def test_text_is_packed() -> None:
    content = overprint([[(24, y, "X" * 80) for y in range(100)]], PLAIN, title="Forms")
    assert b"XXXX" not in content
    assert len(content) < len(zlib.compress(b"X")) + 3_000
