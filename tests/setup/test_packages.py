"""What is built of the project: the whole program, and the engine alone."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

from cnnviz._interpreter import NEWEST, OLDEST
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
WINDOW_ONLY = {"fonttools", "pyqtgraph", "PySide6-Essentials"}
OUT_OF_REACH = ["ui", "PySide6", "shiboken6", "pyqtgraph", "fontTools"]


def dependencies(folder: str) -> set[str]:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["dependencies"])


def test_the_engine_needs_what_the_program_needs_but_for_the_window() -> None:
    whole, engine = dependencies("."), dependencies("packaging/engine")
    assert engine < whole
    assert {each.partition(">")[0] for each in whole - engine} == WINDOW_ONLY


def test_the_engine_computes_where_nothing_of_the_window_is(tmp_path: Path) -> None:
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
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 50


def test_the_desktop_is_told_the_same_kinds_of_files_everywhere() -> None:
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


def test_the_recipe_tests_every_supported_python() -> None:
    recipe = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    found = re.search(r"python: \[(.*)\]", recipe)
    assert found
    versions = [tuple(map(int, each.strip(' "').split("."))) for each in found[1].split(",")]
    assert versions == [(3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1)]
