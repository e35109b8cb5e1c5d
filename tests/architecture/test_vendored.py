"""What others wrote lies here as released, with its license, and the table says so."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.architecture.supply_chain import vendored

STATIC = Path(__file__).parents[2] / "static"
VENDOR = STATIC / "vendor"


def table() -> dict[str, str]:
    """Return the sum of each vendored file by its path."""
    return {file: sha384 for files in vendored().values() for file, sha384 in files.items()}


def present() -> dict[str, str]:
    """Return the sum of each file that is there."""
    files = (path for path in VENDOR.rglob("*") if path.is_file() and path.name != "VENDORED.md")
    return {path.relative_to(VENDOR).as_posix(): hashlib.sha384(path.read_bytes()).hexdigest() for path in files}


def test_vendored_files_are_those_of_the_table() -> None:
    assert present() == table()


@pytest.mark.parametrize("folder", sorted(path.name for path in VENDOR.iterdir() if path.is_dir()))
def test_vendored_package_brings_its_license(folder: str) -> None:
    assert len(list((VENDOR / folder).glob("LICENSE*"))) == 1


def test_vendored_versions_are_in_the_folder_names() -> None:
    files = [(version, file) for (_, version), files in vendored().items() for file in files]
    assert [file for version, file in files if f"-{version}/" not in file] == []


def test_house_style_sheet_finds_what_it_imports() -> None:
    sheet = STATIC / "css" / "house.css"
    addresses = re.findall(r"url\(\"?([^\")]+)", sheet.read_text())
    assert [address for address in addresses if not (sheet.parent / address).is_file()] == []
    assert addresses == ["../vendor/uswds-3.14.0/css/uswds.min.css"]


@pytest.mark.parametrize("weight", ["400", "700"])
@pytest.mark.parametrize("style", ["normal", "italic"])
def test_fonts_that_pages_use_are_vendored(weight: str, style: str) -> None:
    sheet = VENDOR / "uswds-3.14.0" / "css" / "uswds.min.css"
    face = f'font-family:"Source Sans Pro Web";font-style:{style};font-weight:{weight};font-display:fallback;src:url('
    address = sheet.read_text().partition(face)[2].partition(")")[0]
    assert (sheet.parent / address).is_file()
