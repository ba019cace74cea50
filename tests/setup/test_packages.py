"""What is built of the project: the whole program, and the engine alone."""

import subprocess
import sys
import tomllib
from pathlib import Path

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
