"""The bill of materials is that of the lock file, and nothing in it is on the list of what is not to be used."""

import json
import re

import pytest

from tests.architecture import supply_chain
from tests.architecture.supply_chain import BILL, LOCK, Package, advisories, at_work, known_against, locked
from tests.architecture.test_repository import requirements

PACKAGES = locked(LOCK.read_text())


def test_bill_of_materials_is_that_of_the_lock_file() -> None:
    """After a change of the lock file: ``python -m tests.architecture.supply_chain``."""
    assert BILL.read_text() == supply_chain.written()


def test_every_requirement_is_in_the_bill_once() -> None:
    named = [one["name"] for one in json.loads(BILL.read_text())["components"] if one["purl"].startswith("pkg:pypi/")]
    assert sorted(named) == sorted(requirements())


def test_every_package_is_wanted_by_somebody_in_the_bill() -> None:
    known = {"vca (pyproject.toml)", "vca (pyproject.toml:dev)", *(one.name for one in PACKAGES)}
    assert [one.name for one in PACKAGES if not one.wanted_by or not set(one.wanted_by) <= known] == []


@pytest.mark.parametrize(
    ("name", "runs"), [("django", True), ("sqlparse", True), ("pypdf", True), ("pytest", False), ("requests", False)]
)
def test_what_the_product_runs_with_is_told_from_what_tests_it(name: str, runs: bool) -> None:
    assert (name in at_work(PACKAGES)) is runs


def test_nothing_is_known_against_what_is_locked() -> None:
    assert known_against(PACKAGES) == []


@pytest.mark.parametrize(
    ("name", "version", "ids"),
    [
        ("django", "5.2.7", ["CVE-2025-64459"]),
        ("django", "5.2.8", []),
        ("weasyprint", "67.0", ["CVE-2025-68616"]),
        ("pillow", "11.2.1", ["CVE-2025-48379"]),
    ],
)
def test_a_release_on_the_list_is_found(name: str, version: str, ids: list[str]) -> None:
    said = known_against((Package(name, version, ()),))
    assert [re.findall(r"CVE-\d{4}-\d+", one)[0] for one in said] == ids


def test_every_advisory_can_be_read_and_speaks_of_a_package_that_is_locked() -> None:
    """One that speaks of nothing would be passed over in silence."""
    names = {one.name for one in PACKAGES}
    listed = advisories()
    assert [one for one in listed if one.package not in names or not one.affected] == []
    assert [one for one in listed if not re.fullmatch(r"CVE-\d{4}-\d{4,}", one.id) or one.id not in one.source] == []
