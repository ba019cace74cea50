"""The lists of packages: complete, hashed, and free of addresses and paths of whoever wrote them."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "requirements"
LOCKS = ["runtime.txt", "dev.txt", "packaging.txt"]


def read_lock(name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Return the requirements of a lock file, by name, each with its hashes."""
    text = (FOLDER / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    locked: dict[str, tuple[Requirement, list[str]]] = {}
    for line in lines:
        spec, *hashes = re.split(r"\s+--hash=", line.strip())
        requirement = Requirement(spec)
        locked[canonicalize_name(requirement.name)] = (requirement, hashes)
    return locked


def read_wanted(name: str) -> list[Requirement]:
    """Return the requirements of a hand-written list, or of the program's own."""
    if name == "pyproject.toml":
        project = tomllib.loads((ROOT / name).read_text(encoding="utf-8"))["project"]
        return [Requirement(each) for each in project["dependencies"]]
    lines = (line.partition("#")[0].strip() for line in (FOLDER / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_sha256_hashes(name: str) -> None:
    for requirement, hashes in read_lock(name).values():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_registry_and_no_folder(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index-url|--find-links)\b", text, re.MULTILINE)
    assert not re.search(r"(^|[\s@])(/|[A-Za-z]:\\)", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [*(("pyproject.toml", lock) for lock in LOCKS), ("dev.in", "dev.txt"), ("packaging.in", "packaging.txt")],
)
def test_locks_fulfil_what_is_wanted(wanted: str, lock: str) -> None:
    locked = read_lock(lock)
    for requirement in read_wanted(wanted):
        pinned, _ = locked[canonicalize_name(requirement.name)]
        version = str(pinned.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: run make lock"


@pytest.mark.parametrize("name", LOCKS[1:])
def test_all_lists_hold_the_packages_of_runtime_at_the_same_versions(name: str) -> None:
    dev = read_lock(name)
    for name, (requirement, hashes) in read_lock("runtime.txt").items():
        assert (str(dev[name][0]), set(dev[name][1])) == (str(requirement), set(hashes))
