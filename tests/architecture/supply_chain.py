"""What the product is made of, and what is known against it; all of it from files of the repository, without a network.

    python -m tests.architecture.supply_chain

writes ``deploy/supply/sbom.cdx.json``: a bill of materials in CycloneDX 1.6, of the lock file and of the vendored
files. ``deploy/supply/advisories.json`` is a short list of releases that are not to be used, by hand.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
VENDORED = ROOT / "static" / "vendor" / "VENDORED.md"
BILL = ROOT / "deploy" / "supply" / "sbom.cdx.json"
ADVISORIES = ROOT / "deploy" / "supply" / "advisories.json"
# name==version, perhaps a marker, hashes, then who wants it
_ENTRY = re.compile(r"^(?P<name>[a-z0-9][\w.-]*)==(?P<version>\S+)(?P<rest>.*\n(?:[ ].*\n?)*)", re.MULTILINE)
_VIA = re.compile(r"^    #(?: via)? +(?!via$)(?P<by>[a-z0-9][\w.-]*(?: \([^)]*\))?)$", re.MULTILINE)
_ROW = re.compile(
    r"^\| (?P<name>[^|]+) \| (?P<version>[\d.]+) \| (?P<file>[^|]+) \| [^|]+ \| (?P<sha384>[0-9a-f]{96}) \|$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the lock file, and which others or which list of pyproject.toml want it."""

    name: str
    version: str
    wanted_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """Releases that are not to be used: ``affected`` are specifiers of versions, any of which counts."""

    package: str
    affected: tuple[str, ...]
    id: str
    source: str

    def speaks_of(self, package: Package) -> bool:
        """Is that one of them?"""
        known = any(SpecifierSet(one).contains(package.version, prereleases=True) for one in self.affected)
        return package.name == self.package and known


def locked(text: str) -> tuple[Package, ...]:
    """Return what a lock file pins."""
    return tuple(
        Package(found["name"], found["version"], tuple(_VIA.findall(found["rest"]))) for found in _ENTRY.finditer(text)
    )


def advisories() -> tuple[Advisory, ...]:
    """Return the list by hand."""
    listed = json.loads(ADVISORIES.read_text())["advisories"]
    return tuple(Advisory(one["package"], tuple(one["affected"]), one["id"], one["source"]) for one in listed)


def known_against(packages: tuple[Package, ...]) -> list[str]:
    """Return what the list says against these."""
    told = ((one, package) for one in advisories() for package in packages if one.speaks_of(package))
    return [f"{package.name} {package.version}: {one.id}, {one.source}" for one, package in told]


def at_work(packages: tuple[Package, ...]) -> set[str]:
    """Return the names of those that the product runs with; the others only test and check it."""
    found: set[str] = set()
    while more := {one.name for one in packages if {"vca (pyproject.toml)", *found} & set(one.wanted_by)} - found:
        found |= more
    return found


def vendored() -> Mapping[tuple[str, str], dict[str, str]]:
    """Return by name and version the files that lie here as released, with their sums."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in _ROW.finditer(VENDORED.read_text()):
        found.setdefault((row["name"], row["version"]), {})[row["file"]] = row["sha384"]
    return found


def bill() -> dict[str, Any]:
    """Return the bill of materials. It has neither a date nor a number of its own: the same lock is the same bill."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = locked(LOCK.read_text())
    whole = {"type": "application", "bom-ref": project["name"], "name": project["name"], "version": project["version"]}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": whole},
        "components": [*_libraries(packages), *_vendored()],
        "dependencies": list(_dependencies(packages, project["name"])),
    }


def _libraries(packages: tuple[Package, ...]) -> Iterator[dict[str, Any]]:
    required = at_work(packages)
    for one in packages:
        url = f"pkg:pypi/{one.name}@{one.version}"
        scope = "required" if one.name in required else "excluded"
        yield {"type": "library", "bom-ref": url, "name": one.name, "version": one.version, "scope": scope, "purl": url}


def _vendored() -> Iterator[dict[str, Any]]:
    for (name, version), files in vendored().items():
        url = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        parts = [
            {"type": "file", "name": file, "hashes": [{"alg": "SHA-384", "content": sha384}]}
            for file, sha384 in files.items()
        ]
        same = {"bom-ref": url, "name": name, "version": version, "scope": "required", "purl": url}
        yield {"type": "library", **same, "components": parts}


def _dependencies(packages: tuple[Package, ...], project: str) -> Iterator[dict[str, Any]]:
    urls = {one.name: f"pkg:pypi/{one.name}@{one.version}" for one in packages}
    direct = [urls[one.name] for one in packages if any(by.startswith(f"{project} (") for by in one.wanted_by)]
    yield {"ref": project, "dependsOn": direct}
    for name, url in urls.items():
        yield {"ref": url, "dependsOn": [urls[one.name] for one in packages if name in one.wanted_by]}


def written() -> str:
    """Return the bill of materials as it is kept."""
    return json.dumps(bill(), indent=1) + "\n"


if __name__ == "__main__":
    BILL.write_text(written())
