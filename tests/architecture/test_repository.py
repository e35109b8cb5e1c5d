"""The repository can be installed from any registry: it names none, and pins every requirement by hash."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pip._internal.models import index

ROOT = Path(__file__).parents[2]
APT = Path("/etc/apt")
UV = Path.home() / ".config/uv/uv.toml"
# name==version, then a marker or nothing, up to the line that does not end in a backslash
REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)==(?:.*\\\n)*.*$", re.MULTILINE)


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def hosts_in(text: str) -> set[str]:
    """Return the hosts of the web addresses in a text, but for those of this machine and its own network."""
    found = {host.lower() for host in re.findall(r"https?://(?:[^/@\s\"']*@)?([^/:\s\"',>)\]]+)", text)}
    return {host for host in found if "." in host and not host.startswith("127.")}


def configurations() -> Iterator[str]:
    """Yield what the clients on this machine know of registries."""
    built_in = (known for known in vars(index).values() if isinstance(known, index.PackageIndex))
    yield from (f"https://{known.netloc} https://{known.file_storage_domain}" for known in built_in)
    yield output(sys.executable, "-m", "pip", "config", "list")
    yield "\n".join(value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "npm_config_")))
    if shutil.which("npm"):
        yield output("npm", "config", "get", "registry")
    for path in (APT / "sources.list", *APT.glob("sources.list.d/*"), UV):
        if path.is_file():
            yield path.read_text()


def registry_hosts() -> set[str]:
    """Return the hosts of registries: taken from the clients at run time, so that no file names one."""
    return {host for text in configurations() for host in hosts_in(text)}


def files() -> list[Path]:
    """Return every file of the repository, and those that could become one."""
    listed = output("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def naming(hosts: Iterable[str], paths: Iterable[Path]) -> list[str]:
    """Return the files that name one of the hosts."""
    words = [host.encode() for host in hosts]
    return [str(path) for path in paths if any(word in path.read_bytes().lower() for word in words)]


def requirements() -> dict[str, str]:
    """Return the requirements of the lock file by name, each with all its lines."""
    text = (ROOT / "requirements.lock").read_text()
    return {match[1]: match[0] for match in REQUIREMENT.finditer(text)}


def plain(requirement: str) -> str:
    """Return the name of a requirement the way the lock file spells it."""
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_no_file_names_a_registry() -> None:
    assert naming(registry_hosts(), files()) == []


def test_a_file_that_names_a_registry_is_found(tmp_path: Path) -> None:
    hosts = registry_hosts()
    assert hosts
    for number, host in enumerate(sorted(hosts)):
        (tmp_path / f"{number}.lock").write_text(f"# from https://{host.upper()}/simple\n")
    assert len(naming(hosts, tmp_path.iterdir())) == len(hosts)


def test_the_lock_file_pins_every_requirement_by_hash_and_names_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert [name for name, lines in requirements().items() if "--hash=sha256:" not in lines] == []
    assert len(requirements()) == len(re.findall(r"^[^\s#-]", text, re.MULTILINE))


def test_the_lock_file_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {plain(line) for line in project["project"]["dependencies"] + project["dependency-groups"]["dev"]}
    assert asked - requirements().keys() == set()


def test_lock_files_with_addresses_are_not_there() -> None:
    assert [path.name for path in files() if path.name in ("uv.lock", "pylock.toml")] == []
