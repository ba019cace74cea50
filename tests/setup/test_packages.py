"""What is built of the project, the lists of packages, and the soak that tries it."""

import re
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from soak import faults_child, monkey, results
from soak.events import Event, read_log
from soak.places import ROOT
from soak.settings import Settings
from tests.processes import python

WINDOW_ONLY = {"fonttools", "pyqtgraph", "PySide6-Essentials"}
OUT_OF_REACH = ["ui", "PySide6", "shiboken6", "pyqtgraph", "fontTools"]


def dependencies(folder: str) -> set[str]:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["dependencies"])


def test_the_engine_needs_what_the_program_needs_but_for_the_window():
    whole, engine = dependencies("."), dependencies("packaging/engine")
    assert engine < whole
    assert {each.partition(">")[0] for each in whole - engine} == WINDOW_ONLY


def test_the_engine_computes_where_nothing_of_the_window_is(tmp_path):
    """Every module of `cnnviz` but those that start the window, with the window's packages out of reach."""
    program = (
        "import pkgutil, sys\n"
        f"sys.modules.update(dict.fromkeys({OUT_OF_REACH}))\n"
        "import cnnviz\n"
        "names = [each.name for each in pkgutil.walk_packages(cnnviz.__path__, 'cnnviz.')]\n"
        "for name in names:\n"
        "    if name != 'cnnviz.__main__':\n"
        "        __import__(name)\n"
        "print(len(names))\n"
    )
    ended = python("-c", program)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 50


def test_the_desktop_is_told_the_same_kinds_of_files_everywhere():
    linux = ROOT / "packaging" / "linux"
    described = ElementTree.parse(linux / "cnnviz-mime.xml").iter(
        "{http://www.freedesktop.org/standards/shared-mime-info}mime-type"
    )
    kinds = {each.attrib["type"] for each in described}
    desktop = (linux / "cnnviz.desktop").read_text(encoding="utf-8")
    found = re.search(r"^MimeType=(.*);$", desktop, re.MULTILINE)
    assert found
    assert set(found[1].split(";")) == kinds
    offered = ElementTree.parse(linux / "cnnviz.metainfo.xml").iter("mediatype")
    assert {each.text for each in offered} == kinds


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
def test_locked_packages_have_one_version_and_hashes_and_name_no_registry_and_no_folder(name):
    for requirement, hashes in read_lock(name).values():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement
    text = (FOLDER / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index-url|--find-links)\b", text, re.MULTILINE)
    assert not re.search(r"(^|[\s@])(/|[A-Za-z]:\\)", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [*(("pyproject.toml", lock) for lock in LOCKS), ("dev.in", "dev.txt"), ("packaging.in", "packaging.txt")],
)
def test_locks_fulfil_what_is_wanted(wanted, lock):
    locked = read_lock(lock)
    for requirement in read_wanted(wanted):
        pinned, _ = locked[canonicalize_name(requirement.name)]
        version = str(pinned.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: run make lock"


@pytest.mark.parametrize("name", LOCKS[1:])
def test_all_lists_hold_the_packages_of_runtime_at_the_same_versions(name):
    locked = read_lock(name)
    for each, (requirement, hashes) in read_lock("runtime.txt").items():
        assert (str(locked[each][0]), set(locked[each][1])) == (str(requirement), set(hashes))


# -- the soak ------------------------------------------------------------------------------------------------


pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trials are for Linux")


@pytest.mark.slow
def test_a_log_plays_the_same_events_again_and_an_exception_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    log = tmp_path / "log.jsonl"
    events = [
        Event("key", key=ord("3"), modifiers=0x04000000),
        Event("click", at=(700, 400), target="a map"),
        Event("wheel", at=(700, 400), to=(0, -120)),
        Event("action", text="&New seed"),
        Event("drag", at=(300, 300), to=(340, 380)),
    ]
    log.write_text("\n".join(event.to_json() for event in events))
    settings = Settings(1.0, (5,), None, log, tmp_path, ("--inject", str(len(events))))
    settings.begin(60)
    result = monkey.run(settings)
    assert read_log(tmp_path / "monkey-5.jsonl") == events
    (found,) = (text for text in result.findings if "turn" not in text)
    assert "RuntimeError: injected by the trial" in found
    assert results.status([result]) == 1


def test_a_write_in_place_is_found_at_its_faults(tmp_path, monkeypatch):
    def write_in_place(path: Path, version: int) -> None:
        path.write_bytes(bytes([version]) * 1000)

    monkeypatch.setenv("SOAK_PLACE", str(tmp_path))
    trial = faults_child.Trial(faults_child.Kind("a.bin", write_in_place))
    assert trial.points(had_old=True) == trial.points(had_old=False) == 2  # open and write
    (found,) = trial.break_at(2, "crash", had_old=True)
    assert found.startswith("neither old nor new")
    (found,) = trial.break_at(1, "fault", had_old=False)
    assert found.startswith("no sentence but OSError")
